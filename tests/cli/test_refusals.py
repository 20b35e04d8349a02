"""What every command refuses alike: databases, settings, wrong use."""

import inspect
import json
import subprocess
import sys
from typing import get_args

import pytest
from pydantic import ValidationError
from sqlalchemy import text
from typer.testing import CliRunner

from service.cli.main import app
from service.cli.options import COUNT_MAX
from service.domain.numbers import ID_MAX
from service.settings import Settings
from service.storage.engine import Database

EVERY_COMMAND_ON_DATA = [
    "customer add --name N",
    "account add --customer 1 --number X0000009 --currency USD",
    "account list --customer 1",
    "user add --name N --role Operator",
    "token issue --user operator --kind developer",
    "token list",
    "token revoke 1",
    "class add --customer 1 --name N --type Retention --currency USD --amount 5",
    "class list --customer 1",
    "class show --customer 1 --name N",
    "class update --customer 1 --name N",
    "class retire --customer 1 --name N",
    "mint --customer 1 --class N --count 1",
    "coupon search --customer 1",
    "coupon show CODE",
    "coupon redeem --account 1 CODE",
    "coupon dispatch --customer 1 --class N a@example.com",
]


@pytest.mark.parametrize("command", EVERY_COMMAND_ON_DATA)
def test_a_missing_database_is_refused_and_not_made(run, tmp_path, command):
    path = tmp_path / "missing.db"
    refused = run(command, "--database", f"sqlite:///{path}", "--json", exit_code=1)
    assert refused.json["error"]["symbol"] == "DatabaseNotInitialised"
    assert "coupon-billing init" in refused.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "command",
    [
        "coupon show",
        "spend record --account 1 --amount 5 --reference",
        "customer add --name",
        "init --database",
    ],
)
def test_what_is_no_text_is_refused(run, command):
    # As Python hands over a byte that is none.
    refused = run(command, "A\udcff", exit_code=2)
    assert (refused.stdout, "is not text" in refused.stderr) == ("", True)


