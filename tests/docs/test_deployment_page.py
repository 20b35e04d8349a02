"""What the page about several machines says is so."""

import json
import re
import shlex
from inspect import getsource
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url
from typer.testing import CliRunner

from service import proxies
from service.cli.mail import LEASE_ATTEMPTS
from service.cli.main import app as command_line
from service.cli.serving import WORKER_STOP_TIMEOUT_S
from service.domain.errors import INVALID_CREDENTIALS, SERVICE_BUSY, SERVICE_UNAVAILABLE
from service.domain.refusals import ServiceError
from service.domain.roles import Credentials
from service.jobs.smtp import ATTEMPT_TIMEOUTS
from service.operations.authentication import Authenticator
from service.settings import ENVIRONMENT_PREFIX, Settings
from service.storage import engine
from service.storage.engine import Database

PAGE = (Path(__file__).parents[2] / "docs" / "deployment.md").read_text(encoding="utf-8")
DEFAULTS = Settings.model_construct()
ON_POSTGRESQL = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)


def blocks(language):
    return re.findall(rf"^ *```{language}\n(.*?)^ *```$", PAGE, re.MULTILINE | re.DOTALL)


def shown(database, name):
    with database.reading() as connection:
        return connection.exec_driver_sql(f"SHOW {name}").scalar_one()


@ON_POSTGRESQL
def test_the_parameters_of_a_connection(database_url):
    table = PAGE.partition("| Parameter | Value |")[2].partition("\n\n")[0]
    names = re.findall(r"^\| `(\w+)`", table, re.MULTILINE)
    database = Database(database_url)
    with database.writing() as connection:
        connection.exec_driver_sql("SELECT 1")
    try:
        told = {name: shown(database, name) for name in names[:9]}
    finally:
        database.close()
    assert told == {
        "statement_timeout": f"{DEFAULTS.statement_timeout_s // 60}min",
        "lock_timeout": f"{DEFAULTS.lock_timeout_s}s",
        "idle_in_transaction_session_timeout": f"{engine.IDLE_IN_TRANSACTION_TIMEOUT_S}s",
        "default_transaction_isolation": "read committed",
        "timezone": "UTC",
        "application_name": "coupon-billing",
        "jit": "off",
        "client_connection_check_interval": "2s",
        "tcp_keepalives_idle": "10",
    }
    assert names[9:] == ["connect_timeout", "tcp_user_timeout"]


@ON_POSTGRESQL
def test_the_statements_for_a_role(database_url, postgresql_server):
    role = f"coupons_{make_url(database_url).database}"
    (statements,) = blocks("sql")
    postgresql_server.execute(f"CREATE ROLE {role} LOGIN")
    try:
        for statement in statements.split(";")[:-1]:
            postgresql_server.execute(statement.replace("coupons", role))
    finally:
        postgresql_server.execute(f"DROP ROLE {role}")


@ON_POSTGRESQL
def test_the_setting_for_two_standbys(database_url, postgresql_server):
    (line,) = blocks("ini")
    name, value = line.strip().split(" = ")
    try:
        postgresql_server.execute(f"ALTER SYSTEM SET {name} = {value}")
    finally:
        postgresql_server.execute(f"ALTER SYSTEM RESET {name}")


def test_nothing_that_init_printed_is_accepted_any_more(database_url):
    environment = {f"{ENVIRONMENT_PREFIX}DATABASE": database_url}

    def type_in(line):
        done = CliRunner().invoke(
            command_line, shlex.split(f"{line} --json")[1:], env=environment, input="new\nnew\n"
        )
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout[done.stdout.index("{") :])

    first = type_in("coupon-billing init")
    (lines,) = blocks("console")
    told = [type_in(line) for line in lines.splitlines()]
    new = {it["kind"]: it["text"] for it in told if "text" in it}
    developer, authentication = new["developer"], new["authentication"]
    database = Database(database_url)
    authenticate = Authenticator(database)
    for credentials in (
        Credentials(first["developer_token"], authentication),
        Credentials(developer, first["authentication_token"]),
        Credentials(developer, None, first["user_name"], first["password"]),
    ):
        with pytest.raises(ServiceError) as refused:
            authenticate(credentials, "tracking id")
        assert refused.value.row is INVALID_CREDENTIALS
    for credentials in (
        Credentials(developer, authentication),
        Credentials(developer, None, first["user_name"], "new"),
    ):
        assert authenticate(credentials, "tracking id").caller.is_operator
    database.close()


