"""``spend``: what accounts spent, reported and taken back."""

from typing import Annotated

import typer

from service.cli.calls import calling
from service.cli.options import (
    AccountOption,
    DatabaseOption,
    JsonOption,
    SpentAmountOption,
    SpentOption,
)
from service.cli.output import show
from service.operations.record_spend import record_spend, reverse_spend

app = typer.Typer(help="What accounts spent, reported and taken back.", no_args_is_help=True)

ReferenceOption = Annotated[
    str,
    typer.Option(
        "--reference", metavar="TEXT", help="Names the spend, once in the bill-to customer."
    ),
]


@app.command()
def record(
    account: AccountOption,
    amount: SpentAmountOption,
    reference: ReferenceOption,
    date: SpentOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Report a spend: the account's coupons count it and draw on it.

    The same again answers the first result. JSON: spend_id, account_id, reference,
    amount, spent_at, recorded_at, reversed_at, and lines, each with coupon_id,
    coupon_code, towards_threshold, drawn.
    """
    with calling(database, as_json=as_json) as call:
        spend = record_spend(call, account, amount, reference, date)
    show(spend, as_json=as_json)


@app.command()
def reverse(
    account: AccountOption,
    reference: ReferenceOption,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a spend back: what coupons counted and gave for it is restored, once.

    JSON: the spend as `spend record` has it.
    """
    with calling(database, as_json=as_json) as call:
        spend = reverse_spend(call, account, reference)
    show(spend, as_json=as_json)
