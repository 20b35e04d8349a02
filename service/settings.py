"""Every setting of the service, with its unit and bounds; the only reader of the environment."""

import os
import unicodedata
from importlib.util import find_spec
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    DirectoryPath,
    Field,
    FilePath,
    HttpUrl,
    NameEmail,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

ENVIRONMENT_PREFIX = "COUPON_BILLING_"
_DATABASE_DRIVERS = frozenset({"sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg"})
_LOOPBACK = frozenset({"127.0.0.1", "[::1]", "localhost"})
_REDIS_SCHEMES = ("redis://", "rediss://", "redis+unix://")
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


def _require_redis_url(text: str) -> str:
    if not text.startswith(_REDIS_SCHEMES):
        raise ValueError("use a URL such as redis://:password@host:6379/0")
    if find_spec("redis") is None:
        raise ValueError("redis_url needs more: python3 -m pip install '.[redis]'")
    return text


def _split(value: object) -> object:
    """A list as people write it in one line."""
    if not isinstance(value, str):
        return value
    return [it.strip() for it in value.split(",") if it.strip()]


def _require_issuer_url(text: str) -> str:
    try:
        url = HttpUrl(text)
    except ValidationError:
        raise ValueError("use a URL such as https://issuer.example") from None
    if url.scheme != "https" and url.host not in _LOOPBACK:
        raise ValueError("use https: whoever can change what it answers can sign in as anybody")
    # As it was written: the tokens of the issuer name it by the very same text.
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


