"""``check``."""

import typer

from service.cli.calls import calling
from service.cli.options import DatabaseOption, JsonOption
from service.cli.output import print_json, show_list
from service.cli.progress import progress_bar
from service.operations.check_database import check_database
from service.storage.consistency import Findings

_DIFFERENCE_COLUMNS = (
    "coupon_id",
    "spend_to_threshold",
    "spend_to_threshold_in_ledger",
    "balance",
    "balance_in_ledger",
)


def check(database: DatabaseOption = None, as_json: JsonOption = False) -> None:
    """Prove that the database is as the service left it. Exit code 1 if not.

    Every row is checked against each rule that the database cannot hold by itself: that
    every balance is what the ledger of spend makes it, that what was handed out by mail
    is in the outbox, that what was done is in the audit log, and the others. One state of
    the database is checked, while the service goes on.

    JSON: rules_checked; differences, each with coupon_id, spend_to_threshold and balance,
    and both as the ledger has them; breaches, each with rule, entity and entity_id;
    unlisted, which tells of a rule with more than 100 rows that break it how many are not
    listed, each with rule and count.
    """
    with calling(database, as_json=as_json) as call, progress_bar(is_wanted=not as_json) as watch:
        findings = check_database(call, watch)
    if as_json:
        print_json(findings)
    else:
        _show(findings)
    raise typer.Exit(0 if findings.is_clean else 1)


def _show(findings: Findings) -> None:
    if findings.is_clean:
        typer.echo(f"All {findings.rules_checked} rules hold.")
    if findings.differences:
        show_list("differences", findings.differences, _DIFFERENCE_COLUMNS, as_json=False)
    if findings.breaches:
        show_list("breaches", findings.breaches, ("rule", "entity", "entity_id"), as_json=False)
    for unlisted in findings.unlisted:
        typer.echo(f"{unlisted.count:,} more: {unlisted.rule}")
