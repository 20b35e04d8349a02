"""``subscription``: what accounts buy again and again."""

from typing import Annotated

import typer

from service.cli.calls import calling
from service.cli.options import AccountOption, DatabaseOption, JsonOption
from service.cli.output import show, show_list
from service.operations.subscriptions import (
    add_subscription,
    end_subscription,
    list_subscriptions,
)

app = typer.Typer(help="Subscriptions: what accounts buy again and again.", no_args_is_help=True)


@app.command()
def add(
    account: AccountOption,
    reference: Annotated[
        str,
        typer.Option("--reference", metavar="TEXT", help="What your own programs call it; unique."),
    ],
    product: Annotated[str, typer.Option("--product", metavar="TEXT", help="What is bought.")],
    rate_plan: Annotated[
        str,
        typer.Option("--rate-plan", metavar="TEXT", help="At which of the product's prices."),
    ],
    currency: Annotated[
        str | None,
        typer.Option(
            "--currency", metavar="CODE", help="ISO 4217, such as USD; without it, the account's."
        ),
    ] = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a subscription of an account.

    JSON: subscription_id.
    """
    with calling(database, as_json=as_json) as call:
        subscription_id = add_subscription(
            call,
            account,
            reference,
            product_id=product,
            rate_plan_id=rate_plan,
            currency_code=currency,
        )
    show({"subscription_id": subscription_id}, as_json=as_json)


@app.command("list")
def list_(
    account: AccountOption, database: DatabaseOption = None, as_json: JsonOption = False
) -> None:
    """List the subscriptions of an account, the oldest first.

    JSON: subscriptions, each with subscription_id, account_id, reference, product_id,
    rate_plan_id, currency_code, created_at, ended_at.
    """
    with calling(database, as_json=as_json) as call:
        found = list_subscriptions(call, account)
    columns = (
        "subscription_id",
        "reference",
        "product_id",
        "rate_plan_id",
        "currency_code",
        "ended_at",
    )
    show_list("subscriptions", found, columns, as_json=as_json)


@app.command()
def end(
    reference: Annotated[str, typer.Argument(metavar="REFERENCE", help="Of the subscription.")],
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """End a subscription for good. One that has ended already is shown as it is.

    JSON: the subscription as `subscription list` has it.
    """
    with calling(database, as_json=as_json) as call:
        ended = end_subscription(call, reference)
    show(ended, as_json=as_json)
