"""The metrics of ``serve`` and ``worker``: where they are counted, and who tells them."""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from threading import Event

from service.cli.binding import require_free, split_bind
from service.cli.calls import CommandRefusedError
from service.cli.supervision import (
    kept_running,
    logged_as_json,
    stopped_by_signals,
    when_parent_ends,
)
from service.metrics.starting import find_counts
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
        CommandRefusedError: ``AddressUnusable`` or ``MetricsFolderUnusable``.
    """
    if settings.metrics_bind is None:
        yield settings
        return
    require_free(*split_bind(settings.metrics_bind))
    with _own_folder(settings.metrics_folder) as folder:
        os.environ[f"{ENVIRONMENT_PREFIX}METRICS_FOLDER"] = str(folder)
        counting = settings.model_copy(update={"metrics_folder": folder})
        with kept_running("metrics", tell_for_parent, counting, work_s=0):
            yield counting


@contextmanager
def _own_folder(given: Path | None) -> Iterator[Path]:
    """A new folder of this command alone; what else lies beside it is let be.

    Raises:
        CommandRefusedError: ``MetricsFolderUnusable``.
    """
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(
                _made(given) if given else TemporaryDirectory(prefix=PREFIX)
            )
        except OSError as error:
            text = f"{given or gettempdir()}: {error.strerror}"
            raise CommandRefusedError(
                "MetricsFolderUnusable", "Cannot count there.", text
            ) from None
        yield Path(folder)


@contextmanager
def _made(given: Path) -> Iterator[str]:
    """A folder in the one of the settings, which may be another programme's as well."""
    given.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        # One that is made just now must not look as if its programme were gone.
        with _locked(given):
            for folder in given.glob(f"{PREFIX}*"):
                _remove_abandoned(folder)
            own = stack.enter_context(TemporaryDirectory(prefix=PREFIX, dir=given))
            stack.enter_context(_locked(Path(own)))
        yield own


@contextmanager
def _locked(folder: Path, mode: int = LOCK_EX) -> Iterator[None]:
    """Keep a folder from others, and with it the processes that are forked here.

    Raises:
        OSError: It is another's, with ``LOCK_NB``; or there is none.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        flock(descriptor, mode)
        yield
    finally:
        os.close(descriptor)


def _remove_abandoned(folder: Path) -> None:
    """Remove what a programme that was killed with all its processes has left."""
    # It is in use, another user's, or holds what is not ours.
    with suppress(OSError), _locked(folder, LOCK_EX | LOCK_NB):
        for file, _pid in find_counts(folder):
            file.unlink()
        folder.rmdir()


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
    shutil.rmtree(folder, ignore_errors=True)
    stop.set()
