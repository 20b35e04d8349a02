"""A real mail server in a thread, which does as the test says and remembers what it took."""

import asyncio
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from threading import Thread
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from service.jobs.smtp import Security, SmtpServer

HOST = "127.0.0.1"
OK = "250 taken"
PATIENCE_S = 30
POLL_INTERVAL_S = 0.01
USER = "coupons"
PASSWORD = "long and secret"


@dataclass
class MailServer:
    """What a test sees of the server.

    Attributes:
        taken: Each mail that the server has taken over, in order.
        on_sender: Answers the reply to MAIL FROM.
        on_recipient: Answers the reply to RCPT TO.
        on_mail: Answers the reply to a mail's content; a reply of 250 takes it.
        is_for_unicode: Whether it takes addresses that are not ASCII.
        connections_count: How many were opened.
        envelope_recipients: Each address that a RCPT TO named and the server accepted.
    """

    security: Security = Security.NONE
    user: str | None = None
    password: str = ""
    port: int = 0
    taken: list[EmailMessage] = field(default_factory=list)
    on_sender: Callable[[str], Awaitable[str]] | None = None
    on_recipient: Callable[[str], Awaitable[str]] | None = None
    on_mail: "Callable[[SMTP, EmailMessage], Awaitable[str]] | None" = None
    is_for_unicode: bool = False
    connections_count: int = 0
    envelope_recipients: list[str] = field(default_factory=list)
    loop: asyncio.AbstractEventLoop = field(init=False, repr=False)

    def settings(self, timeout_s: float = 30) -> SmtpServer:
        """How the service is told of it."""
        return SmtpServer(
            host="localhost" if self.security is not Security.NONE else HOST,
            port=self.port,
            security=self.security,
            user=self.user,
            password=self.password,
            timeout_s=timeout_s,
        )

    def recipients(self) -> list[str]:
        """To whom the mails that were taken are, in order."""
        return [str(mail["To"]) for mail in self.taken]

    def after(self, delay_s: float, action: Callable[[], None]) -> None:
        """Do something later, from within ``on_recipient`` or ``on_mail``."""
        self.loop.call_later(delay_s, action)

    def wait_until_quiet(self) -> None:
        """Return when everything that was sent to the server is dealt with."""
        asyncio.run_coroutine_threadsafe(self._quiet(), self.loop).result(PATIENCE_S)

    async def _quiet(self) -> None:
        while len(asyncio.all_tasks()) > 1:
            await asyncio.sleep(POLL_INTERVAL_S)

    def mail_ids(self) -> Counter[str]:
        """How often a mail of each Message-ID was taken."""
        return Counter(str(mail["Message-ID"]) for mail in self.taken)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = await self.on_sender(address) if self.on_sender else OK
        if reply.startswith("250"):
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return reply

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        if self.user is not None and not session.authenticated:
            return "530 who are you?"
        reply = await self.on_recipient(address) if self.on_recipient else OK
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
            self.envelope_recipients.append(address)
        return reply

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, EmailMessage, policy=SMTP_POLICY)
        reply = await self.on_mail(server, mail) if self.on_mail else OK
        if reply.startswith("250"):
            self.taken.append(mail)
        return reply


def cut(server: SMTP) -> None:
    """End the connection without a word."""
    assert server.transport is not None
    server.transport.abort()


async def never(*_: object) -> str:
    """Say nothing, for as long as the server runs."""
    await asyncio.Event().wait()
    return OK


@contextmanager
def running(mail_server: MailServer, trust: ssl.SSLContext | None = None) -> Iterator[MailServer]:
    """Run the server; its port is free, and stays its own to the end of the block."""
    loop = mail_server.loop = asyncio.new_event_loop()

    def connect() -> SMTP:
        mail_server.connections_count += 1
        is_starttls = mail_server.security is Security.STARTTLS
        return SMTP(
            mail_server,
            hostname="mail.example.com",
            enable_SMTPUTF8=mail_server.is_for_unicode,
            tls_context=trust if is_starttls else None,
            require_starttls=is_starttls,
            authenticator=_authenticate,
            auth_require_tls=is_starttls,
            loop=loop,
        )

    secret = trust if mail_server.security is Security.TLS else None
    listening = loop.run_until_complete(
        loop.create_server(connect, HOST, mail_server.port, ssl=secret)
    )
    mail_server.port = listening.sockets[0].getsockname()[1]
    thread = Thread(target=loop.run_forever)
    thread.start()
    try:
        yield mail_server
    finally:
        asyncio.run_coroutine_threadsafe(_stop(listening), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _stop(listening: asyncio.Server) -> None:
    listening.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def _authenticate(
    _server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: Any
) -> AuthResult:
    is_right = data == LoginPassword(USER.encode(), PASSWORD.encode())
    return AuthResult(success=is_right, handled=is_right)
