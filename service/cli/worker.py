"""``worker``: the delivery of mail."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType
from typing import Annotated

import structlog
import typer

from service.cli.calls import opened, read_settings, refusals_told, require_current
from service.cli.mail import create_mail_worker, where_mail_goes
from service.cli.options import DatabaseOption
from service.cli.supervision import when_parent_ends
from service.domain.mail import MessageState
from service.jobs.mail_worker import MailWorker
from service.logs import configure_log
from service.settings import Settings


def worker(
    once: Annotated[bool, typer.Option("--once", help="Deliver what is due, then end.")] = False,
    database: DatabaseOption = None,
) -> None:
    """Deliver the mails in the outbox until stopped by SIGINT or SIGTERM.

    Each attempt is a line of JSON on standard error. Without the setting smtp_host,
    mails are written as files into mail_folder. With --once, the exit code is 1
    when a mail was not delivered.
    """
    settings = read_settings(database=database)
    with refusals_told(as_json=False), opened(settings.database) as opened_database:
        require_current(opened_database)
        typer.echo(where_mail_goes(settings))
        mail_worker = create_mail_worker(settings, opened_database)
        with _logged_as_json(), _stopped_by_signals() as stop:
            if once:
                mail_worker.drain(stop)
            else:
                mail_worker.run(stop, settings.mail_poll_s)
    if once:
        _sum_up(mail_worker)


def _sum_up(mail_worker: MailWorker) -> None:
    states = (MessageState.SENT, MessageState.QUEUED, MessageState.FAILED)
    sent, retried, failed = (mail_worker.outcomes[state] for state in states)
    typer.echo(f"{sent} sent, {retried} to be tried again, {failed} failed")
    raise typer.Exit(1 if retried or failed else 0)


def deliver_for_parent(settings: Settings) -> None:
    """Deliver mail in a process that another one has started, for as long as that one lives."""
    with (
        _logged_as_json(),
        _stopped_by_signals() as stop,
        opened(settings.database) as database,
    ):
        when_parent_ends(stop.set)
        create_mail_worker(settings, database).run(stop, settings.mail_poll_s)


@contextmanager
def _stopped_by_signals() -> Iterator[Event]:
    """Set when the process is asked to end; the message at hand is finished first."""
    stop = Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _logged_as_json() -> Iterator[None]:
    """Each line of the log is a JSON object on standard error."""
    configure_log("info")
    try:
        yield
    finally:
        structlog.reset_defaults()
