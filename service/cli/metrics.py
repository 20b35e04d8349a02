"""The metrics of ``serve`` and ``worker``: where they are counted, and who tells them."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

from service.cli.binding import require_free, split_bind
from service.cli.supervision import (
    kept_running,
    logged_as_json,
    stopped_by_signals,
    when_parent_ends,
)
from service.operations.work_at_hand import find_work
from service.settings import ENVIRONMENT_PREFIX, Settings
from service.storage.engine import Database, DatabaseLimits

PREFIX = "coupon-billing-metrics-"


@contextmanager
def metrics_told(settings: Settings) -> Iterator[Settings]:
    """Tell Prometheus what the processes of this command count, if there is an address for it.

    Answers:
        The settings for these processes; those that read the environment find them there.

    Raises:
        CommandRefusedError: ``AddressUnusable``.
    """
    if settings.metrics_bind is None:
        yield settings
        return
    require_free(*split_bind(settings.metrics_bind))
    given = settings.metrics_folder
    with nullcontext(str(given)) if given else TemporaryDirectory(prefix=PREFIX) as folder:
        _empty(Path(folder))
        os.environ[f"{ENVIRONMENT_PREFIX}METRICS_FOLDER"] = folder
        counting = settings.model_copy(update={"metrics_folder": Path(folder)})
        with kept_running("metrics", tell_for_parent, counting, work_s=0):
            yield counting


def _empty(folder: Path) -> None:
    """Begin at nothing, as every process that is started again does."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*.db"):
        file.unlink()


def tell_for_parent(settings: Settings) -> None:
    """Answer Prometheus in a process that another one has started, as long as that lives."""
    # Not before: a process that is forked after that would count in its own memory.
    from service.metrics.scraping import READ_S_MAX, serve_metrics  # noqa: PLC0415

    folder = settings.metrics_folder
    assert settings.metrics_bind is not None  # noqa: S101 - `metrics_told` has seen to both
    assert folder is not None  # noqa: S101
    # It must not be the reason that others wait, nor wait for long itself.
    limits = DatabaseLimits(READ_S_MAX, READ_S_MAX, connections_max=1)
    database = Database(settings.database, limits)
    host, port = split_bind(settings.metrics_bind)
    find = partial(find_work, database)
    kind = database.engine.dialect.name
    with logged_as_json(), stopped_by_signals() as stop:
        when_parent_ends(partial(_end_orphan, folder, stop))
        with serve_metrics(host, port, folder, find, kind):
            stop.wait()
    database.close()


def _end_orphan(folder: Path, stop: Event) -> None:
    """Remove what a parent that was killed could not, and end."""
    if folder.name.startswith(PREFIX):
        shutil.rmtree(folder, ignore_errors=True)
    stop.set()
