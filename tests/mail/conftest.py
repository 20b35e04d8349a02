"""A mail server, messages to deliver, and the worker that delivers them."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from email.headerregistry import Address
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import trustme
from structlog.testing import capture_logs

from service.domain.mail import MessageState
from service.jobs.mail_templates import MailTemplates
from service.jobs.mail_worker import MailWorker
from service.jobs.smtp import SmtpTransport
from service.jobs.transport import Transport
from service.operations.dispatch_coupons import dispatch_coupons
from service.operations.outbox import Outbox
from service.storage.tables import outbox
from tests.mail.server import MailServer, running
from tests.programme import Programme

LEASE = timedelta(minutes=5)
SENDER = Address("Contoso", addr_spec="coupons@example.com")


@dataclass
class MailRoom:
    """An outbox on the test's database, and what happens with it."""

    programme: Programme
    customer_id: int

    def dispatch(self, *emails: str, name: str = "Spring") -> list[int]:
        """Queue a mail for each address: the numbers of the new messages."""
        before = len(self.rows())
        errors = dispatch_coupons(self.programme.call(), list(emails), self.customer_id, name)
        assert errors == []
        return [row["message_id"] for row in self.rows()[before:]]

    def rows(self) -> list[dict[str, Any]]:
        """The messages, oldest first."""
        return self.programme.rows(outbox)

    def states(self) -> list[str]:
        """The states of the messages, oldest first."""
        return [row["state"] for row in self.rows()]

    def outbox(self, attempts_max: int = 16) -> Outbox:
        """The outbox as a worker sees it, under the test's clock."""
        return Outbox(self.programme.database, LEASE, attempts_max, self.programme.clock)

    def worker(
        self, transport: Transport, templates: Path | None = None, attempts_max: int = 16
    ) -> MailWorker:
        return MailWorker(self.outbox(attempts_max), MailTemplates(templates), transport, SENDER)

    def drain(self, transport: Transport, **options: Any) -> dict[MessageState, int]:
        """Deliver what is due; answers how many attempts ended in which state."""
        worker = self.worker(transport, **options)
        worker.drain(Event())
        return dict(worker.outcomes)

    def send(
        self, server: MailServer, timeout_s: float = 30, **options: Any
    ) -> dict[MessageState, int]:
        """Deliver what is due to a mail server."""
        return self.drain(SmtpTransport(server.settings(timeout_s)), **options)


@pytest.fixture
def room(programme: Programme) -> MailRoom:
    """An outbox, and a class Spring with 20 coupons."""
    customer_id = programme.customer()
    programme.coupon_class(customer_id)
    programme.mint(customer_id, count=20)
    return MailRoom(programme, customer_id)


@pytest.fixture
def server() -> Iterator[MailServer]:
    """A mail server that takes everything, in clear."""
    with running(MailServer()) as mail_server:
        yield mail_server


@pytest.fixture
def logged() -> Iterator[list[Any]]:
    """What is logged during the test."""
    with capture_logs() as lines:
        yield lines


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Who issues the certificates."""
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes this machine trust the authority."""
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    monkeypatch.setenv("SSL_CERT_FILE", str(path))


@pytest.fixture(scope="session")
def certificate(authority: trustme.CA) -> ssl.SSLContext:
    """The server's side of a connection, with a certificate for localhost."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    return context
