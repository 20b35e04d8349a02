"""Metrics of real processes: they add up, outlive who counted, and reach who was meant."""

import os
import signal
import socket
from pathlib import Path

import httpx
import pytest

from service.metrics.starting import start_counting
from service.metrics.table import METRICS, Kind
from service.settings import Settings
from tests.observability.watched import Watched, names, scraped, wait_until, watched
from tests.reliability.scene import operator

# The processes count the same whatever the database is.
pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
SERVICE = "CustomerBillingService"
REDEEM = {"service": SERVICE, "operation": "RedeemCoupon"}
BROKEN = b"<broken"
CALLS_COUNT = 12
CONNECTIONS_MAX = 2 * (Settings.model_construct().threads + 1)
"""Of two processes that serve."""
SUFFIXES = {Kind.HISTOGRAM: ("_bucket", "_sum", "_count")}


@pytest.fixture
def redeem(programme) -> bytes:
    """A request that is carried out, and answered the same when it is sent again."""
    customer = programme.customer()
    return operator(programme).redeem(programme.account(customer), programme.coupon(customer))


def files(folder: Path) -> list[Path]:
    return list(folder.glob("coupon-billing-metrics-*/*.db"))


def counting(folder: Path) -> set[int]:
    """The processes that count."""
    return {int(path.stem.rpartition("_")[2]) for path in files(folder)}


def redeemed(service: Watched) -> float:
    return service.value("calls_total", **REDEEM, outcome="ok") or 0


def test_a_service_tells_what_it_does(database_url, programme, redeem, tmp_path):
    customer = programme.customer()
    programme.coupon_class(customer)
    programme.mint(customer)
    dispatch = operator(programme).dispatch(["anna@example.com"], customer, "Spring")
    strangers = strange_files(tmp_path)
    settings = {"MAIL_POLL_S": "0.1", "METRICS_FOLDER": str(tmp_path)}
    with watched(database_url, tmp_path, "--workers", "2", **settings) as it:
        for body in [redeem] * CALLS_COUNT:
            it.post(body)
        it.post(BROKEN)
        httpx.get(f"{it.url}/console/")
        assert "Fault" not in it.post(dispatch)
        wait_until(lambda: it.value("mail_attempts_total", state="sent") == 1)
        assert redeemed(it) == CALLS_COUNT
        refused = {"service": SERVICE, "operation": "none", "outcome": "XmlMalformed"}
        assert it.value("calls_total", **refused) == 1
        assert it.value("gate_refusals_total", service=SERVICE, reason="XmlMalformed") == 1
        assert it.value("console_pages_total", page="start.index", http_status="303") == 1
        assert it.value("call_duration_seconds_count", **REDEEM) == CALLS_COUNT
        assert it.value("call_duration_seconds_bucket", **REDEEM, le="+Inf") == CALLS_COUNT
        assert 0 < it.value("call_duration_seconds_sum", **REDEEM) < CALLS_COUNT
        # Two that serve, and the worker, which has no pool to tell of.
        assert it.value("processes") == 3
        assert it.value("database_connections_max") == CONNECTIONS_MAX
        assert it.value("outbox_mails", state="queued") == 0
        assert_is_the_table(it.metrics(), silent={"coupon_billing_job_runs_total"})
    assert all(it.exists() for it in strangers)
    assert not list(tmp_path.glob("coupon-billing-metrics-*"))


def strange_files(folder: Path) -> list[Path]:
    """What an operator may keep where processes are to count, such as the database."""
    strangers = [folder / name for name in ("coupon-billing.db", "counter_1.db", "copy.db")]
    for file in strangers:
        file.write_bytes(b"an operator's")
    return strangers


@pytest.mark.prove
def test_programmes_that_share_a_folder_count_each_for_itself(database_url, redeem, tmp_path):
    shared, first, second = (tmp_path / name for name in ("shared", "first", "second"))
    abandoned, strange = (shared / f"coupon-billing-metrics-{name}" for name in ("gone", "strange"))
    for folder in (first, second, abandoned, strange):
        folder.mkdir(parents=True)
    (abandoned / "counter_1.db").touch()
    (strange / "coupon-billing.db").touch()
    settings = {"METRICS_FOLDER": str(shared)}
    with watched(database_url, first, "--no-worker", **settings) as it:
        # The service counts, and what it counts in has been made.
        it.post(redeem)
        (own,) = {file.parent for file in files(shared) if file.parent != strange}
        # A file that no process counts in ends up there.
        (own / "coupon-billing.db").touch()
        with watched(database_url, second, "--no-worker", **settings) as other:
            other.post(redeem)
            other.post(redeem)
            assert (redeemed(it), redeemed(other)) == (1, 2)
        assert redeemed(it) == 1
    assert list(shared.rglob("*")) == [strange, strange / "coupon-billing.db"]


