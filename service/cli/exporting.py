"""``export``."""

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated

import typer

from service.cli.calls import CommandRefusedError, calling, refusals_told
from service.cli.options import (
    COUNT_MAX,
    CustomerOption,
    DatabaseOption,
    JsonOption,
    OfBatchOption,
    OfClassOption,
)
from service.cli.output import show
from service.cli.progress import progress_bar
from service.operations.export_coupons import export_coupons


def export(
    customer: CustomerOption,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="Where it goes; without it, standard output."),
    ] = None,
    class_name: OfClassOption = None,
    batch: OfBatchOption = None,
    first: Annotated[
        int,
        typer.Option("--first", metavar="N", min=0, max=COUNT_MAX, help="How many to pass over."),
    ] = 0,
    count: Annotated[
        int | None,
        typer.Option("--count", metavar="N", min=0, max=COUNT_MAX, help="How many at most."),
    ] = None,
    codes_only: Annotated[
        bool, typer.Option("--codes-only", help="Only the column of the codes.")
    ] = False,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write coupons as CSV, in the order in which they are handed out.

    A file has its name only when it is whole, takes the place of one that is there, and
    is read by nobody but its owner. See `docs/csv.md`.

    JSON, with FILE only: file, coupons_count.
    """
    if as_json and file is None:
        raise typer.BadParameter("--json needs a FILE: the coupons go to standard output")
    # A bar among the lines would be in the way.
    is_bar_wanted = not as_json and (file is not None or not sys.stdout.isatty())
    with (
        refusals_told(as_json=as_json),
        calling(database, as_json=as_json) as call,
        progress_bar(is_wanted=is_bar_wanted, unit="coupons") as watch,
    ):
        lines = export_coupons(
            call,
            customer,
            class_name=class_name,
            batch_id=batch,
            first=first,
            count=count,
            codes_only=codes_only,
            watch=watch,
        )
        if file is None:
            _write(lines, typer.get_binary_stream("stdout"))
            return
        with _replacing(file) as target:
            lines_count = _write(lines, target)
    # A code has no line end in it: each line but the header is a coupon.
    show({"file": str(file), "coupons_count": lines_count - 1}, as_json=as_json)


def _write(lines: Iterable[str], target: IO[bytes]) -> int:
    count = 0
    for line in lines:
        target.write(line.encode())
        count += 1
    return count


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes its place when it is whole.

    Raises:
        CommandRefusedError: ``FileUnusable``.
    """
    partial = None
    try:
        descriptor, partial = tempfile.mkstemp(".partial", f".{path.name}.", path.parent)
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(descriptor)
        Path(partial).replace(path)
    except OSError as error:
        message, details = "The file cannot be written.", f"{path}: {error.strerror}"
        raise CommandRefusedError("FileUnusable", message, details) from None
    finally:
        if partial is not None:
            Path(partial).unlink(missing_ok=True)