def test_bytes_that_are_no_text_are_shown():
    typed = [sys.executable, "-m", "service.cli", "coupon", "show", b"A\xff"]
    done = subprocess.run(typed, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert r"'A\udcff' is not text" in done.stderr
    assert "Traceback" not in done.stderr


def test_serve_refuses_a_missing_database(run, tmp_path):
    refused = run("serve", "--database", f"sqlite:///{tmp_path / 'missing.db'}", exit_code=1)
    assert "coupon-billing init" in refused.stderr
    assert not list(tmp_path.iterdir())


def test_a_database_of_another_release_is_refused(run, url):
    database = Database(url)
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'of_tomorrow'"))
    database.close()
    refused = run("token", "list", "--json", exit_code=1)
    assert refused.json["error"]["symbol"] == "DatabaseNotInitialised"
    assert run("init", "--json", exit_code=1).json["error"]["symbol"] == "DatabaseUnusable"


def test_what_is_no_database_is_refused(run, tmp_path):
    path = tmp_path / "letter.db"
    path.write_text("Dear Sir or Madam, " * 100)
    refused = run("token", "list", "--database", f"sqlite:///{path}", "--json", exit_code=1)
    assert refused.json["error"]["symbol"] == "ServiceUnavailable"


def test_a_database_that_cannot_be_written_is_refused(run, tmp_path):
    url = f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.db'}"
    refused = run("init", "--database", url, "--json", exit_code=1)
    assert refused.json["error"] == {
        "code": 90023,
        "symbol": "ServiceUnavailable",
        "message": "The service cannot use its database.",
        "details": "unable to open database file",
    }


@pytest.mark.parametrize(
    "url",
    [
        *("/tmp/x.db", "x.db", "", "sqlite://", "sqlite:///", "sqlite:///:memory:"),
        *("postgresql://host", "postgresql+psycopg2://host/name", "cobol://host/database"),
    ],
)
def test_what_is_no_url_of_a_lasting_database_is_wrong_use(run, url):
    refused = run("token", "list", "--database", url, exit_code=2)
    assert "--database: use a URL such as sqlite:////path/to/file.db" in refused.stderr


def test_an_option_that_the_driver_does_not_know_is_refused(run):
    url = "postgresql://127.0.0.1/coupons?odd=1"
    refused = run("token", "list", "--database", url, "--json", exit_code=1)
    assert refused.json["error"]["symbol"] == "DatabaseUnusable"
    assert "odd" in refused.json["error"]["details"]


def test_a_wrong_url_is_not_quoted(run, monkeypatch):
    monkeypatch.setenv("COUPON_BILLING_DATABASE", "postgresql:/kim:s3cret@host/coupons")
    refused = run("config", exit_code=2)
    assert "COUPON_BILLING_DATABASE" in refused.stderr
    assert "s3cret" not in refused.stderr
    with pytest.raises(ValidationError) as error:
        Settings()
    assert "s3cret" not in str(error.value)


def test_a_wrong_setting_is_wrong_use(run, monkeypatch):
    monkeypatch.setenv("COUPON_BILLING_WORKERS", "many")
    assert "COUPON_BILLING_WORKERS" in run("config", exit_code=2).stderr


@pytest.mark.parametrize(
    "command",
    [
        "nonsense",
        "customer add",
        "token list --nonsense",
        "token issue --user operator --kind nonsense",
        "coupon redeem CODE --account nonsense",
        "coupon search --customer 1 --starts-from nonsense",
        "class update --customer 1 --name N --amount nonsense",
        "class update --customer 1 --name N --end 2026-02-30",
    ],
)
def test_wrong_use_has_its_own_exit_code(run, url, command):
    wrong = run(command, exit_code=2)
    assert wrong.stdout == ""
    assert "Error" in wrong.stderr


def test_config_tells_every_setting_and_its_source(run, monkeypatch):
    monkeypatch.setenv("COUPON_BILLING_THREADS", "3")
    settings = {row["name"]: row for row in run("config", "--json").json["settings"]}
    assert settings.keys() == Settings.model_fields.keys()
    assert settings["threads"] == {
        "name": "threads",
        "variable": "COUPON_BILLING_THREADS",
        "value": 3,
        "source": "environment",
        "meaning": (
            "How many requests a worker process works on at once; others wait for a place."
        ),
    }
    assert settings["workers"]["source"] == "default"
    assert all(row["meaning"] for row in settings.values())
    assert "COUPON_BILLING_PUBLIC_URL" in run("config").stdout


@pytest.mark.parametrize("option", [[], ["--json"]])
def test_config_prints_no_password(run, monkeypatch, option):
    values = {
        "DATABASE": "postgresql://kim:s3cret-1@host/coupons?sslmode=require&password=s3cret-2",
        "MAIL_SENDER": "coupons@contoso.example",
        "SMTP_HOST": "mail.contoso.example",
        "SMTP_PASSWORD": "s3cret-3",
        "SMTP_USER": "kim",
    }
    for name, value in values.items():
        monkeypatch.setenv(f"COUPON_BILLING_{name}", value)
    shown = run("config", *option).stdout
    assert "s3cret" not in shown
    assert "postgresql://kim:***@host/coupons?sslmode=require" in shown


ADD_CLASS = "class add --customer 1 --name N --type Retention --currency USD --amount 5"


def numbers_of(group, words=()):
    """Every option and argument that is a whole number; settings have bounds of their own."""
    for inner in group.registered_groups:
        yield from numbers_of(inner.typer_instance, (*words, inner.name))
    for command in group.registered_commands:
        for parameter in inspect.signature(command.callback).parameters.values():
            kind, option = get_args(parameter.annotation)
            if int in {kind, *get_args(kind)} and parameter.name not in Settings.model_fields:
                name = " ".join((*words, command.callback.__name__, parameter.name))
                yield pytest.param(option, id=name)


@pytest.mark.parametrize("option", list(numbers_of(app)))
def test_every_number_has_a_bound_that_the_database_can_hold(option):
    assert option.max <= (ID_MAX if "ID" in option.metavar else COUNT_MAX)


@pytest.mark.parametrize(
    "command",
    [
        "account list --customer {}",
        "class list --customer {}",
        f"{ADD_CLASS} --feature {{}}",
        f"{ADD_CLASS} --active-days {{}}",
        "coupon redeem CODE --account {}",
        "coupon search --customer 1 --page {}",
        "coupon search --customer 1 --size {}",
        "coupon distribute --customer 1 --class N -- {}",
        "mint --customer 1 --class N --count {}",
        "spend record --account {} --amount 1 --reference R",
        "token revoke -- {}",
        "user add --name N --role Standard --customer {}",
    ],
)
@pytest.mark.parametrize(("number", "exit_code"), [(2**63, 2), (-(2**63) - 1, None)])
def test_numbers_out_of_bounds_are_refused(url, command, number, exit_code):
    result = CliRunner().invoke(app, command.format(number).split())
    assert isinstance(result.exception, SystemExit)
    assert result.exit_code in {exit_code or 1, 2}


def test_json_is_not_escaped_beyond_need(run, url):
    run("customer", "add", "--name", "N")
    add = "class add --customer 1 --type Retention --currency USD --amount 5 --name"
    run(add, "Frühling")
    listed = run("class", "list", "--customer", "1", "--json")
    assert "Frühling" in listed.stdout
    assert json.loads(listed.stdout)["classes"][0]["name"] == "Frühling"
