"""How an installation is broken, and which check of doctor must say so."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
import trustme
from joserfc.jwk import RSAKey
from sqlalchemy import event
from sqlalchemy.engine import make_url

from service.app import create_app
from service.cli.checkup import database as about_database
from service.cli.checkup.check import Finding, Installation, State, examine
from service.cli.checkup.table import CHECKS
from service.domain.roles import Role
from service.operations.creation_jobs import NewCreationJob, create_creation_job
from service.operations.dispatch_coupons import dispatch_coupons
from service.operations.users import add_user, issue_token
from service.settings import Settings
from service.storage.engine import Database
from service.storage.tables import audit, job, outbox
from tests.mail.server import MailServer
from tests.mail.server import running as running_mail_server
from tests.ports import free_port
from tests.programme import Clock, Programme

HOUR = timedelta(hours=1)
REFUSED = "550 not you"


@dataclass
class Patient:
    """An installation that is healthy until a test breaks something.

    Attributes:
        url: Its database.
        folder: For its mails, and whatever else the test needs.
        late: How much later than now it is looked at.
    """

    url: str
    folder: Path
    monkeypatch: pytest.MonkeyPatch
    database: Database
    settings: dict[str, Any] = field(default_factory=dict)
    late: timedelta = timedelta(0)

    def findings(self, name: str) -> list[Finding]:
        """What one check finds, and the vital ones before it."""
        now = datetime.now(timezone.utc) + self.late
        settings = Settings(
            **{"database": self.url, "mail_folder": self.folder / "mail", **self.settings}
        )
        found = examine(
            Installation(settings, self.database, now),
            [check for check in CHECKS if check.is_vital or check.name == name],
        )
        return [it for it in found if it.check == name]

    @property
    def programme(self) -> Programme:
        """A coupon programme of now, with whatever the operations can do."""
        return Programme(self.database, Clock(datetime.now(timezone.utc)))

    def listen(self, event_name: str, statement: str) -> None:
        """Run a statement on each connection that is opened from now on."""
        self.database.close()
        event.listen(
            self.database.engine, event_name, lambda connection, _: connection.execute(statement)
        )

    def alter(self, what: str) -> None:
        """Change a parameter of the PostgreSQL database, for connections from now on."""
        with self.database.writing() as connection:
            connection.exec_driver_sql(f"ALTER DATABASE {self.database.url.database} SET {what}")
        self.database.close()


Break = Callable[[Patient], Iterator[None]]


@dataclass(frozen=True)
class Breakage:
    """How something is broken, and which check must say so."""

    check: str
    state: State
    words: str
    engine_name: str
    inflict: Break


BREAKAGES: list[Breakage] = []


def breaks(
    check: str, words: str, state: State = State.WRONG, engine_name: str = "sqlite"
) -> Callable[[Break], Break]:
    """What follows breaks what a check looks at, up to its ``yield``."""

    def registered(inflict: Break) -> Break:
        BREAKAGES.append(Breakage(check, state, words, engine_name, inflict))
        return inflict

    return registered


@breaks("database", "there is no file")
def the_file_is_missing(patient: Patient) -> Iterator[None]:
    patient.database = Database(f"sqlite:///{patient.folder}/missing.db")
    yield
    assert not (patient.folder / "missing.db").exists()


@breaks("database", "file is not a database")
def the_file_is_something_else(patient: Patient) -> Iterator[None]:
    (patient.folder / "other.db").write_text("something else" * 1000, encoding="utf-8")
    patient.database = Database(f"sqlite:///{patient.folder}/other.db")
    yield
    patient.database.close()


@breaks("database", "cannot be used", engine_name="postgresql")
def the_server_is_away(patient: Patient) -> Iterator[None]:
    away = make_url(patient.url).set(host="127.0.0.1", port=free_port(), password="a secret")
    patient.database = Database(away.render_as_string(hide_password=False))
    yield
    assert "a secret" not in str(patient.findings("database"))


@breaks("tables", "another release")
@breaks("tables", "another release", engine_name="postgresql")
def the_tables_are_of_another_release(patient: Patient) -> Iterator[None]:
    with patient.database.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    yield


@breaks("writing", "cannot be written")
def the_file_is_read_only(patient: Patient) -> Iterator[None]:
    patient.listen("connect", "PRAGMA query_only = ON")
    yield


@breaks("writing", "permission denied", engine_name="postgresql")
def the_role_may_only_read(patient: Patient) -> Iterator[None]:
    role = f"reader_{patient.database.url.database}"
    with patient.database.writing() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN IN ROLE pg_read_all_data")
    reader = Database(patient.database.url.set(username=role).render_as_string())
    whole, patient.database = patient.database, reader
    try:
        yield
    finally:
        reader.close()
        with whole.writing() as connection:
            connection.exec_driver_sql(f"DROP ROLE {role}")


@breaks("durability", "synchronous is 0")
def sqlite_does_not_wait_for_the_disk(patient: Patient) -> Iterator[None]:
    patient.listen("connect", "PRAGMA synchronous = OFF")
    yield


@breaks("durability", "journal_mode is delete")
def sqlite_has_no_log(patient: Patient) -> Iterator[None]:
    patient.listen("connect", "PRAGMA journal_mode = DELETE")
    yield


@breaks("connections", "may need 8270", engine_name="postgresql")
def there_are_too_many_threads(patient: Patient) -> Iterator[None]:
    patient.settings.update(workers=64, threads=128)
    yield


@breaks("clock", "in the future")
def the_clock_went_back(patient: Patient) -> Iterator[None]:
    patient.programme.customer()
    patient.programme.change(audit, audit.c.audit_id > 0, at=datetime.now(timezone.utc) + HOUR)
    yield


@breaks("clock", "differ by 3", State.WARNING, "postgresql")  # by 3600 s, or a little less
def the_clocks_differ(patient: Patient) -> Iterator[None]:
    patient.late = HOUR
    yield


@breaks("file mode", "others than its owner", State.WARNING)
def others_can_read_the_file(patient: Patient) -> Iterator[None]:
    Path(str(patient.database.url.database)).chmod(0o640)
    yield


@breaks("file system", "network file system (nfs4)")
def the_file_is_on_another_machine(patient: Patient) -> Iterator[None]:
    mounts = patient.folder / "mounts"
    folder = Path(str(patient.database.url.database)).parent
    mounts.write_text(f"/dev/sda / ext4 rw 0 0\nhost:/x {folder} nfs4 rw 0 0\n", encoding="utf-8")
    patient.monkeypatch.setattr(about_database, "MOUNTS", mounts)
    yield


@breaks("disk space", "MiB are free")
def the_disk_is_full(patient: Patient) -> Iterator[None]:
    # No test fills a disk: this one asks for more than any has. One disk is told of once.
    patient.settings["mail_folder"] = Path(str(patient.database.url.database)).parent / "mail"
    patient.monkeypatch.setattr(about_database, "DISK_FREE_MIN_BYTES", 1 << 62)
    yield


@contextmanager
def answering(status: int, text: str, trust: ssl.SSLContext | None = None) -> Iterator[str]:
    """The address of a server of somebody else's, which says the same to everybody."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if trust is not None:
            server.socket = trust.wrap_socket(server.socket, server_side=True)
        with _served(server):
            yield f"127.0.0.1:{server.server_port}"


