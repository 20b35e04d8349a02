"""The log: lines of JSON on standard error."""

import logging
import sys
import traceback
from collections.abc import Iterator
from threading import Lock

import structlog
from structlog.typing import EventDict, WrappedLogger

FRAMES_COUNT_MAX = 50
"""How many frames of an exception are logged, the innermost ones."""

_lock = Lock()


def write_line(line: str) -> None:
    """Write a line whole; one that cannot be written is lost, and the call goes on."""
    try:
        with _lock:
            sys.stderr.write(f"{line}\n")
    except (OSError, ValueError):  # its reader is gone, or it is closed
        return


def configure_log(level: str) -> None:
    """Make every structlog logger of the process write lines of JSON.

    Args:
        level: The least severe lines to write: ``info``, ``warning`` or ``error``.
    """
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _render_exception,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=lambda *_names: _LineLogger(),
    )


class _LineLogger:
    """What structlog hands its lines to."""

    info = warning = error = staticmethod(write_line)


def _render_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if event.pop("exc_info", False):
        error = sys.exc_info()[1]
        event["traceback"] = "".join(_traceback(error)) if error else None
    return event


def _traceback(error: BaseException) -> Iterator[str]:
    """Where an exception and those before it were raised, the first one first.

    Messages are left out: they quote what callers sent, and so codes and passwords.
    The lines of source that raised them are there.
    """
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from _traceback(before)
    yield from traceback.format_tb(error.__traceback__, limit=-FRAMES_COUNT_MAX)
    # What kind of failure it was, as the drivers of SQLite and PostgreSQL name it.
    condition = getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None)
    name = f"{type(error).__module__}.{type(error).__qualname__}"
    yield f"{name} {condition}\n" if condition else f"{name}\n"
