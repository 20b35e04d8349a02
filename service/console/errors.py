"""Pages for what went wrong: each says what to do, and none tells how the service is made."""

from dataclasses import dataclass
from http import HTTPStatus

import structlog
from flask import Flask, Response, make_response, render_template
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import BadHost, HTTPException

from service.console.visits import this_tracking_id
from service.domain.errors import (
    ENTITY_NOT_EXISTENT,
    INTERNAL_ERROR,
    INVALID_CREDENTIALS,
    NOT_AUTHORIZED,
)
from service.domain.refusals import ServiceError, ServiceTroubleError

_log = structlog.get_logger("service.console")


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """What a page says that stands in the place of another.

    Attributes:
        status: Of the reply.
        title: What went wrong.
        advice: What to do about it.
        details: What was wrong this time.
    """

    status: HTTPStatus
    title: str
    advice: str
    details: str = ""


_ADVICE = {
    HTTPStatus.BAD_REQUEST: "The form or the address is damaged. Go back and try again.",
    HTTPStatus.NOT_FOUND: "Nothing is at this address. Check it, or begin at the overview.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does something only when its button is pressed.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
        "What you sent is larger than the service takes. Send it in parts, or let the operator"
        " raise the setting body_bytes_max."
    ),
}
_STATUSES = {
    NOT_AUTHORIZED: HTTPStatus.FORBIDDEN,
    ENTITY_NOT_EXISTENT: HTTPStatus.NOT_FOUND,
    INVALID_CREDENTIALS: HTTPStatus.UNAUTHORIZED,
}
_FORGED = ErrorPage(
    HTTPStatus.BAD_REQUEST,
    "The form was not sent from the console",
    "Nothing was changed. The form may have been open since before you signed in: load its page"
    " again, and send it anew.",
)
_TROUBLE_ADVICE = "Nothing was changed by this request. Try again in a moment."
RETRY_AFTER_S = 5


def tell_errors(app: Flask) -> None:
    """Let errors of every kind leave as pages."""
    app.register_error_handler(BadHost, _tell_bad_host)
    app.register_error_handler(CSRFError, lambda _error: _show(_FORGED))
    app.register_error_handler(HTTPException, _tell_http_error)
    app.register_error_handler(ServiceTroubleError, _tell_trouble)
    app.register_error_handler(ServiceError, _tell_refusal)
    app.register_error_handler(Exception, _tell_bug)


def _tell_bad_host(error: BadHost) -> Response:
    # A page has links, and there are none to what is no host.
    return Response("The Host header is not a host.\n", error.code, mimetype="text/plain")


def _tell_http_error(error: HTTPException) -> Response:
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    advice = _ADVICE.get(status, "Go back and try again.")
    reply = _show(ErrorPage(status, status.phrase, advice))
    for name, value in error.get_headers():
        reply.headers.setdefault(name, value)
    return reply


def _tell_refusal(error: ServiceError) -> Response:
    status = _STATUSES.get(error.row, HTTPStatus.UNPROCESSABLE_ENTITY)
    return _show(ErrorPage(status, error.row.message, error.row.meaning, error.details))


def _tell_trouble(error: ServiceTroubleError) -> Response:
    _log.error(
        "service trouble",
        tracking_id=this_tracking_id(),
        symbol=error.row.symbol,
        reason=error.reason,
    )
    status = HTTPStatus.SERVICE_UNAVAILABLE
    reply = _show(ErrorPage(status, error.row.message, _TROUBLE_ADVICE))
    reply.headers["Retry-After"] = str(RETRY_AFTER_S)
    return reply


def _tell_bug(_error: Exception) -> Response:
    _log.error("internal error", tracking_id=this_tracking_id(), exc_info=True)
    row = INTERNAL_ERROR
    return _show(ErrorPage(HTTPStatus.INTERNAL_SERVER_ERROR, row.message, row.meaning))


def _show(error: ErrorPage) -> Response:
    text = render_template("error.html", error=error, tracking_id=this_tracking_id())
    return make_response(text, error.status)
