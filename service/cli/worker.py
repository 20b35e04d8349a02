"""``worker``: the delivery of mail, jobs, and the figures of the console."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from threading import Event, Thread
from types import FrameType
from typing import Annotated

import structlog
import typer

from service.cli.calls import opened, read_settings, refusals_told, require_current
from service.cli.job_desk import create_job_desk
from service.cli.mail import create_mail_worker, where_mail_goes
from service.cli.options import DatabaseOption
from service.cli.supervision import when_parent_ends
from service.domain.mail import MessageState
from service.jobs.job_worker import JobWorker
from service.jobs.mail_worker import MailWorker
from service.jobs.report_worker import ReportWorker
from service.logs import configure_log
from service.operations.call_journal import JournalKeeper
from service.operations.count_figures import FigureCounter
from service.settings import Settings
from service.storage.engine import Database


def worker(
    once: Annotated[bool, typer.Option("--once", help="Do what is due, then end.")] = False,
    database: DatabaseOption = None,
) -> None:
    """Do jobs, and deliver the mails in the outbox, until stopped by SIGINT or SIGTERM.

    Each job that ends and each attempt of a mail is a line of JSON on standard error.
    Without the setting smtp_host, mails are written as files into mail_folder. With
    --once, jobs come first, and the exit code is 1 when a mail was not delivered.
    """
    settings = read_settings(database=database)
    with refusals_told(as_json=False), opened(settings.database) as opened_database:
        require_current(opened_database)
        typer.echo(where_mail_goes(settings))
        mail_worker = create_mail_worker(settings, opened_database)
        with _logged_as_json(), _stopped_by_signals() as stop:
            job_worker = JobWorker(create_job_desk(settings, opened_database, stop.is_set))
            report_worker = _create_report_worker(settings, opened_database)
            if once:
                job_worker.drain(stop)
                mail_worker.drain(stop)
                report_worker.drain(stop)
            else:
                _work(settings, stop, mail_worker, job_worker, report_worker)
    if once:
        _sum_up(mail_worker)


def _sum_up(mail_worker: MailWorker) -> None:
    states = (MessageState.SENT, MessageState.QUEUED, MessageState.FAILED)
    sent, retried, failed = (mail_worker.outcomes[state] for state in states)
    typer.echo(f"{sent} sent, {retried} to be tried again, {failed} failed")
    raise typer.Exit(1 if retried or failed else 0)


def work_for_parent(settings: Settings) -> None:
    """Do what `worker` does in a process that another one has started, as long as that lives."""
    with (
        _logged_as_json(),
        _stopped_by_signals() as stop,
        opened(settings.database) as database,
    ):
        when_parent_ends(stop.set)
        job_worker = JobWorker(create_job_desk(settings, database, stop.is_set))
        report_worker = _create_report_worker(settings, database)
        _work(settings, stop, create_mail_worker(settings, database), job_worker, report_worker)


def _create_report_worker(settings: Settings, database: Database) -> ReportWorker:
    keep = timedelta(hours=settings.calls_keep_h)
    return ReportWorker(FigureCounter(database), JournalKeeper(database, keep))


def _work(
    settings: Settings,
    stop: Event,
    mail_worker: MailWorker,
    job_worker: JobWorker,
    report_worker: ReportWorker,
) -> None:
    """Deliver mail, do jobs and count beside one another, until ``stop`` is set."""

    def work(run: Callable[[], None]) -> None:
        try:
            run()
        finally:
            # Whatever ends the one ends the others, so that all are started again.
            stop.set()

    others = (partial(job_worker.run, stop, settings.job_poll_s), partial(report_worker.run, stop))
    threads = [Thread(target=work, args=(run,)) for run in others]
    for thread in threads:
        thread.start()
    work(partial(mail_worker.run, stop, settings.mail_poll_s))
    for thread in threads:
        thread.join()


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