def assert_is_the_table(text: str, silent: set[str]) -> None:
    """What is told is what the table says, labels and all, but for what has never happened."""
    rows = {row.name + suffix: row for row in METRICS for suffix in SUFFIXES.get(row.kind, ("",))}
    for name, labels in scraped(text):
        of_bucket = ["le"] if name.endswith("_bucket") else []
        assert {label for label, _ in labels} == {*rows[name].labels, *of_bucket}
    assert rows.keys() - names(text) == silent
    for row in METRICS:
        base = row.name
        assert base in silent or f"# TYPE {base} {row.kind.value}\n" in text


@pytest.mark.prove
def test_a_dead_process_leaves_what_it_counted_and_nothing_of_the_moment(
    database_url, redeem, tmp_path
):
    with watched(database_url, tmp_path, "--workers", "2", "--no-worker") as it:
        for body in [redeem] * CALLS_COUNT:
            it.post(body)
        before = counting(tmp_path)
        os.kill(min(before), signal.SIGKILL)
        wait_until(lambda: len(counting(tmp_path)) == 3)
        wait_until(lambda: it.value("processes") == 2)
        wait_until(lambda: it.value("database_connections_max") == CONNECTIONS_MAX)
        assert redeemed(it) == CALLS_COUNT
        it.post(redeem)
        assert redeemed(it) == CALLS_COUNT + 1


@pytest.mark.prove
def test_who_tells_metrics_is_started_again_and_leaves_nothing(database_url, redeem, tmp_path):
    with watched(database_url, tmp_path, "--no-worker") as it:
        it.post(redeem)
        (teller,) = set(it.workers()) - counting(tmp_path) - {resource_tracker(it)}
        os.kill(teller, signal.SIGKILL)
        wait_until(lambda: not it.is_ready())
        wait_until(it.is_ready)
        assert redeemed(it) == 1
        os.kill(it.process.pid, signal.SIGKILL)
        wait_until(lambda: not list(tmp_path.glob("coupon-billing-metrics-*")))


def resource_tracker(service: Watched) -> int:
    """A process of the standard library's, beside those of the service."""
    words = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in service.workers()}
    return next(pid for pid, it in words.items() if b"resource_tracker" in it)


@pytest.mark.prove
def test_what_the_database_does_not_tell_leaves_the_other_metrics(database, database_url, tmp_path):
    def rename(old: str, new: str) -> None:
        with database.writing() as connection:
            connection.exec_driver_sql(f"ALTER TABLE {old} RENAME TO {new}")

    with watched(database_url, tmp_path, "--no-worker") as it:
        rename("outbox", "away")
        told = names(it.metrics())
        assert {"coupon_billing_processes", "coupon_billing_database_up"} <= told
        assert not told & {"coupon_billing_outbox_mails", "coupon_billing_jobs"}
        assert it.value("database_up") == 0
        rename("away", "outbox")
        assert it.value("database_up") == 1
        assert it.value("outbox_mails", state="queued") == 0


def test_nothing_is_counted_unless_it_is_wanted(database_url, tmp_path):
    assert start_counting(None) is None
    assert "PROMETHEUS_MULTIPROC_DIR" not in os.environ


def test_a_folder_that_cannot_be_is_refused(database_url, tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(AssertionError, match="MetricsFolderUnusable"),
        watched(database_url, tmp_path, METRICS_FOLDER=str(tmp_path / "file")),
    ):
        """It never comes to this."""


def test_an_address_in_use_is_refused(database_url, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        bind = f"127.0.0.1:{listener.getsockname()[1]}"
        with (
            pytest.raises(AssertionError, match="AddressUnusable"),
            watched(database_url, tmp_path, METRICS_BIND=bind),
        ):
            """It never comes to this."""
