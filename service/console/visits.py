"""Who is looking, and at which customer: what every page knows of its request."""

from dataclasses import dataclass
from typing import cast

from flask import g

from service.domain.programmes import Customer
from service.domain.tracking import new_tracking_id
from service.operations.calls import Call
from service.operations.sign_in import Session


@dataclass(slots=True)
class Visit:
    """A request of somebody who has signed in.

    Attributes:
        session: By which they are known.
        call: What operations are given: the caller with its rights, the instant, the
            TrackingId.
        customer: Whose programme is in view: the customer that the address names, else the
            one that was looked at last, or None.
    """

    session: Session
    call: Call
    customer: Customer | None = None


def find_visit() -> Visit | None:
    """The visit; None on pages for those who have not signed in."""
    return cast("Visit | None", g.get("visit"))


def this_call() -> Call:
    """The call that this request's operations are given.

    Raises:
        RuntimeError: Nobody has signed in; pages for such visitors make no calls.
    """
    return _require_visit().call


def this_customer() -> Customer:
    """The customer that the address names, and whom the caller may read.

    Raises:
        RuntimeError: The page is not one of ``customer_pages``.
    """
    customer = _require_visit().customer
    if customer is None or "customer_id" not in g:
        raise RuntimeError("only customer_pages have a customer in view")
    return customer


def this_tracking_id() -> str:
    """Under which log, audit and error pages name this request."""
    if "tracking_id" not in g:
        g.tracking_id = new_tracking_id()
    return str(g.tracking_id)


def _require_visit() -> Visit:
    visit = find_visit()
    if visit is None:
        raise RuntimeError("nobody has signed in")
    return visit
