"""doctor: each check finds a thing that is really broken, and nothing wrong before it breaks."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from service.cli.checkup import database as about_database
from service.cli.checkup.check import State
from service.cli.checkup.table import CHECKS, SETTINGS_CHECK
from service.cli.doctor import DATABASE_LIMITS
from service.storage.engine import Database
from tests.cli.breakages import BREAKAGES, Breakage, Patient
from tests.ports import free_port
from tests.storage.engines import ON_POSTGRESQL, ON_SQLITE


@pytest.fixture(autouse=True)
def large_disks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The disks of the tests may be small."""
    monkeypatch.setattr(about_database, "DISK_FREE_MIN_BYTES", 1)


@pytest.fixture
def patient(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Patient]:
    """An installation with nothing wrong, looked at through a database of its own."""
    database = Database(database_url, DATABASE_LIMITS)
    settings = {"bind": f"127.0.0.1:{free_port()}"}
    yield Patient(database_url, tmp_path, monkeypatch, database, settings)
    database.close()


@pytest.mark.parametrize(
    ("engine_name", "breakage"),
    [pytest.param(it.engine_name, it, id=it.inflict.__name__) for it in BREAKAGES],
    indirect=["engine_name"],
    # As long as the fixture lasts: else each test has an engine, and its tables, of its own.
    scope="session",
)
def test_what_breaks_is_found(
    patient: Patient, breakage: Breakage, closed_applications: None
) -> None:
    whole = patient.database
    assert [it.state for it in patient.findings(breakage.check)] == [State.OK]
    with contextmanager(breakage.inflict)(patient):
        (found,) = patient.findings(breakage.check)
        assert (found.state, breakage.words in str(found.what)) == (breakage.state, True), found
        assert found.remedy
    whole.close()


@ON_POSTGRESQL
def test_a_server_that_does_not_wait_for_the_disk_is_found(patient: Patient) -> None:
    def found() -> list[str]:
        return [str(it.what).partition(":")[0] for it in patient.findings("durability")]

    # The server of the tests is such a one.
    assert found() == ["fsync is off"]
    patient.alter("synchronous_commit = off")
    assert sorted(found()) == ["fsync is off", "synchronous_commit is off"]


def test_there_is_something_broken_for_each_check() -> None:
    assert {it.check for it in BREAKAGES} == {check.name for check in CHECKS}


@pytest.fixture
def at_home(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The settings of a healthy installation."""
    monkeypatch.setenv("COUPON_BILLING_MAIL_FOLDER", str(tmp_path / "mail"))
    monkeypatch.setenv("COUPON_BILLING_BIND", f"127.0.0.1:{free_port()}")
    return url


@ON_SQLITE
def test_a_healthy_installation_passes(run, at_home: str, tmp_path: Path) -> None:
    told = run("doctor --json").json
    assert told["is_healthy"]
    assert {it["state"] for it in told["findings"]} == {"ok"}
    assert [it["check"] for it in told["findings"]] == [SETTINGS_CHECK, *(it.name for it in CHECKS)]
    assert run("doctor").stdout == f"{len(CHECKS) + 1} ok, 0 warning, 0 wrong, 0 not done\n"
    assert not (tmp_path / "mail").exists()


@ON_SQLITE
def test_a_slip_of_the_pen_in_a_setting_is_a_warning(run, at_home: str, monkeypatch) -> None:
    monkeypatch.setenv("COUPON_BILLING_SMTP_HSOT", "mail.example")
    shown = run("doctor").stdout
    assert "COUPON_BILLING_SMTP_HSOT is no setting" in shown
    assert "0 wrong" in shown


def test_settings_that_cannot_be_read_are_all_told(run, monkeypatch) -> None:
    monkeypatch.setenv("COUPON_BILLING_WORKERS", "many")
    monkeypatch.setenv("COUPON_BILLING_DATABASE", "mysql://root:secret@db/x")
    refused = run("doctor --json", exit_code=1)
    wrong = [it["what"] for it in refused.json["findings"] if it["state"] == "wrong"]
    assert [it.partition(":")[0] for it in wrong] == [
        "COUPON_BILLING_DATABASE",
        "COUPON_BILLING_WORKERS",
    ]
    assert "secret" not in refused.stdout + refused.stderr


def test_what_depends_on_a_missing_database_is_not_done(run, tmp_path: Path) -> None:
    missing = tmp_path / "missing.db"
    refused = run("doctor --json --database", f"sqlite:///{missing}", exit_code=1)
    states = {it["check"]: it["state"] for it in refused.json["findings"]}
    about_data = {check.name for check in CHECKS if check.is_about_data}
    assert {name for name, state in states.items() if state == "not done"} == about_data
    assert not refused.json["is_healthy"]
    assert not missing.exists()
