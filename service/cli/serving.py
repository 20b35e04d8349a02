"""``serve``."""

import os
from collections.abc import Callable, MutableSequence
from functools import partial
from typing import Annotated, Any

import structlog
import typer
from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import MPServer

from service.addresses import console_url, customer_billing_url
from service.cli.binding import require_free, split_bind
from service.cli.calls import (
    CommandRefusedError,
    opened,
    read_settings,
    refusals_told,
    require_current,
)
from service.cli.certificates import require_certificate
from service.cli.fair_share import FairShare, create_shares
from service.cli.mail import lease_s, where_mail_goes
from service.cli.metrics import metrics_told
from service.cli.options import DatabaseOption
from service.cli.supervision import kept_running, logged_as_json
from service.cli.worker import work_for_parent
from service.health import Application
from service.settings import ENVIRONMENT_PREFIX, Settings

WORKER_START_S_MAX = 10
"""How long a worker that is started anew has before the one in whose place it comes ends: calls are
refused if it is the only one and takes longer. Nobody tells when it listens."""
WORKER_STOP_TIMEOUT_S = 10
"""How long a worker may take to finish its calls before it is killed."""

_log = structlog.get_logger("service.cli")

BindOption = Annotated[
    str | None,
    typer.Option(
        "--bind",
        metavar="HOST:PORT",
        help="Where to listen; an IPv6 address stands in brackets.",
    ),
]


def serve(
    bind: BindOption = None,
    workers: Annotated[
        int | None, typer.Option("--workers", metavar="N", help="Number of worker processes.")
    ] = None,
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="Leave mail and jobs to `worker`, run elsewhere.")
    ] = False,
    database: DatabaseOption = None,
) -> None:
    """Serve SOAP and console, deliver mail and do jobs, until stopped by SIGINT or SIGTERM.

    Options that are not given come from the settings; see `config`. Mail and jobs are
    the work of a process of its own, which is started again when it dies; see `worker`.
    """
    settings = read_settings(bind=bind, workers=workers, database=database)
    host, port = split_bind(settings.bind)
    with refusals_told(as_json=False):
        with opened(settings.database) as opened_database:
            require_current(opened_database)
        require_free(host, port)
        require_certificate(settings)
    url = customer_billing_url(settings)
    typer.echo(f"Endpoint  {url}\nWSDL      {url}?wsdl")
    if settings.console:
        typer.echo(f"Console   {console_url(settings)}")
    # Workers are processes of their own: they read their settings from the environment.
    os.environ[f"{ENVIRONMENT_PREFIX}DATABASE"] = settings.database
    os.environ[f"{ENVIRONMENT_PREFIX}WORKERS"] = str(settings.workers)
    with refusals_told(as_json=False), metrics_told(settings) as settings_told:
        if no_worker:
            _run(settings, host, port)
            return
        typer.echo(where_mail_goes(settings))
        work_s = lease_s(settings)
        with kept_running("worker", work_for_parent, settings_told, work_s=work_s):
            _run(settings, host, port)


def _run(settings: Settings, host: str, port: int) -> None:
    """Serve until a signal comes."""
    server = _Server(
        settings,
        interface=Interfaces.WSGI,
        address=host,
        port=port,
        workers=settings.workers,
        # One for each connection, so that none waits for a thread: see Reception.
        blocking_threads=settings.connections_max,
        backpressure=settings.connections_max,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=round(settings.header_timeout_s * 1000),
            max_buffer_size=settings.header_bytes_max,
        ),
        websockets=False,
        log_level=LogLevels.error,
        respawn_failed_workers=True,
        respawn_interval=WORKER_START_S_MAX,
        # A signal that reaches a worker before it listens for signals is lost.
        workers_kill_timeout=WORKER_STOP_TIMEOUT_S,
        workers_max_rss=settings.worker_memory_max_mib,
        ssl_protocol_min=SSLProtocols.tls12,
    )
    server.serve(target_loader=_load_app, wrap_loader=False)


def _load_app(shares: MutableSequence[int], number: int) -> Application:
    """Make the application of a worker, whose share has that number."""
    # Not before: the other processes have no need of it.
    from service.cli.serving_process import create_app_for_parent  # noqa: PLC0415

    return create_app_for_parent(FairShare(shares, number))


class _Server(MPServer):
    """granian's processes, which read the certificate that is there when they start.

    By itself granian remembers where links led at first. Whoever renews a certificate by leading
    them elsewhere, as certbot and Kubernetes do, would have the old one served, or none.

    Each is told how much the others have to do.

    Args:
        settings: Where the certificate is.
        options: The others of granian.
    """

    ssl_ctx: tuple[Any, ...]

    def __init__(self, settings: Settings, **options: Any) -> None:
        certificate, key = settings.tls_certificate, settings.tls_key
        # What makes the application is told to `serve`.
        super().__init__("", ssl_cert=certificate, ssl_key=key, **options)
        self._settings = settings
        self._shares = create_shares(settings.workers)
        if certificate is not None and key is not None:
            has_tls, _certificate, _key, *others = self.ssl_ctx
            self.ssl_ctx = (has_tls, str(certificate), str(key), *others)

    def _spawn_worker(  # type: ignore[override]  # as in granian's own class, but for types
        self, idx: int, target: Any, callback_loader: Callable[..., Any]
    ) -> Any:
        loader = partial(callback_loader, self._shares, idx)
        return super()._spawn_worker(idx, target, loader)

    def _reload(self, *spawning: Any) -> None:
        """Start the workers anew, unless none could: then those that are there go on."""
        try:
            require_certificate(self._settings)
        except CommandRefusedError as error:
            with logged_as_json():
                _log.error("certificate not renewed", reason=error.details)
            self._forget_signal()
            return
        super()._reload(*spawning)  # type: ignore[no-untyped-call]

    def _forget_signal(self) -> None:
        """Wait for the next one, but not for one that has come meanwhile."""
        self.reload_signal = False
        self.main_loop_interrupt.clear()
        if self.interrupt_signal or self.interrupt_children:
            self.main_loop_interrupt.set()
