"""``import``."""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from io import TextIOWrapper
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Annotated

import typer

from service.cli.calls import CommandRefusedError, calling, refusals_told
from service.cli.options import ClassOption, CustomerOption, DatabaseOption, JsonOption
from service.cli.output import print_json, show, show_list, tell
from service.cli.progress import progress_bar
from service.domain.csv_import import LINE_LENGTH_MAX
from service.operations.import_coupons import ImportReport, import_coupons

STANDARD_INPUT = Path("-")


def import_(
    customer: CustomerOption,
    class_name: ClassOption,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A CSV file in UTF-8; - is standard input.")
    ],
    skip_duplicates: Annotated[
        bool,
        typer.Option(
            "--skip-duplicates",
            help="Pass over codes that exist, or that stand in the file before.",
        ),
    ] = False,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make coupons of a class, with the codes of a CSV file: all of them, or none.

    The first line names the columns: `code`, and terms that are not as the class has them.
    When anything is wrong with a line, nothing is made and the exit code is 1. See
    `docs/csv.md`.

    JSON: batch_id (null: no coupons), lines_count, created_count, skipped_count,
    used_count, errors_count, errors, each with line, value and reason, and
    passed_over_columns.
    """
    with ExitStack() as stack:
        stack.enter_context(refusals_told(as_json=as_json))
        open_lines = stack.enter_context(_opened(file))
        call = stack.enter_context(calling(database, as_json=as_json))
        watch = stack.enter_context(progress_bar(is_wanted=not as_json, unit="coupons"))
        report = import_coupons(
            call, customer, class_name, open_lines, skip_duplicates=skip_duplicates, watch=watch
        )
    if as_json:
        print_json(report)
    else:
        _show(report)
    raise typer.Exit(1 if report.errors_count else 0)


@contextmanager
def _opened(path: Path) -> Iterator[Callable[[], Iterator[str]]]:
    """What begins the file, as often as it is called.

    Raises:
        CommandRefusedError: ``FileUnusable``.
    """
    try:
        with _seekable(path) as file:
            text = TextIOWrapper(file, encoding="utf-8-sig", newline="")

            def open_lines() -> Iterator[str]:
                text.seek(0)
                # A file without line ends is not to be read as one line.
                return iter(lambda: text.readline(LINE_LENGTH_MAX + 1), "")

            yield open_lines
    except OSError as error:
        message, details = "The file cannot be read.", f"{path}: {error.strerror}"
        raise CommandRefusedError("FileUnusable", message, details) from None


@contextmanager
def _seekable(path: Path) -> Iterator[IO[bytes]]:
    if path == STANDARD_INPUT:
        with TemporaryFile() as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
            yield file
    else:
        with path.open("rb") as file:
            yield file


def _show(report: ImportReport) -> None:
    if report.passed_over_columns:
        tell(f"Columns that were passed over: {', '.join(report.passed_over_columns)}")
    figures = (
        "batch_id",
        "lines_count",
        "created_count",
        "skipped_count",
        "used_count",
        "errors_count",
    )
    show({name: getattr(report, name) for name in figures}, as_json=False)
    if report.errors:
        show_list("errors", report.errors, ("line", "value", "reason"), as_json=False)
    if report.errors_count > len(report.errors):
        typer.echo(f"{report.errors_count - len(report.errors):,} more errors")
    if report.errors_count:
        tell("Nothing was imported.")