def traces_wanted() -> bool:
    """Whether the variables of OpenTelemetry, which are its own, name where traces are sent."""
    endpoints = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
    is_off = (
        os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
        or os.environ.get("OTEL_TRACES_EXPORTER", "otlp") != "otlp"
    )
    return not is_off and any(os.environ.get(name) for name in endpoints)


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
    """How many requests a worker process works on at once; others wait for a place."""
    authentication_age_s: Annotated[float, Field(ge=0, le=60)] = 2
    """For how long a caller that was admitted is admitted again without a look at the database,
    in seconds: for that long a token may still be taken after it was revoked, and a password
    after it was changed. 0 looks for each call."""
    oauth_issuer: Annotated[str, AfterValidator(_require_issuer_url)] | None = None
    """URL of an OAuth issuer whose tokens are taken as ``AuthenticationToken``, exactly as the
    ``iss`` of its tokens has it; unset, only the service's own tokens are. It needs the extra
    ``oauth``."""
    oauth_jwks_url: Annotated[str, AfterValidator(_require_issuer_url)] | None = None
    """Where the issuer publishes its keys; unset, its discovery document under
    ``/.well-known/openid-configuration`` says where."""
    oauth_audience: str | None = None
    """What the issuer calls this service: the ``aud`` of the tokens that are for it. It is to be
    set with ``oauth_issuer``."""
    oauth_user_claim: Annotated[str, Field(min_length=1)] = "sub"
    """The claim of the issuer's tokens that has the name of a user of the service. Take one that
    nobody but the issuer can choose."""
    oauth_timeout_s: Annotated[float, Field(ge=0.1, le=60)] = 5
    """How long a call may wait for the issuer when its token names a key that is not known, in
    seconds."""
    public_url: HttpUrl | None = None
    """Address under which clients see the service, such as ``https://billing.example``.
    The published WSDL names it; unset, the WSDL names what each request asked."""
    trusted_proxies: Annotated[
        tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_split)
    ] = ()
    """Addresses and networks of the proxies before the service, separated by commas, such as
    ``10.0.0.7, 10.1.0.0/16``. What they tell of a client in ``X-Forwarded-For``, ``-Proto``,
    ``-Host`` and ``-Prefix`` is believed, and from nobody else."""
    tls_certificate: FilePath | None = None
    """PEM file of the certificate with which ``serve`` speaks HTTPS, those of its issuers after
    it; unset, it speaks HTTP. The file is read anew on SIGHUP."""
    tls_key: FilePath | None = None
    """PEM file of the private key of ``tls_certificate``, without a password."""
    # The environment has text, which is not one of the two numbers until it is read.
    fault_http_status: Annotated[Literal[200, 500], BeforeValidator(int)] = 500
    """HTTP status of SOAP faults; 200 is what the original has been seen to send."""
    metrics_bind: str | None = None
    """Address and port on which ``serve`` and ``worker`` tell Prometheus their metrics, such as
    ``127.0.0.1:9464``; whoever reaches it reads them. Unset, nothing is counted."""
    metrics_folder: Path | None = None
    """Where ``serve`` and ``worker`` each make a folder for what their processes count, in some
    files of 512 KiB, and remove it; unset, where temporary files are."""
    log_level: Literal["info", "warning", "error"] = "info"
    """Least severe lines of the log, which is JSON on standard error: ``info`` has a line for
    each call, ``warning`` why it is not ready, ``error`` failures of the service itself."""
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
    body_timeout_s: Annotated[float, Field(ge=0.1, le=300)] = 20
    """How long the body of a request to ``serve`` may take to arrive, in seconds; then it answers
    408 and closes the connection."""
    header_timeout_s: Annotated[float, Field(ge=1, le=60)] = 30
    """How long ``serve`` waits for the headers of a request to arrive, in seconds, and for the
    next request of a connection; then it closes the connection."""
    header_bytes_max: Annotated[int, Field(ge=8192, le=2**20)] = 65_536
    """Most bytes of the headers of a request; ``serve`` answers 431 to more, and to more than 100
    headers."""
    connections_max: Annotated[int, Field(ge=128, le=16_384)] = 1_024
    """How many connections each worker process of ``serve`` has open at once; others wait until
    one is closed."""
    worker_memory_max_mib: Annotated[int, Field(ge=64, le=2**20)] = 2_048
    """How much memory a worker process of ``serve`` may have, in MiB; each half minute the service
    looks, and puts another one in the place of one that has more, which answers the calls at hand
    first. Some 200 to 300 are what one needs."""
    user_calls_per_minute: Annotated[int, Field(ge=1, le=6000)] | None = None
    """How many SOAP calls a user may make within any minute, by whichever of its tokens; then
    they are refused with ``CallRateExceeded``. Unset, as many as it likes."""
    customer_calls_per_minute: Annotated[int, Field(ge=1, le=6000)] | None = None
    """The same for all users of a customer together. A call counts for each customer to which
    its user belongs; operators belong to none."""
    customer_calls_at_once: Annotated[int, Field(ge=1, le=128)] | None = None
    """How many SOAP calls of a customer's users each worker process answers at once, counted by
    itself; others are refused with ``ConcurrentRequestOverLimit``. To be felt it must be less
    than ``threads``. Unset, as many as come."""
    failures_per_minute: Annotated[int, Field(ge=1, le=1000)] = 10
    """How many attempts to sign in may fail within any minute: in the console with one user name
    or from one address, over SOAP with developer tokens of one user; and how many attempts of a
    user to redeem or claim a coupon that is not there or not its own. Then all are refused with
    ``CallRateExceeded``."""
    redis_url: Annotated[str, AfterValidator(_require_redis_url)] | None = None
    """Where calls are counted, such as ``redis://:password@host:6379/0``; unset, in the database,
    or in the process while there is one worker with SQLite. It needs the extra ``redis``."""
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
    console_secret_before: Annotated[SecretStr, Field(min_length=32)] | None = None
    """What also verifies the sessions of the console and signs none, while ``console_secret``
    changes. It is never printed."""

    @model_validator(mode="after")
    def _require_whole_certificate(self) -> "Settings":
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key are set together")
        return self

    @model_validator(mode="after")
    def _require_signing_secret(self) -> "Settings":
        if self.console_secret is None and self.console_secret_before is not None:
            raise ValueError("console_secret must be set with console_secret_before")
        return self

    @model_validator(mode="after")
    def _require_usable_issuer(self) -> "Settings":
        if self.oauth_issuer is None:
            return self
        if not self.oauth_audience:
            raise ValueError("oauth_audience must be set with oauth_issuer")
        if find_spec("joserfc") is None:
            raise ValueError("oauth_issuer needs more: python3 -m pip install '.[oauth]'")
        return self

    @model_validator(mode="after")
    def _require_usable_mail(self) -> "Settings":
        if self.smtp_host is not None and "mail_sender" not in self.model_fields_set:
            raise ValueError("mail_sender must be set with smtp_host")
        if (self.smtp_user is None) != (self.smtp_password is None):
            raise ValueError("smtp_user and smtp_password are set together")
        if self.smtp_user is not None and self.smtp_security == "none":
            raise ValueError("smtp_user signs in over starttls or tls only")
        return self

    @property
    def local_scheme(self) -> str:
        """What ``serve`` speaks itself, whatever a proxy before it speaks."""
        return "http" if self.tls_certificate is None else "https"

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


def unknown_variables() -> list[str]:
    """Variables that look like settings and are none: a slip of the pen is silent otherwise."""
    known = {f"{ENVIRONMENT_PREFIX}{name}".upper() for name in Settings.model_fields}
    alike = (name for name in os.environ if name.upper().startswith(ENVIRONMENT_PREFIX))
    return sorted(name for name in alike if name.upper() not in known)


def _printable(name: str, value: object) -> object:
    """The value without passwords; those that are settings of their own hide themselves."""
    if name in {"database", "redis_url"} and value is not None:
        return printable_url(make_url(str(value)))
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return value if isinstance(value, str | int | None) else str(value)
