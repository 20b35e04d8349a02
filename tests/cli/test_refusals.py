"""What every command refuses alike: databases, settings, wrong use."""

import json

import pytest
from sqlalchemy import text

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
    assert refused.json["error"]["symbol"] == "DatabaseUnusable"


def test_a_database_that_cannot_be_written_is_refused(run, tmp_path):
    url = f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.db'}"
    refused = run("init", "--database", url, "--json", exit_code=1)
    assert refused.json["error"] == {
        "code": None,
        "symbol": "DatabaseUnusable",
        "message": "The database cannot be used.",
        "details": "unable to open database file",
    }


@pytest.mark.parametrize("url", ["nonsense", "cobol://host/database", "sqlite://"])
def test_a_url_of_no_database_is_wrong_use(run, url):
    assert "database URL" in run("token", "list", "--database", url, exit_code=2).stderr


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
        "meaning": "Number of threads of each worker process: so many calls run at once.",
    }
    assert settings["workers"]["source"] == "default"
    assert all(row["meaning"] for row in settings.values())
    assert "COUPON_BILLING_PUBLIC_URL" in run("config").stdout


def test_json_is_not_escaped_beyond_need(run, url):
    run("customer", "add", "--name", "N")
    add = "class add --customer 1 --type Retention --currency USD --amount 5 --name"
    run(add, "Frühling")
    listed = run("class", "list", "--customer", "1", "--json")
    assert "Frühling" in listed.stdout
    assert json.loads(listed.stdout)["classes"][0]["name"] == "Frühling"
