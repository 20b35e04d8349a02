"""Mails handed to an SMTP server."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from enum import Enum
from socket import SHUT_RDWR, socket
from threading import Timer
from typing import NamedTuple

from service.jobs.mail_values import one_line
from service.jobs.transport import DeliveryError, ServerUnavailableError

ATTEMPT_TIMEOUTS = 5
"""How many times the longest silence an attempt may last: a server that sends a byte
now and then is never silent, and would hold the worker for ever."""
CONNECTION_MAILS_MAX = 100
"""Mails on one connection; many servers end a connection that has had enough."""
_TAKEN = 250
_PERMANENT = 500
_STEPS: dict[type[Exception], str] = {
    smtplib.SMTPConnectError: "connection",
    smtplib.SMTPHeloError: "EHLO",
    smtplib.SMTPAuthenticationError: "AUTH",
    smtplib.SMTPSenderRefused: "MAIL FROM",
    smtplib.SMTPRecipientsRefused: "RCPT TO",
    smtplib.SMTPDataError: "DATA",
}
"""In which step an error is a refusal; any other refusal is that of STARTTLS."""


class Security(str, Enum):
    """How the connection is protected; a certificate that is not trusted ends it."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """Where mail is handed over.

    Attributes:
        user: Who signs in; None to send without.
        timeout_s: How long the server may be silent.
    """

    host: str
    port: int
    security: Security
    user: str | None
    password: str
    timeout_s: float


class SmtpTransport:
    """Hands mails to a server, many on one connection, and connects again after trouble."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self._client: smtplib.SMTP | None = None
        self._mails_count = 0

    def send(self, mail: EmailMessage) -> None:
        """Hand a mail over.

        Raises:
            ServerUnavailableError: No connection, no trust, no sign-in, or not this sender.
            DeliveryError: The server refused this mail, or was lost on the way.
        """
        if self._mails_count >= CONNECTION_MAILS_MAX:
            self.close()
        with self._time_limit():
            client = self._client or self._connect()
            try:
                client.send_message(mail)
            except (smtplib.SMTPException, OSError) as error:
                if client.sock is None:
                    self._drop()
                raise _refusal(error) from error
        self._mails_count += 1

    def offer(self, sender: str) -> None:
        """Go as far as the server's yes to a sender, then take leave; no mail is sent.

        Args:
            sender: The address that mails are from.

        Raises:
            ServerUnavailableError: No connection, no trust, no sign-in, or not this sender.
        """
        with self._time_limit():
            client = self._connect()
            try:
                client.ehlo_or_helo_if_needed()
                code, reply = client.mail(sender)
                if code != _TAKEN:
                    raise smtplib.SMTPSenderRefused(code, reply, sender)
            except (smtplib.SMTPException, OSError) as error:
                raise _refusal(error) from error
            finally:
                self.close()

    def close(self) -> None:
        """Take leave of the server."""
        if self._client is not None:
            with self._time_limit(), suppress(smtplib.SMTPException, OSError):
                self._client.quit()
        self._drop()

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        trust = ssl.create_default_context()
        if server.security is Security.TLS:
            self._client = smtplib.SMTP_SSL(timeout=server.timeout_s, context=trust)
        else:
            self._client = smtplib.SMTP(timeout=server.timeout_s)
        client = self._client
        # The name that the certificate must have. Only the constructor sets it, which
        # would connect at once, out of the time limit's reach.
        client._host = server.host  # type: ignore[attr-defined]  # noqa: SLF001
        try:
            client.connect(server.host, server.port)
            if server.security is Security.STARTTLS:
                client.starttls(context=trust)
            if server.user is not None:
                client.login(server.user, server.password)
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            told = _told(error)
            text = f"{server.host}:{server.port}: {told.text}"
            raise ServerUnavailableError(text, reason=told.reason) from error
        return client

    @contextmanager
    def _time_limit(self) -> Iterator[None]:
        """End the connection when what is done in the block takes too long."""
        timer = Timer(ATTEMPT_TIMEOUTS * self._server.timeout_s, self._interrupt)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _interrupt(self) -> None:
        connection = self._client and self._client.sock
        if connection:
            with suppress(OSError):
                socket.shutdown(connection, SHUT_RDWR)

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None
        self._mails_count = 0


def _refusal(error: Exception) -> DeliveryError:
    """What an error while a mail is handed over means for the mail."""
    told = _told(error)
    if isinstance(error, smtplib.SMTPSenderRefused):
        # The sender is that of every mail.
        return ServerUnavailableError(told.text, reason=told.reason)
    # An address that is not ASCII needs a server that takes such ones.
    is_permanent = isinstance(error, smtplib.SMTPNotSupportedError) or told.code >= _PERMANENT
    return DeliveryError(told.text, is_permanent=is_permanent, reason=told.reason)


class _Told(NamedTuple):
    """An error in words.

    Attributes:
        text: With what the server said.
        reason: Without: the step and the code, else the kind of the error.
        code: The server's reply code; 0 for none.
    """

    text: str
    reason: str
    code: int


def _told(error: Exception) -> _Told:
    reply: bytes | str
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        ((code, reply),) = error.recipients.values()
    elif isinstance(error, smtplib.SMTPResponseException):
        code, reply = error.smtp_code, error.smtp_error
    else:
        kind = type(error).__name__
        return _Told(one_line(f"{kind}: {error}"), kind, 0)
    step = _STEPS.get(type(error), "STARTTLS")
    said = reply.decode(errors="replace") if isinstance(reply, bytes) else reply
    return _Told(one_line(f"{step}: {code} {said}"), f"{step}: {code}", code)
