"""How commands reach the operations, and how refusals reach whoever typed the command."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from alembic.util import CommandError
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from service.cli.output import print_json, tell
from service.domain.refusals import ServiceError, ServiceTroubleError
from service.domain.roles import COMMAND_LINE
from service.domain.tracking import new_tracking_id
from service.opening import open_database, operation_limits
from service.operations.calls import Call, utc_now
from service.settings import ENVIRONMENT_PREFIX, Settings, printable_url
from service.storage import schema
from service.storage.engine import Database


class CommandRefusedError(Exception):
    """A refusal of the command line itself; operations refuse with ``ServiceError``.

    Args:
        symbol: Its name.
        message: The sentence that a person reads.
        details: What was wrong, for this command.
    """

    def __init__(self, symbol: str, message: str, details: str = "") -> None:
        super().__init__(message)
        self.symbol = symbol
        self.message = message
        self.details = details


def read_settings(**given: Any) -> Settings:
    """The settings; what is given here and not None wins over the environment.

    Raises:
        typer.BadParameter: A value is not one that the setting can have.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        # What is wrong with several settings together has no place of its own.
        names = [_where_given(str(name), given) for name in first["loc"][:1]]
        message = first["msg"].removeprefix("Value error, ")
        raise typer.BadParameter(": ".join([*names, message])) from None


def _where_given(name: str, options: dict[str, Any]) -> str:
    is_option = options.get(name) is not None
    return f"--{name}" if is_option else f"{ENVIRONMENT_PREFIX}{name}".upper()


@contextmanager
def calling(database_url: str | None, *, as_json: bool) -> Iterator[Call]:
    """Open a call of the command line on an initialised database.

    A refusal inside the block is printed and ends the command with exit code 1.
    """
    with refusals_told(as_json=as_json), opened(database_url) as database:
        require_current(database)
        yield new_call(database)


def new_call(database: Database) -> Call:
    """A call of the command line, now, under a TrackingId of its own."""
    limits = operation_limits(read_settings())
    return Call(database, COMMAND_LINE, utc_now(), new_tracking_id(), limits)


@contextmanager
def opened(database_url: str | None) -> Iterator[Database]:
    """The database that the option names, else the settings.

    Raises:
        typer.BadParameter: The URL is malformed, or names a database or driver that
            cannot be used here.
    """
    database = open_database(read_settings(database=database_url))
    try:
        yield database
    finally:
        database.close()


def require_current(database: Database) -> None:
    """Refuse a database without the tables of this release.

    Raises:
        CommandRefusedError: ``DatabaseNotInitialised``.
    """
    if not schema.is_current(database):
        raise CommandRefusedError(
            "DatabaseNotInitialised",
            "The database is missing or not of this release. Run: coupon-billing init",
            printable_url(database.url),
        )


@contextmanager
def refusals_told(*, as_json: bool) -> Iterator[None]:
    """Print a refusal instead of a traceback, and end the command with exit code 1."""
    try:
        yield
    except ServiceTroubleError as error:
        row = error.row
        _refuse(as_json, row.code, row.symbol, row.message, error.reason)
    except ServiceError as error:
        row = error.row
        _refuse(as_json, row.code, row.symbol, row.message, error.details)
    except CommandRefusedError as error:
        _refuse(as_json, None, error.symbol, error.message, error.details)
    except (SQLAlchemyError, CommandError) as error:
        reason = str(getattr(error, "orig", None) or error)
        _refuse(as_json, None, "DatabaseUnusable", "The database cannot be used.", reason)


def _refuse(as_json: bool, code: int | None, symbol: str, message: str, details: str) -> None:
    tell(f"{symbol}: {message}" + (f" ({details})" if details else ""))
    if as_json:
        error = {"code": code, "symbol": symbol, "message": message, "details": details}
        print_json({"error": error})
    raise typer.Exit(1)
