"""What happens before every page: a known visitor, a customer in view."""

from contextlib import suppress
from http import HTTPStatus

from flask import (
    Flask,
    Response,
    current_app,
    flash,
    g,
    make_response,
    redirect,
    request,
    url_for,
)
from werkzeug.exceptions import BadRequest

from service.console import sessions
from service.console.visits import Visit, find_visit, this_tracking_id
from service.domain.refusals import ServiceError
from service.operations.parties import show_customer
from service.operations.sign_in import FrontDesk

PUBLIC_ENDPOINTS = frozenset({"static", "sign_in.sign_in"})
"""What is there for those who have not signed in."""
_CUSTOMER = "customer_id"
NUL = "\0"


def admit_visitors(app: Flask, desk: FrontDesk) -> None:
    """Let nobody see a page but who has signed in, and no customer but who may read it.

    Pages need not ask: they are not reached. What may be changed is up to the operations.
    """

    def admit() -> Response | None:
        if request.endpoint != "static":
            g.visit = _find_visit(desk)
        # That there is no page at an address may be told to anybody.
        is_public = request.endpoint is None or request.endpoint in PUBLIC_ENDPOINTS
        return None if is_public or g.visit is not None else _to_sign_in()

    app.before_request(_require_readable)
    app.before_request(admit)
    app.url_value_preprocessor(_take_customer)
    app.before_request(_bring_customer_into_view)
    app.url_defaults(_put_customer_into_link)


def _require_readable() -> None:
    """Refuse what no page could do anything with."""
    if not request.host:  # Werkzeug answers none for what is no host
        raise BadRequest("The Host header is not a host.")
    texts = [text for name, values in request.values.lists() for text in (name, *values)]
    if any(NUL in text for text in (request.path, *texts)):
        raise BadRequest("PostgreSQL has no text with NUL.")


def _find_visit(desk: FrontDesk) -> Visit | None:
    # Asked for first, as without it there are no sessions, and nobody would seem signed in.
    _ = desk.secrets
    session = sessions.read()
    if session is None:
        return None
    call = desk.admit(session, this_tracking_id())
    if call is None:
        sessions.forget()
        flash("Your session has ended. Sign in again.")
        return None
    sessions.keep(session, call.now)
    return Visit(session, call)


def _to_sign_in() -> Response:
    came_for = request.full_path.rstrip("?") if request.method == "GET" else None
    url = url_for("sign_in.sign_in", next=came_for)
    if request.headers.get("HX-Request"):
        # A part of a page cannot become the page to sign in: the whole page goes there.
        return Response(status=204, headers={"HX-Redirect": url_for("sign_in.sign_in")})
    return make_response(redirect(url, HTTPStatus.SEE_OTHER))


def _take_customer(_endpoint: str | None, values: dict[str, int] | None) -> None:
    if values is not None and _CUSTOMER in values:
        g.customer_id = values.pop(_CUSTOMER)


def _bring_customer_into_view() -> None:
    """The customer of the address; on other pages the one looked at before, if there is any."""
    visit = find_visit()
    if visit is None:
        return
    if _CUSTOMER in g:
        visit.customer = show_customer(visit.call, g.customer_id)
        sessions.keep_customer(visit.customer.customer_id)
        return
    last_id = sessions.last_customer_id()
    if last_id is not None and visit.call.caller.may_read(last_id):
        with suppress(ServiceError):
            visit.customer = show_customer(visit.call, last_id)


def _put_customer_into_link(endpoint: str, values: dict[str, object]) -> None:
    """A link from a page about a customer leads to a page about the same one."""
    visit = find_visit()
    if visit is None or visit.customer is None or _CUSTOMER in values:
        return
    if current_app.url_map.is_endpoint_expecting(endpoint, _CUSTOMER):
        values[_CUSTOMER] = visit.customer.customer_id
