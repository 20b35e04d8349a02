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

from service.jobs.mail_values import one_line
from service.jobs.transport import DeliveryError, ServerUnavailableError

ATTEMPT_TIMEOUTS = 5
"""How many times the longest silence an attempt may last: a server that sends a byte
now and then is never silent, and would hold the worker for ever."""
CONNECTION_MAILS_MAX = 100
"""Mails on one connection; many servers end a connection that has had enough."""
_PERMANENT = 500


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
            ServerUnavailableError: No connection, no trust, or no sign-in.
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
            raise ServerUnavailableError(f"{server.host}:{server.port}: {_text(error)}") from error
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
    is_permanent = False
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        ((code, _),) = error.recipients.values()
        is_permanent = code >= _PERMANENT
    elif isinstance(error, smtplib.SMTPDataError):
        is_permanent = error.smtp_code >= _PERMANENT
    elif isinstance(error, smtplib.SMTPNotSupportedError):
        # The address is not ASCII, and the server takes only such ones.
        is_permanent = True
    return DeliveryError(_text(error), is_permanent=is_permanent)


def _text(error: Exception) -> str:
    """What the server said, else what went wrong."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        ((code, reply),) = error.recipients.values()
        return _reply("RCPT TO", code, reply)
    if isinstance(error, smtplib.SMTPResponseException):
        return _reply(type(error).__name__, error.smtp_code, error.smtp_error)
    return one_line(f"{type(error).__name__}: {error}")


def _reply(step: str, code: int, reply: bytes | str) -> str:
    text = reply.decode(errors="replace") if isinstance(reply, bytes) else reply
    return one_line(f"{step}: {code} {text}")
