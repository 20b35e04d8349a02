"""``worker``: the delivery of mail, jobs, and the figures of the console."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from threading import Event, Thread
from typing import Annotated, NamedTuple, NoReturn

import typer

from service.cli.calls import opened, read_settings, refusals_told, require_current
from service.cli.job_desk import create_job_desk
from service.cli.mail import create_mail_worker, where_mail_goes
from service.cli.metrics import metrics_told
from service.cli.options import DatabaseOption
from service.cli.supervision import logged_as_json, stopped_by_signals, when_parent_ends
from service.domain.mail import MessageState
from service.jobs.job_worker import JobWorker
from service.jobs.journal_worker import JournalWorker
from service.jobs.mail_worker import MailWorker
from service.jobs.report_worker import ReportWorker
from service.metrics.starting import start_counting
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
        if once:
            _work_once(settings, opened_database)
        with (
            metrics_told(settings) as settings_told,
            logged_as_json(),
            stopped_by_signals() as stop,
        ):
            _work(settings, stop, _create_workers(settings_told, opened_database, stop))


def _work_once(settings: Settings, database: Database) -> NoReturn:
    with logged_as_json(), stopped_by_signals() as stop:
        workers = _create_workers(settings, database, stop)
        workers.jobs.drain(stop)
        workers.mail.drain(stop)
        workers.reports.drain(stop)
        workers.journal.drain(stop)
    _sum_up(workers.mail)


def _sum_up(mail_worker: MailWorker) -> NoReturn:
    states = (MessageState.SENT, MessageState.QUEUED, MessageState.FAILED)
    sent, retried, failed = (mail_worker.outcomes[state] for state in states)
    typer.echo(f"{sent} sent, {retried} to be tried again, {failed} failed")
    raise typer.Exit(1 if retried or failed else 0)


def work_for_parent(settings: Settings) -> None:
    """Do what `worker` does in a process that another one has started, as long as that lives."""
    with (
        logged_as_json(),
        stopped_by_signals() as stop,
        opened(settings.database) as database,
    ):
        when_parent_ends(stop.set)
        _work(settings, stop, _create_workers(settings, database, stop))


class _Workers(NamedTuple):
    """What is worked on beside one another."""

    mail: MailWorker
    jobs: JobWorker
    reports: ReportWorker
    journal: JournalWorker


def _create_workers(settings: Settings, database: Database, stop: Event) -> _Workers:
    counts = start_counting(settings.metrics_folder)
    keep = timedelta(hours=settings.calls_keep_h)
    return _Workers(
        create_mail_worker(settings, database, counts.note_mail if counts else None),
        JobWorker(
            create_job_desk(settings, database, stop.is_set), counts.note_job if counts else None
        ),
        ReportWorker(FigureCounter(database)),
        JournalWorker(JournalKeeper(database, keep)),
    )


def _work(settings: Settings, stop: Event, workers: _Workers) -> None:
    """Deliver mail, do jobs, count and forget beside one another, until ``stop`` is set."""

    def work(run: Callable[[], None]) -> None:
        try:
            run()
        finally:
            # Whatever ends the one ends the others, so that all are started again.
            stop.set()

    others = (
        partial(workers.jobs.run, stop, settings.job_poll_s),
        partial(workers.reports.run, stop),
        # Not after each count: one of a million coupons takes half a minute.
        partial(workers.journal.run, stop),
    )
    threads = [Thread(target=work, args=(run,)) for run in others]
    for thread in threads:
        thread.start()
    work(partial(workers.mail.run, stop, settings.mail_poll_s))
    for thread in threads:
        thread.join()
