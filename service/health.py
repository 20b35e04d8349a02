"""Whether the service lives, and whether it is ready: neither question waits behind calls."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from service.domain.refusals import ServiceTroubleError
from service.storage import schema
from service.storage.engine import Database

__all__ = ["Application", "live", "plain", "readiness"]

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_log = structlog.get_logger("service.app")


def live(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer 200: a process that answers needs no other one in its place.

    The database is not asked: to start the service again does not bring it back.
    """
    return plain(start_response, HTTPStatus.OK, "ok\n")


def readiness(database: Database) -> Application:
    """What answers 200 while calls can be taken, else 503 with the reason.

    They can while the database is read, and has the tables of this release.
    """

    def answer(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        reason = _why_unusable(database)
        if reason is None:
            return plain(start_response, HTTPStatus.OK, "ok\n")
        return plain(start_response, HTTPStatus.SERVICE_UNAVAILABLE, f"{reason}\n")

    return answer


def _why_unusable(database: Database) -> str | None:
    try:
        if schema.is_current(database):
            return None
        reason = "database missing or not of this release"
        _log.warning("not ready", reason=reason)
    except (ServiceTroubleError, SQLAlchemyError):
        reason = "database unreachable"
        _log.warning("not ready", reason=reason, exc_info=True)
    return reason


def plain(start_response: Callable[..., Any], status: HTTPStatus, text: str) -> list[bytes]:
    """Answer with a line of text."""
    content = text.encode()
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(content)))]
    start_response(f"{status.value} {status.phrase}", headers)
    return [content]