def test_the_url_with_several_hosts():
    (line,) = re.findall(r"^postgresql://.+$", PAGE, re.MULTILINE)
    assert Settings(database=line).database == line
    hosts = make_url(line).query["host"]
    assert hosts == ("db-a:5432", "db-b:5432")


def test_the_numbers_of_the_page():
    attempt_s = ATTEMPT_TIMEOUTS * DEFAULTS.mail_timeout_s
    lease_min = LEASE_ATTEMPTS * attempt_s // 60
    signs = engine._SIGNS_OF_LIFE
    for sentence in (
        f"`{ATTEMPT_TIMEOUTS} x mail_timeout_s`, {attempt_s} s",
        f"`{LEASE_ATTEMPTS * ATTEMPT_TIMEOUTS} x mail_timeout_s`, {lease_min} minutes",
        f"calls at hand have {WORKER_STOP_TIMEOUT_S} seconds",
        f"`ServiceBusy` ({SERVICE_BUSY.code})",
        f"`ServiceUnavailable` ({SERVICE_UNAVAILABLE.code})",
        f"2 x 2 x {DEFAULTS.threads + 1} = {2 * 2 * (DEFAULTS.threads + 1)}",
        f"setting `statement_timeout_s`, {DEFAULTS.statement_timeout_s} s",
        f"setting `lock_timeout_s`, {DEFAULTS.lock_timeout_s} s",
        f"{engine.IDLE_IN_TRANSACTION_TIMEOUT_S} s: what a machine held that has vanished",
    ):
        assert sentence in PAGE
    asked_s = signs["keepalives_idle"] + signs["keepalives_interval"] * signs["keepalives_count"]
    assert max(asked_s, signs["tcp_user_timeout"] / 1000) == 25


def test_the_settings_of_the_page():
    named = re.findall(rf"{ENVIRONMENT_PREFIX}(\w+)", PAGE)
    assert {name.lower() for name in named} <= Settings.model_fields.keys()


def test_every_header_that_is_believed_is_set_by_the_proxies_shown():
    believed = set(re.findall(r"_value\w*\(environ, \"(\w+)\"", getsource(proxies)))
    named = {f"X-Forwarded-{name.title()}" for name in believed}
    assert len(named) == 4
    (nginx,) = blocks("nginx")
    haproxy = (Path(__file__).parents[2] / "deploy" / "haproxy.cfg").read_text(encoding="utf-8")
    assert set(re.findall(r"proxy_set_header (X-\S+)", nginx)) == named
    assert set(re.findall(r"(?:set|del)-header (X-\S+)", haproxy)) == named
    assert "option http-restrict-req-hdr-names delete" in haproxy
    assert set(re.findall(r"^\| `(X-\S+)` \|", PAGE, re.MULTILINE)) == named


def test_the_exports_of_the_page(tmp_path, monkeypatch):
    lines = "".join(blocks("sh")).replace("/etc/coupon-billing", str(tmp_path)).splitlines()
    for name in ("certificate.pem", "key.pem"):
        (tmp_path / name).touch()
    for line in lines:
        export, text = shlex.split(line)
        assert export == "export"
        monkeypatch.setenv(*text.split("=", 1))
    settings = Settings()
    assert settings.tls_certificate == tmp_path / "certificate.pem"
    assert settings.local_scheme == "https"
    assert list(map(str, settings.trusted_proxies)) == ["10.0.0.7/32", "10.1.0.0/16"]
