"""``check``."""

import typer

from service.cli.calls import calling
from service.cli.options import DatabaseOption, JsonOption
from service.cli.output import show_list
from service.operations.check_ledger import check_ledger


def check(database: DatabaseOption = None, as_json: JsonOption = False) -> None:
    """Prove that every balance is what the ledger of spend makes it. Exit code 1 if not.

    JSON: differences, each with coupon_id, spend_to_threshold and balance, and both
    as the ledger has them.
    """
    with calling(database, as_json=as_json) as call:
        differences = check_ledger(call)
    if differences or as_json:
        columns = (
            "coupon_id",
            "spend_to_threshold",
            "spend_to_threshold_in_ledger",
            "balance",
            "balance_in_ledger",
        )
        show_list("differences", differences, columns, as_json=as_json)
    else:
        typer.echo("The ledger bears out every balance.")
    raise typer.Exit(1 if differences else 0)
