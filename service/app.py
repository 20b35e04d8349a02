"""The WSGI application: settings, database, authentication and endpoint put together."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import structlog

from service.addresses import (
    CONSOLE_PATH,
    COUPON_MANAGEMENT_PATH,
    CUSTOMER_BILLING_PATH,
    HEALTH_PATH,
    READY_PATH,
)
from service.console.application import ConsoleConfig, create_console
from service.domain.recorded import CallRecord
from service.health import Application, live, plain, readiness
from service.jobs.mail_templates import MailTemplates
from service.logs import configure_log, write_line
from service.metrics.starting import start_counting
from service.opening import open_database, operation_limits
from service.operations.authentication import Authenticator, VerifyBearer
from service.operations.call_journal import CallJournal
from service.operations.call_limits import CallLimits, CallRates
from service.operations.calls import utc_now
from service.operations.sign_in import FrontDesk
from service.operations.windows import DatabaseWindows, LibraryWindows, Windows
from service.proxies import behind_proxies
from service.settings import Settings, traces_wanted
from service.soap.call_log import call_line
from service.soap.contract import COUPON_MANAGEMENT, CUSTOMER_BILLING
from service.soap.endpoint import create_endpoint
from service.soap.gate import GateLimits
from service.soap.refusals import REFUSALS
from service.storage.engine import Database
from service.tracing.starting import start_tracing

if TYPE_CHECKING:
    from service.metrics.counting import Counts
    from service.tracing.spans import Tracing

NoteCall = Callable[[CallRecord], None]

_log = structlog.get_logger("service.app")


def create_app(
    settings: Settings | None = None, clock: Callable[[], datetime] = utc_now
) -> Application:
    """Put the service together.

    Any WSGI server can run what this answers; ``coupon-billing serve`` runs it on
    granian.

    Args:
        settings: None to read them from the environment.
        clock: Answers the instant of each call, aware and in UTC.
    """
    settings = settings or Settings()
    configure_log(settings.log_level)
    database = open_database(settings)
    counts = start_counting(settings.metrics_folder, frozenset(it.symbol for it in REFUSALS))
    if counts is not None:
        counts.watch_pool(database.open_count, database.transactions_max)
    tracing = start_tracing(database.engine, is_wanted=traces_wanted())
    traced = tracing.traced if tracing else _as_it_is
    journal = CallJournal(database, partial(_tell_lost, counts))
    authenticator = Authenticator(
        database,
        clock,
        operation_limits(settings),
        age_max=timedelta(seconds=settings.authentication_age_s),
        verify_bearer=_verify_bearer(settings),
        note_use=journal.note_use,
    )
    create = partial(
        create_endpoint,
        authenticator,
        limits=GateLimits(
            body_bytes_max=settings.body_bytes_max,
            depth_max=settings.depth_max,
            elements_count_max=settings.elements_count_max,
            attributes_count_max=settings.attributes_count_max,
        ),
        fault_http_status=settings.fault_http_status,
        public_url=str(settings.public_url) if settings.public_url else None,
        validate_responses=settings.validate_responses,
        note_call=_note_call(settings, journal, counts, tracing),
        idempotency_keep=timedelta(hours=settings.idempotency_keep_h),
        call_limits=_call_limits(settings, database, clock),
    )
    console = _console(settings, database, clock, counts) if settings.console else _not_found
    application = _mount(
        {
            CUSTOMER_BILLING_PATH: traced(create(contract=CUSTOMER_BILLING)),
            COUPON_MANAGEMENT_PATH: traced(create(contract=COUPON_MANAGEMENT)),
            HEALTH_PATH: live,
            READY_PATH: readiness(database),
        },
        _below(CONSOLE_PATH, traced(console)),
    )
    return behind_proxies(application, settings.trusted_proxies)


def _call_limits(
    settings: Settings, database: Database, clock: Callable[[], datetime]
) -> CallLimits | None:
    """How often callers may call; None where no setting limits it."""
    rates = CallRates(
        settings.user_calls_per_minute,
        settings.customer_calls_per_minute,
        settings.customer_calls_at_once,
    )
    if rates == CallRates():
        return None
    windows: Windows
    if settings.redis_url is not None:
        windows = LibraryWindows(settings.redis_url)
    elif settings.workers == 1 and database.engine.dialect.name == "sqlite":
        windows = LibraryWindows()
    else:
        windows = DatabaseWindows(database, clock)
    return CallLimits(rates, windows, _tell_uncounted)


def _tell_uncounted(reason: str) -> None:
    _log.warning("calls not counted against their limits", reason=reason)


def _verify_bearer(settings: Settings) -> VerifyBearer | None:
    """Who verifies tokens of an issuer; None when the settings name none."""
    if settings.oauth_issuer is None:
        return None
    # What it needs is an extra.
    from service.identity.bearer import issuer_tokens  # noqa: PLC0415

    return issuer_tokens(
        settings.oauth_issuer,
        settings.oauth_jwks_url,
        audience=settings.oauth_audience or "",
        user_claim=settings.oauth_user_claim,
        timeout_s=settings.oauth_timeout_s,
    )


def _as_it_is(application: Application) -> Application:
    return application


def _note_call(
    settings: Settings,
    journal: CallJournal,
    *watchers: "Counts | Tracing | None",
) -> NoteCall | None:
    """What is done with the record of each call; None for nothing."""
    wanted: dict[NoteCall, bool] = {
        journal.note: settings.calls_keep_h > 0,
        _write_call: settings.log_level == "info",
    }
    notes = [note for note, is_wanted in wanted.items() if is_wanted]
    notes += [it.note_call for it in watchers if it is not None]

    def note(record: CallRecord) -> None:
        for note_one in notes:
            note_one(record)

    return note if notes else None


def _write_call(record: CallRecord) -> None:
    write_line(call_line(record))


def _tell_lost(counts: "Counts | None", count: int) -> None:
    _log.warning("calls lost by the journal", count=count)
    if counts is not None:
        counts.note_losses(count)


def _mount(applications: dict[str, Application], otherwise: Application) -> Application:
    def mounted(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        application = applications.get(environ.get("PATH_INFO", ""), otherwise)
        return application(environ, start_response)

    return mounted


def _below(prefix: str, application: Application) -> Application:
    """What answers a path and those below it; it is called with the rest of the path."""

    def called(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if f"{path}/".startswith(f"{prefix}/"):
            rest = path.removeprefix(prefix) or "/"
            return application({**environ, "PATH_INFO": rest}, start_response)
        return _not_found(environ, start_response)

    return called


def _console(
    settings: Settings,
    database: Database,
    clock: Callable[[], datetime],
    counts: "Counts | None",
) -> Application:
    session_idle = timedelta(hours=settings.console_session_h)
    given_secrets = (settings.console_secret, settings.console_secret_before)
    desk = FrontDesk(
        database,
        session_idle=session_idle,
        secrets=[it.get_secret_value().encode() for it in given_secrets if it],
        clock=clock,
        limits=operation_limits(settings),
    )
    public_url = settings.public_url
    config = ConsoleConfig(
        path=CONSOLE_PATH,
        root=(public_url.path or "").rstrip("/") if public_url else None,
        session_idle=session_idle,
        body_bytes_max=settings.body_bytes_max,
        is_https=public_url is not None and public_url.scheme == "https",
        settings=settings.described(),
        render_mail=MailTemplates(settings.mail_templates).render,
        note_page=counts.note_page if counts else None,
    )
    return create_console(desk, config)


def _not_found(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    return plain(start_response, HTTPStatus.NOT_FOUND, f"See {CUSTOMER_BILLING_PATH}\n")
