"""Every setting of the service, with its unit and bounds; the only reader of the environment."""

import unicodedata
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    DirectoryPath,
    Field,
    HttpUrl,
    NameEmail,
    SecretStr,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

ENVIRONMENT_PREFIX = "COUPON_BILLING_"
_DATABASE_DRIVERS = frozenset({"sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg"})
_CONTROLS = frozenset({"Cc", "Cs", "Zl", "Zp"})


def _require_database_url(text: str) -> str:
    try:
        url = make_url(text)
    except ArgumentError:
        url = None
    # A database in memory is gone with its connection.
    is_in_memory = url is not None and url.database in {None, "", ":memory:"}
    if url is None or url.drivername not in _DATABASE_DRIVERS or is_in_memory:
        examples = "sqlite:////path/to/file.db or postgresql://user:password@host/name"
        raise ValueError(f"use a URL such as {examples}")
    return text


def _require_plain_sender(sender: NameEmail) -> NameEmail:
    if not sender.email.rpartition("@")[0].isascii():
        # Only some servers would take mails from it.
        raise ValueError("the part before the @ must be ASCII")
    # An encoded word may hold line breaks, which make headers of their own.
    is_plain = not any(unicodedata.category(it) in _CONTROLS for it in sender.name)
    if not is_plain or "=?" in sender.name:
        raise ValueError("the name must be on one line, without control characters and '=?'")
    return sender


def printable_url(url: URL) -> str:
    """The URL without its password, wherever drivers let it stand."""
    return url.difference_update_query(["password", "sslpassword"]).render_as_string()


