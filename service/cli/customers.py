"""``customer``: who owns coupon classes."""

import typer

from service.cli.calls import calling
from service.cli.options import DatabaseOption, JsonOption, NameOption
from service.cli.output import show, show_list
from service.operations.parties import add_customer, list_customers

app = typer.Typer(help="Customers: who owns coupon classes.", no_args_is_help=True)


@app.command()
def add(name: NameOption, database: DatabaseOption = None, as_json: JsonOption = False) -> None:
    """Add a customer.

    JSON: customer_id.
    """
    with calling(database, as_json=as_json) as call:
        customer_id = add_customer(call, name)
    show({"customer_id": customer_id}, as_json=as_json)


@app.command("list")
def list_(database: DatabaseOption = None, as_json: JsonOption = False) -> None:
    """List every customer.

    JSON: customers, each with customer_id, name, created_at.
    """
    with calling(database, as_json=as_json) as call:
        customers = list_customers(call)
    columns = ("customer_id", "name", "created_at")
    show_list("customers", customers, columns, as_json=as_json)
