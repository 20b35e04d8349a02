"""How commands put the delivery of mail together from the settings."""

from datetime import timedelta
from email.headerregistry import Address

from service.domain.emails import wire_address
from service.jobs.mail_folder import MailFolder
from service.jobs.mail_templates import MailTemplates
from service.jobs.mail_worker import MailWorker, NoteAttempt
from service.jobs.smtp import ATTEMPT_TIMEOUTS, Security, SmtpServer, SmtpTransport
from service.jobs.transport import Transport
from service.operations.outbox import Outbox
from service.settings import Settings
from service.storage.engine import Database

LEASE_ATTEMPTS = 2
"""How many times the longest attempt a worker may keep a message."""


def create_mail_worker(
    settings: Settings, database: Database, note: NoteAttempt | None = None
) -> MailWorker:
    """The worker that the settings describe; ``note`` is told of each attempt."""
    return MailWorker(
        Outbox(database, timedelta(seconds=lease_s(settings)), settings.mail_attempts_max),
        MailTemplates(settings.mail_templates),
        _create_transport(settings),
        sender_address(settings),
        note,
    )


def lease_s(settings: Settings) -> float:
    """How long a worker may keep a message; killed before, it may send a mail twice."""
    return LEASE_ATTEMPTS * ATTEMPT_TIMEOUTS * settings.mail_timeout_s


def sender_address(settings: Settings) -> Address:
    """Whom mails are from."""
    sender = settings.mail_sender
    return Address(sender.name, addr_spec=wire_address(sender.email))


def where_mail_goes(settings: Settings) -> str:
    """One line for whoever starts the delivery of mail."""
    if settings.smtp_host is None:
        return f"Mail      written as files into {settings.mail_folder.resolve()}"
    return f"Mail      sent through {settings.smtp_host}:{settings.smtp_port}"


def _create_transport(settings: Settings) -> Transport:
    return create_smtp_transport(settings) or MailFolder(settings.mail_folder)


def create_smtp_transport(settings: Settings) -> SmtpTransport | None:
    """What hands mails to the server that the settings name; None while they name none."""
    if settings.smtp_host is None:
        return None
    password = settings.smtp_password
    server = SmtpServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=Security(settings.smtp_security),
        user=settings.smtp_user,
        password=password.get_secret_value() if password else "",
        timeout_s=settings.mail_timeout_s,
    )
    return SmtpTransport(server)