class Settings(BaseSettings):
    """One frozen object, read once at the start.

    Each setting is the environment variable of its name in capitals after
    ``COUPON_BILLING_``, such as ``COUPON_BILLING_DATABASE``.
    """

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX,
        frozen=True,
        use_attribute_docstrings=True,
        # It may be a password.
        hide_input_in_errors=True,
    )

    database: Annotated[str, AfterValidator(_require_database_url)] = "sqlite:///coupon-billing.db"
    """SQLAlchemy URL of the database: ``sqlite:////path/to/file.db``, or
    ``postgresql://user:password@host/name``."""
    lock_timeout_s: Annotated[float, Field(ge=0.1, le=600)] = 30
    """How long each wait of a call may last, for a connection or for others at the same rows, in
    seconds; then it is refused with ``ServiceBusy``. A call may have to wait more than once."""
    statement_timeout_s: Annotated[float, Field(ge=0.1, le=3600)] = 60
    """How long a statement may run on PostgreSQL before it is given up, in seconds."""
    bind: str = "127.0.0.1:8080"
    """Address and port on which ``serve`` listens."""
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    """Number of worker processes."""
    threads: Annotated[int, Field(ge=1, le=128)] = 8
    """Number of threads of each worker process: so many calls run at once."""
    authentication_age_s: Annotated[float, Field(ge=0, le=60)] = 2
    """For how long a caller that was admitted is admitted again without a look at the database,
    in seconds: as long as that a token may still be taken after it was revoked or has expired,
    and a password after it was changed. 0 looks for each call."""
    public_url: HttpUrl | None = None
    """Address under which clients see the service, such as ``https://billing.example``.
    The published WSDL names it; unset, the WSDL names what each request asked."""
    # The environment has text, which is not one of the two numbers until it is read.
    fault_http_status: Annotated[Literal[200, 500], BeforeValidator(int)] = 500
    """HTTP status of SOAP faults; 200 is what the original has been seen to send."""
    log_level: Literal["info", "warning", "error"] = "info"
    """Least severe lines of the log, which is JSON on standard error: ``info`` has a line for
    each call, ``warning`` failed health checks, ``error`` failures of the service itself."""
    validate_responses: bool = False
    """Whether each reply is checked against the schemas before it leaves."""
    body_bytes_max: Annotated[int, Field(ge=1024, le=64 * 2**20)] = 262_144
    """Largest request body, in bytes."""
    depth_max: Annotated[int, Field(ge=8, le=255)] = 32
    """Deepest nesting of elements in a request."""
    elements_count_max: Annotated[int, Field(ge=16)] = 20_000
    """Most elements in a request."""
    attributes_count_max: Annotated[int, Field(ge=16)] = 2_000
    """Most attributes in a request, namespace declarations not counted."""
    idempotency_keep_h: Annotated[int, Field(ge=24, le=8760)] = 48
    """How long at least a request with an ``IdempotencyKey`` is remembered, in hours."""
    smtp_host: str | None = None
    """Mail server that takes the mails; unset, each mail is written as a file into
    ``mail_folder``."""
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = 587
    """Port of the mail server: mostly 587 for ``starttls``, 465 for ``tls``, 25 for ``none``."""
    smtp_security: Literal["none", "starttls", "tls"] = "starttls"
    """How the connection to the mail server is protected: not at all, by STARTTLS, or by TLS
    from its first byte. The server's certificate must be one that this machine trusts."""
    smtp_user: str | None = None
    """Who signs in to the mail server; unset, nobody does."""
    smtp_password: SecretStr | None = None
    """Password of ``smtp_user``; it is never printed."""
    mail_sender: Annotated[NameEmail, AfterValidator(_require_plain_sender)] = NameEmail(
        "coupon-billing", "coupons@coupon-billing.invalid"
    )
    """Whom mails are from, such as ``Contoso Coupons <coupons@contoso.example>``; to be set
    with ``smtp_host``."""
    mail_folder: Path = Path("mail")
    """Where mails are written as files while ``smtp_host`` is unset."""
    mail_templates: DirectoryPath | None = None
    """Folder of your own mail templates; unset, only those of the package are used."""
    mail_attempts_max: Annotated[int, Field(ge=1, le=100)] = 16
    """After how many attempts a mail has failed; 16 take about two days."""
    mail_timeout_s: Annotated[float, Field(ge=0.1, le=600)] = 30
    """How long the mail server may be silent, in seconds. An attempt lasts five times as long
    at most; a mail whose worker dies is tried again after ten times as long."""
    mail_poll_s: Annotated[float, Field(ge=0.1, le=3600)] = 2
    """How long the mail worker rests when no mail is due, in seconds."""

    creation_job_coupons_max: Annotated[int, Field(ge=20_001, le=5_000_000)] = 5_000_000
    """How many coupons one creation job makes at the most."""
    job_chunk_coupons: Annotated[int, Field(ge=1, le=500_000)] = 50_000
    """How many coupons a job makes or deletes in one transaction."""
    job_lease_s: Annotated[float, Field(ge=1, le=3600)] = 30
    """How long a worker may take from one chunk of a job to the next, in seconds; after that
    another worker takes the job."""
    job_attempts_max: Annotated[int, Field(ge=1, le=100)] = 10
    """After how many failed chunks a job has failed; 10 take about 10 minutes."""
    job_poll_s: Annotated[float, Field(ge=0.1, le=3600)] = 1
    """How long a worker rests when no job is due, in seconds."""

    calls_keep_h: Annotated[int, Field(ge=0, le=8760)] = 72
    """How long calls can be looked up in the console, in hours; 0 records none in the database.
    At most 10,000,000 are kept. The worker removes older ones."""
    console: bool = True
    """Whether the web console is served, under ``/console/``."""
    console_session_h: Annotated[float, Field(ge=0.1, le=168)] = 8
    """How long a session of the console lasts without a request, in hours."""
    console_secret: Annotated[SecretStr, Field(min_length=32)] | None = None
    """What signs the sessions of the console, 32 characters or more that nobody can guess; unset,
    it is drawn once and kept in the database, for every process and machine. It is never
    printed."""
    console_proxies_count: Annotated[int, Field(ge=0, le=10)] = 0
    """How many proxies stand before the service. Failed sign-ins are counted by the address that
    the outermost of them adds to ``X-Forwarded-For``; with 0, by that of the connection."""

    @model_validator(mode="after")
    def _require_usable_mail(self) -> "Settings":
        if self.smtp_host is not None and "mail_sender" not in self.model_fields_set:
            raise ValueError("mail_sender must be set with smtp_host")
        if (self.smtp_user is None) != (self.smtp_password is None):
            raise ValueError("smtp_user and smtp_password are set together")
        if self.smtp_user is not None and self.smtp_security == "none":
            raise ValueError("smtp_user signs in over starttls or tls only")
        return self

    def described(self) -> list[dict[str, object]]:
        """Each setting for people: name, variable, value, source and meaning.

        Passwords are masked.
        """
        return [
            {
                "name": name,
                "variable": ENVIRONMENT_PREFIX + name.upper(),
                "value": _printable(name, getattr(self, name)),
                "source": "environment" if name in self.model_fields_set else "default",
                "meaning": " ".join(str(field.description).replace("``", "").split()),
            }
            for name, field in type(self).model_fields.items()
        ]


def _printable(name: str, value: object) -> object:
    """The value without passwords; those that are settings of their own hide themselves."""
    if name == "database":
        return printable_url(make_url(str(value)))
    return value if isinstance(value, str | int | None) else str(value)
