"""Jobs and mails that are not done, in words."""

from service.console.formatting import instant, number
from service.domain.figures import MAILS_COUNTED_MAX, JobFigures, MailFigures, ProgrammeFigures
from service.domain.jobs import JobStatus

Facts = list[tuple[str, str]]
"""Pairs of a name and a value, as the macro ``facts`` shows them."""


def work_facts(programme: ProgrammeFigures) -> Facts:
    """What is at work, what failed, and since when something waits."""
    mail = [] if programme.mail is None else _mail_facts(programme.mail)
    return _job_facts(programme.jobs) + mail


def _job_facts(jobs: JobFigures) -> Facts:
    facts = [
        (title, number(jobs.counts.get(status.value, 0)))
        for title, status in (
            ("Jobs at work", JobStatus.PENDING),
            ("Jobs that failed", JobStatus.FAILED),
            ("Jobs out of codes", JobStatus.PATTERN_FULL),
        )
    ]
    if jobs.oldest_pending_at is not None:
        facts.append(("Oldest job since", instant(jobs.oldest_pending_at)))
    return facts


def _mail_facts(mail: MailFigures) -> Facts:
    facts = [("Mails to send", _bounded(mail.queued)), ("Mails that failed", _bounded(mail.failed))]
    if mail.due_since is not None:
        facts.append(("Oldest mail due", instant(mail.due_since)))
    return facts


def _bounded(count: int) -> str:
    return number(count) if count < MAILS_COUNTED_MAX else f"{number(count)} or more"
