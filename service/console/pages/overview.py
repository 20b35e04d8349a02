"""The overview of a customer's programme."""

from flask import Response

from service.console.rendering import page
from service.console.routing import customer_pages

blueprint = customer_pages("overview", __name__)


@blueprint.get("")
def index() -> Response:
    """What became of the customer's coupons."""
    return page("overview/index.html")
