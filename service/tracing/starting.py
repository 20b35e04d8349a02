"""Whether calls are traced."""

from typing import TYPE_CHECKING

import structlog
from sqlalchemy import Engine

if TYPE_CHECKING:
    from service.tracing.spans import Tracing

__all__ = ["start_tracing"]

_log = structlog.get_logger("service.tracing")


def start_tracing(engine: Engine, *, is_wanted: bool) -> "Tracing | None":
    """Make what traces the calls of this process; None when nobody wants it, or it is missing.

    Args:
        engine: Whose statements are traced with the calls that run them.
        is_wanted: What ``settings.traces_wanted`` answers.
    """
    if not is_wanted:
        return None
    try:
        from service.tracing.spans import Tracing  # noqa: PLC0415 - of an extra, and slow to import
    except ImportError:
        _log.warning("traces", reason="the extra otel is not installed: nothing is traced")
        return None
    return Tracing(engine)
