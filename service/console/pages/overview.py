"""The overview of a customer's programme."""

from typing import NamedTuple

from flask import Response, url_for

from service.console.rendering import page
from service.console.routing import customer_pages
from service.console.visits import this_call, this_customer
from service.console.work import work_facts
from service.domain.figures import ProgrammeFigures
from service.operations.programme_figures import programme_figures

blueprint = customer_pages("overview", __name__)


class Step(NamedTuple):
    """One of the steps with which a programme begins, as the macro ``steps`` shows it."""

    title: str
    advice: str
    is_done: bool
    url: str | None
    action: str


@blueprint.get("")
def index() -> Response:
    """What became of the customer's coupons, what is at work, and what to do next."""
    programme = programme_figures(this_call(), this_customer().customer_id)
    return page(
        "overview/index.html",
        programme=programme,
        steps=_steps(programme),
        work=work_facts(programme),
    )


def _steps(programme: ProgrammeFigures) -> list[Step]:
    """The first steps, until a coupon is with somebody."""
    funnel = programme.figures.funnel
    if programme.figures.as_of is None or funnel.dispatched or funnel.claimed or funnel.redeemed:
        return []
    may_write = this_call().caller.may_write(this_customer().customer_id)
    steps = (
        (
            "Make a coupon class",
            "It says what its coupons are worth, to whom, and when.",
            programme.classes_count > 0,
            "classes.add",
        ),
        (
            "Mint coupons",
            "Each gets a code of its own, by which it is redeemed.",
            funnel.minted > 0,
            "minting.new",
        ),
        (
            "Dispatch them",
            "Mail codes to those who are to redeem them, or download the codes.",
            False,
            "coupons.dispatch",
        ),
    )
    return [
        Step(title, advice, is_done, url_for(endpoint) if may_write else None, title)
        for title, advice, is_done, endpoint in steps
    ]
