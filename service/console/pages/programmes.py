"""How the coupon programmes of all customers go, together."""

from flask import Response

from service.console.rendering import page
from service.console.routing import operator_pages
from service.console.visits import this_call
from service.console.work import work_facts
from service.operations.programme_figures import programme_figures

blueprint = operator_pages("programmes", __name__)


@blueprint.get("")
def index() -> Response:
    """What became of everybody's coupons, and what is at work."""
    programme = programme_figures(this_call(), customer_id=None)
    return page("programmes/index.html", programme=programme, work=work_facts(programme))
