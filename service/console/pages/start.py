"""Where the console begins: the customers that one may look at."""

from flask import Blueprint, Response

from service.console import sessions
from service.console.rendering import page, see_other
from service.console.routing import number_argument
from service.console.visits import this_call
from service.operations.parties import CUSTOMERS_PAGE_MAX, visible_customers

blueprint = Blueprint("start", __name__)


@blueprint.get("/")
def index() -> Response:
    """The overview of the customer looked at last, or of the only one; else all of them."""
    customer_id = sessions.last_customer_id() or _only_customer_id()
    if customer_id is not None and this_call().caller.may_read(customer_id):
        return see_other("overview.index", customer_id=customer_id)
    return see_other("start.customers")


def _only_customer_id() -> int | None:
    found = visible_customers(this_call())
    return found[0].customer_id if len(found) == 1 else None


@blueprint.get("/customers")
def customers() -> Response:
    """Each customer that the visitor may read."""
    found = visible_customers(this_call(), after=number_argument("after") or 0)
    is_full = len(found) == CUSTOMERS_PAGE_MAX
    return page(
        "customers.html", customers=found, next_after=found[-1].customer_id if is_full else None
    )
