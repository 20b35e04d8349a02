"""How far long work is, for whoever waits at a terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from service.storage.watching import Watch


class _RateColumn(ProgressColumn):
    """How much is done in a second, of things with a name."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        """The rate, once it is known."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f} {self._unit}/s")


@contextmanager
def progress_bar(*, is_wanted: bool, unit: str | None = None) -> Iterator[Watch]:
    """A bar on standard error; none when that is no terminal, or when nobody wants one.

    Args:
        is_wanted: Whether somebody may look.
        unit: What is counted, when its rate is of interest.

    Yields:
        What to call with the step at work, what is done of it, and all of it, 0 when
        that is not known. Each step has a bar of its own.
    """
    bar = Progress(
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        *([] if unit is None else [_RateColumn(unit)]),
        TimeRemainingColumn(),
        TextColumn("{task.description}", markup=False),
        console=Console(stderr=True),
        transient=True,
        disable=not (is_wanted and sys.stderr.isatty()),
    )
    with bar:
        task = bar.add_task("", total=None)
        steps = [""]

        def watch(step: str, done_count: int, all_count: int) -> None:
            if step != steps[-1]:
                steps.append(step)
                bar.reset(task, description=step, total=None)
            bar.update(task, completed=done_count, total=all_count or None)

        yield watch
