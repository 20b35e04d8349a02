"""``backup``."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from service.cli.calls import (
    CommandRefusedError,
    new_call,
    opened,
    refusals_told,
    require_current,
)
from service.cli.options import DatabaseOption, JsonOption
from service.cli.output import show
from service.cli.progress import progress_bar
from service.operations.back_up import NotSqliteError, back_up
from service.storage.backup import BackupFailedError, UnsoundCopyError


def backup(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Where the copy goes; nothing may be there yet.")
    ],
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy an SQLite database into a new file, while the service goes on.

    Everything that was acknowledged before the command began is in the copy. It is
    verified before it gets its name, and only its owner can read it. To restore it, stop
    the service and put it in the database's place. PostgreSQL databases are copied by
    `pg_dump`.

    JSON: file, bytes_count, revision.
    """
    with (
        refusals_told(as_json=as_json),
        opened(database) as source,
        _refusals_named(file),
        progress_bar(is_wanted=not as_json) as watch,
    ):
        require_current(source)
        made = back_up(new_call(source), source, file, watch)
    show(made, as_json=as_json)


@contextmanager
def _refusals_named(file: Path) -> Iterator[None]:
    """Refuse in the command's terms.

    Raises:
        CommandRefusedError: ``BackupNotSupported``, ``BackupUnsound`` or ``BackupFailed``.
    """
    try:
        yield
    except NotSqliteError:
        raise CommandRefusedError(
            "BackupNotSupported",
            "Only SQLite databases are copied by this command. For PostgreSQL, run:"
            " pg_dump --format=custom",
        ) from None
    except UnsoundCopyError as error:
        raise CommandRefusedError(
            "BackupUnsound",
            "The copy was not sound and was thrown away. The database itself may be damaged.",
            str(error),
        ) from None
    except BackupFailedError as error:
        raise CommandRefusedError(
            "BackupFailed", "The copy was not made.", f"{file}: {error}"
        ) from None
