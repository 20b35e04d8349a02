"""The console as a WSGI application."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import structlog
from flask import Blueprint, Flask, Response, g, request
from flask_wtf import CSRFProtect

from service.console import pages
from service.console.admission import admit_visitors
from service.console.errors import tell_errors
from service.console.rendering import prepare_templates
from service.console.routing import bound_numbers
from service.console.security import harden
from service.console.sessions import COOKIE_NAME, SignedCookies
from service.console.static_files import mark_versions
from service.console.visits import find_visit, this_tracking_id
from service.domain.jobs import JobReport
from service.domain.mail import MailContent, MailKind, RenderedMail
from service.operations.sign_in import FrontDesk

WsgiApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
RenderMail = Callable[[MailKind, MailContent | JobReport], RenderedMail]
NotePage = Callable[[str | None, int, float], None]

_log = structlog.get_logger("service.console")


@dataclass(frozen=True, slots=True)
class ConsoleConfig:
    """What the console is told.

    Attributes:
        path: Where browsers find it, without a slash at its end: ``/console``.
        root: What stands before the path, of what a proxy strips; None for what each request
            says.
        is_https: Whether browsers reach it over TLS, though a proxy ends it.
        session_idle: After how long without a request a session has ended.
        body_bytes_max: Largest form, in bytes.
        settings: Each setting with name, variable, value, source and meaning; no secrets.
        render_mail: Makes the mail of a message out of what it tells, as it would be sent now;
            raises ``TemplateBrokenError``.
        note_page: Is told of each request: the page, the HTTP status and the seconds it took.
    """

    path: str
    session_idle: timedelta
    body_bytes_max: int
    root: str | None = None
    is_https: bool = False
    settings: Sequence[Mapping[str, object]] = ()
    render_mail: RenderMail | None = None
    note_page: NotePage | None = None


def create_console(desk: FrontDesk, config: ConsoleConfig) -> WsgiApplication:
    """The console, to be called with paths below its own.

    Args:
        desk: Who lets people in.
        config: What the settings say.
    """
    return _below(config, create_pages(desk, config).wsgi_app)


def create_pages(desk: FrontDesk, config: ConsoleConfig) -> Flask:
    """Put the pages together, and what happens before and after each of them."""
    app = Flask("service.console")
    bound_numbers(app)
    app.session_interface = SignedCookies(desk, is_https=config.is_https)
    app.config.update(_flask_config(config))
    app.extensions["front_desk"] = desk
    app.extensions["settings_rows"] = config.settings
    app.extensions["render_mail"] = config.render_mail
    app.before_request(_start_watch)
    admit_visitors(app, desk)
    CSRFProtect(app)
    prepare_templates(app)
    mark_versions(app)
    tell_errors(app)
    app.after_request(harden)
    app.after_request(partial(_tell_page, config.note_page))
    for blueprint in find_blueprints():
        app.register_blueprint(blueprint)
    return app


def _flask_config(config: ConsoleConfig) -> dict[str, object]:
    return {
        "SESSION_COOKIE_NAME": COOKIE_NAME,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Strict",
        "PERMANENT_SESSION_LIFETIME": config.session_idle,
        "MAX_CONTENT_LENGTH": config.body_bytes_max,
        "MAX_FORM_MEMORY_SIZE": config.body_bytes_max,
        # As long as the session: a form may be looked at for hours.
        "WTF_CSRF_TIME_LIMIT": None,
        "PROPAGATE_EXCEPTIONS": False,
    }


def find_blueprints() -> Iterable[Blueprint]:
    """Of each module of ``service.console.pages``, its ``blueprint``."""
    for module in iter_modules(pages.__path__, f"{pages.__name__}."):
        yield import_module(module.name).blueprint


def _below(config: ConsoleConfig, application: WsgiApplication) -> WsgiApplication:
    """Links begin with the path that browsers know."""

    def called(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        root = environ.get("SCRIPT_NAME", "") if config.root is None else config.root
        return application({**environ, "SCRIPT_NAME": root + config.path}, start_response)

    return called


def _start_watch() -> None:
    g.started = time.perf_counter()


def _tell_page(note_page: NotePage | None, response: Response) -> Response:
    visit = find_visit()
    duration_s = time.perf_counter() - g.get("started", time.perf_counter())
    _log.info(
        "page",
        tracking_id=this_tracking_id(),
        method=request.method,
        page=request.endpoint,
        user_id=visit.call.caller.user_id if visit else None,
        http_status=response.status_code,
        duration_ms=round(1000 * duration_s, 3),
    )
    if note_page is not None:
        note_page(request.endpoint, response.status_code, duration_s)
    return response
