"""How far long work is, for whoever waits at a terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from service.storage.watching import Watch


@contextmanager
def progress_bar(*, is_wanted: bool) -> Iterator[Watch]:
    """A bar on standard error; none when that is no terminal, or when nobody wants one.

    Answers:
        What to call with the step at work, the steps done, and all of them.
    """
    console = Console(stderr=True)
    bar = Progress(
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeRemainingColumn(),
        TextColumn("{task.description}", markup=False),
        console=console,
        transient=True,
        disable=not (is_wanted and sys.stderr.isatty()),
    )
    with bar:
        task = bar.add_task("", total=None)
        yield lambda step, done, total: bar.update(
            task, description=step, completed=done, total=total
        )
