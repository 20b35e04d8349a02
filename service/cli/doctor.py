"""``doctor``."""

from collections import Counter
from collections.abc import Iterator

import typer
from pydantic import ValidationError

from service.cli.checkup.check import Finding, Installation, State, examine
from service.cli.checkup.table import CHECKS, SETTINGS_CHECK
from service.cli.options import DatabaseOption, JsonOption
from service.cli.output import print_json, show_list
from service.operations.calls import utc_now
from service.settings import ENVIRONMENT_PREFIX, Settings, unknown_variables
from service.storage.engine import Database, DatabaseLimits

DATABASE_LIMITS = DatabaseLimits(lock_timeout_s=5, statement_timeout_s=10, connections_max=2)
"""A database that makes a check wait longer is told of, and not waited for."""
_SETTINGS_REMEDY = "See `coupon-billing config` and docs/settings.md."


def doctor(database: DatabaseOption = None, as_json: JsonOption = False) -> None:
    """Look at this installation, and say what is wrong with it and what to do.

    Run it as the user of the service, with its environment. Nothing is changed, no mail
    is sent, and the service may go on. Exit code 1 if something is wrong; warnings leave
    it 0.

    JSON: is_healthy; findings, each with check, state (ok, warning, wrong, not done), what
    and remedy.
    """
    findings = list(_findings(database))
    is_healthy = all(it.state is not State.WRONG for it in findings)
    if as_json:
        print_json({"is_healthy": is_healthy, "findings": findings})
    else:
        _show(findings)
    raise typer.Exit(0 if is_healthy else 1)


def _show(findings: list[Finding]) -> None:
    """Show what is wrong, and how many checks ended in which way."""
    troubles = [it for it in findings if it.state is not State.OK]
    if troubles:
        show_list("findings", troubles, ("check", "state", "what", "remedy"), as_json=False)
    counts = Counter(it.state for it in findings)
    typer.echo(", ".join(f"{counts[state]} {state.value}" for state in State))


def _findings(database_url: str | None) -> Iterator[Finding]:
    given = {} if database_url is None else {"database": database_url}
    try:
        settings = Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        yield from _unreadable(error)
        return
    unknown = unknown_variables()
    for name in unknown:
        what = f"{name} is no setting, and is ignored"
        yield Finding(SETTINGS_CHECK, State.WARNING, what, _SETTINGS_REMEDY)
    if not unknown:
        yield Finding(SETTINGS_CHECK, State.OK)
    database = Database(settings.database, DATABASE_LIMITS)
    try:
        yield from examine(Installation(settings, database, utc_now()), CHECKS)
    finally:
        database.close()


def _unreadable(error: ValidationError) -> Iterator[Finding]:
    """What is wrong with the settings; nothing else can be looked at."""
    for wrong in error.errors(include_input=False):
        names = [f"{ENVIRONMENT_PREFIX}{name}".upper() for name in wrong["loc"][:1]]
        what = ": ".join([*names, wrong["msg"].removeprefix("Value error, ")])
        yield Finding(SETTINGS_CHECK, State.WRONG, what, _SETTINGS_REMEDY)
    for check in CHECKS:
        yield Finding(check.name, State.NOT_DONE, "the settings cannot be read")