@contextmanager
def _served(server: Any) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


@breaks("bind", "nothing can listen")
def the_address_is_somebody_elses(patient: Patient) -> Iterator[None]:
    with answering(404, "hello") as address:
        patient.settings["bind"] = address
        yield


@breaks("bind", "is not an address")
def the_address_is_none(patient: Patient) -> Iterator[None]:
    patient.settings["bind"] = "8080"
    yield


class _SilentHandler(WSGIRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@contextmanager
def our_service(patient: Patient) -> Iterator[None]:
    """A service of ours at the address of the settings."""
    app = create_app(Settings(database=patient.url, log_level="error"))
    with make_server("127.0.0.1", 0, app, handler_class=_SilentHandler) as server, _served(server):
        patient.settings["bind"] = f"127.0.0.1:{server.server_port}"
        yield


@breaks("bind", "is not ready: database missing")
def our_service_there_is_ill(patient: Patient) -> Iterator[None]:
    with our_service(patient):
        assert [it.state for it in patient.findings("bind")] == [State.OK]
        with patient.database.writing() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
        yield


@breaks("public url", "public_url is not set", State.WARNING)
def the_public_address_is_not_known(patient: Patient) -> Iterator[None]:
    patient.settings["bind"] = "0.0.0.0:8080"
    yield


@breaks("public url", "in the clear", State.WARNING)
def the_public_address_is_not_protected(patient: Patient) -> Iterator[None]:
    patient.settings["public_url"] = "http://billing.example"
    yield


@breaks("public url", "more than scheme")
def the_public_address_has_a_query(patient: Patient) -> Iterator[None]:
    patient.settings["public_url"] = "https://billing.example/?key=1"
    yield


@breaks("public answer", "does not answer", State.WARNING)
def nobody_answers_at_the_public_address(patient: Patient) -> Iterator[None]:
    patient.settings["public_url"] = f"http://127.0.0.1:{free_port()}"
    yield


@contextmanager
def certified(patient: Patient, *, is_trusted: bool, days: int) -> Iterator[None]:
    """A public address with a certificate for so many days."""
    authority = trustme.CA()
    trust = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ends_at = datetime.now(timezone.utc) + timedelta(days=days, hours=1)
    authority.issue_cert("localhost", not_after=ends_at).configure_cert(trust)
    if is_trusted:
        path = patient.folder / "authority.pem"
        authority.cert_pem.write_to_path(str(path))
        patient.monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with answering(200, "ok\n", trust) as address:
        port = address.rpartition(":")[2]
        patient.settings["public_url"] = f"https://localhost:{port}"
        yield


@breaks("certificate", "ends in 3 days", State.WARNING)
def the_certificate_ends_soon(patient: Patient) -> Iterator[None]:
    with certified(patient, is_trusted=True, days=20):
        for name in ("certificate", "public url", "public answer"):
            assert [it.state for it in patient.findings(name)] == [State.OK]
    with certified(patient, is_trusted=True, days=3):
        yield


@breaks("certificate", "certificate verify failed")
def the_certificate_is_not_trusted(patient: Patient) -> Iterator[None]:
    with certified(patient, is_trusted=False, days=20):
        yield


@breaks("certificate", "tls_key.pem: ")
def the_certificate_is_none(patient: Patient) -> Iterator[None]:
    for name in ("tls_certificate", "tls_key"):
        patient.settings[name] = patient.folder / f"{name}.pem"
        patient.settings[name].write_text("no PEM", encoding="utf-8")
    yield


@contextmanager
def mail_server(patient: Patient) -> Iterator[MailServer]:
    """A mail server that the settings name."""
    with running_mail_server(MailServer()) as server:
        patient.settings.update(
            smtp_host="127.0.0.1",
            smtp_port=server.port,
            smtp_security="none",
            mail_sender="Contoso <coupons@example.com>",
            mail_timeout_s=5,
        )
        yield server


@breaks("mail server", REFUSED)
def the_mail_server_refuses_the_sender(patient: Patient) -> Iterator[None]:
    async def refuse(_address: str) -> str:
        return REFUSED

    with mail_server(patient) as server:
        assert [it.state for it in patient.findings("mail server")] == [State.OK]
        server.on_sender = refuse
        yield
        assert server.taken == []
        assert server.connections_count == 2


@breaks("mail server", "Connection refused")
def the_mail_server_is_away(patient: Patient) -> Iterator[None]:
    with mail_server(patient):
        pass
    yield


@breaks("mail folder", "cannot be written")
def nothing_can_be_written_there(patient: Patient) -> Iterator[None]:
    patient.settings["mail_folder"] = Path("/proc/mail")
    yield


@contextmanager
def own_template(patient: Patient, name: str, text: str) -> Iterator[None]:
    file = patient.folder / "templates" / name
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    patient.settings["mail_templates"] = patient.folder / "templates"
    yield


@breaks("mail templates", "dispatch.en.txt, line 3")
def a_template_fails_for_some_coupons(patient: Patient) -> Iterator[None]:
    text = "Subject: Hi\n{% if account_number %}\n{{ 1 / 0 }}\n{% endif %}\n"
    with own_template(patient, "spring/dispatch.en.txt", text):
        yield


@breaks("mail templates", "no mail is ever made from dispatch.txt", State.WARNING)
def a_template_has_no_language(patient: Patient) -> Iterator[None]:
    with own_template(patient, "job.de.txt", "Subject: Auftrag {{ job_id }}\n"):
        assert [it.state for it in patient.findings("mail templates")] == [State.OK]
        (patient.folder / "templates" / "dispatch.txt").touch()
        yield


@breaks("issuer", "has no key")
def the_issuer_has_no_keys(patient: Patient) -> Iterator[None]:
    key = RSAKey.generate_key(2048, {"kid": "1"}, private=False).as_dict(private=False)
    patient.settings.update(oauth_issuer="http://127.0.0.1:1", oauth_audience="coupons")
    with answering(200, json.dumps({"keys": [key]})) as address:
        patient.settings["oauth_jwks_url"] = f"http://{address}/keys"
        assert [it.state for it in patient.findings("issuer")] == [State.OK]
    with answering(200, json.dumps({"keys": []})) as address:
        patient.settings["oauth_jwks_url"] = f"http://{address}/keys"
        yield


@breaks("issuer", "http://127.0.0.1:1: ")
def the_issuer_is_away(patient: Patient) -> Iterator[None]:
    patient.settings.update(oauth_issuer="http://127.0.0.1:1", oauth_audience="coupons")
    yield


@breaks("redis", "does not answer", State.WARNING)
def the_redis_is_away(patient: Patient) -> Iterator[None]:
    patient.settings["redis_url"] = f"redis://127.0.0.1:{free_port()}"
    yield


def dispatched(patient: Patient) -> None:
    programme = patient.programme
    customer_id = programme.customer()
    programme.coupon_class(customer_id)
    programme.mint(customer_id)
    dispatch_coupons(programme.call(), ["anna@example.com"], customer_id, "Spring")


@breaks("outbox", "nobody delivers them: 1 wait")
def nobody_delivers_mail(patient: Patient) -> Iterator[None]:
    dispatched(patient)
    assert [it.state for it in patient.findings("outbox")] == [State.OK]
    patient.late = HOUR
    yield


@breaks("outbox", "1 mails have failed", State.WARNING)
def a_mail_has_failed(patient: Patient) -> Iterator[None]:
    dispatched(patient)
    patient.programme.change(outbox, outbox.c.message_id > 0, state="failed", last_error="no")
    yield


def job_created(patient: Patient) -> None:
    programme = patient.programme
    customer_id = programme.customer()
    programme.coupon_class(customer_id)
    new = NewCreationJob(customer_id=customer_id, class_name="Spring", number_of_coupons=20_001)
    create_creation_job(programme.call(), new)


@breaks("worker", "nobody works on it")
def nobody_works_on_jobs(patient: Patient) -> Iterator[None]:
    job_created(patient)
    assert [it.state for it in patient.findings("worker")] == [State.OK]
    patient.late = HOUR
    yield


@breaks("failed jobs", "job 1 failed", State.WARNING)
def a_job_has_failed(patient: Patient) -> Iterator[None]:
    job_created(patient)
    now = datetime.now(timezone.utc)
    patient.programme.change(job, job.c.job_id == 1, status="failed", ended_at=now)
    yield
    patient.late = timedelta(days=8)
    assert [it.state for it in patient.findings("failed jobs")] == [State.OK]


@breaks("tokens", "the developer token 1 of kim ends at", State.WARNING)
def a_token_ends_soon(patient: Patient) -> Iterator[None]:
    programme = patient.programme
    add_user(programme.call(), "kim", Role.OPERATOR, None)
    ends_at = programme.call().now + timedelta(days=15)
    issue_token(programme.call(), "kim", "developer", ends_at)
    assert [it.state for it in patient.findings("tokens")] == [State.OK]
    patient.late = timedelta(days=2)
    yield
