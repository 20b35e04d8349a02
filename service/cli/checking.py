"""``check``."""

import typer

from service.cli.calls import calling
from service.cli.options import DatabaseOption, JsonOption
from service.cli.output import print_json, show_list
from service.operations.check_ledger import check_ledger, check_rules

_COLUMNS = (
    "coupon_id",
    "spend_to_threshold",
    "spend_to_threshold_in_ledger",
    "balance",
    "balance_in_ledger",
)


def check(database: DatabaseOption = None, as_json: JsonOption = False) -> None:
    """Prove that every balance is what the ledger of spend makes it. Exit code 1 if not.

    Rules that the database cannot hold by itself are checked as well. JSON:
    differences, each with coupon_id, spend_to_threshold and balance, and both as the
    ledger has them; breaches, each with rule, entity and entity_id.
    """
    with calling(database, as_json=as_json) as call:
        differences, breaches = check_ledger(call), check_rules(call)
    if as_json:
        print_json({"differences": differences, "breaches": breaches})
    elif not differences and not breaches:
        typer.echo("The ledger bears out every balance.")
    else:
        show_list("differences", differences, _COLUMNS, as_json=False)
        show_list("breaches", breaches, ("rule", "entity", "entity_id"), as_json=False)
    raise typer.Exit(1 if differences or breaches else 0)
