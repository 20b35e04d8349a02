"""``account``: who redeems coupons."""

from typing import Annotated

import typer

from service.cli.calls import calling
from service.cli.options import CurrencyOption, CustomerOption, DatabaseOption, JsonOption
from service.cli.output import show, show_list
from service.operations.parties import add_account, list_accounts

app = typer.Typer(help="Accounts: who redeems coupons.", no_args_is_help=True)


@app.command()
def add(
    customer: CustomerOption,
    number: Annotated[
        str, typer.Option("--number", metavar="NUMBER", help="Eight capital letters or digits.")
    ],
    currency: CurrencyOption,
    email: Annotated[
        str | None, typer.Option("--email", metavar="EMAIL", help="Where its mail goes.")
    ] = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add an account that bills to a customer.

    JSON: account_id.
    """
    with calling(database, as_json=as_json) as call:
        account_id = add_account(call, customer, number, currency, email)
    show({"account_id": account_id}, as_json=as_json)


@app.command("list")
def list_(
    customer: CustomerOption, database: DatabaseOption = None, as_json: JsonOption = False
) -> None:
    """List the accounts that bill to a customer.

    JSON: accounts, each with account_id, customer_id, number, currency_code, email.
    """
    with calling(database, as_json=as_json) as call:
        accounts = list_accounts(call, customer)
    columns = ("account_id", "customer_id", "number", "currency_code", "email")
    show_list("accounts", accounts, columns, as_json=as_json)
