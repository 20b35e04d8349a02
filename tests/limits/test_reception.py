"""Slow, odd and too many requests end early, and others do not wait for them: real sockets."""

import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from http.client import HTTPConnection
from multiprocessing import get_context
from pathlib import Path
from statistics import quantiles

import pytest

from service.domain.roles import Role
from service.operations.users import add_user
from service.storage.engine import Database
from tests.databases import Databases
from tests.limits.slow_clients import answer, connections, drip, head, rest
from tests.programme import Programme
from tests.reliability.crowd import HEADERS, Address
from tests.reliability.envelopes import outcome
from tests.reliability.proofs import SLOW_BODIES, Report
from tests.reliability.scene import envelopes_of
from tests.reliability.service_process import ServiceProcess, serving
from tests.storage.engines import ON_SQLITE

THREADS = 2
WORKERS = 2
CALLS_PER_MINUTE = 5
SLOW_COUNT = 12
PATIENCE_S = 10
QUICK_S = 1.0
DRIPPING_COUNT = 500
SILENT_COUNT = 100
CLOSED_S_MAX = 30
CALLS_COUNT = 400
CALL_INTERVAL_S = 0.02
NOISE_MS = 5

pytestmark = ON_SQLITE


@pytest.fixture(scope="module")
def service(
    session_databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServiceProcess]:
    """A service that waits for nothing longer than a second, on a database with tables only."""
    settings = {
        "WORKERS": str(WORKERS),
        "THREADS": str(THREADS),
        "BODY_TIMEOUT_S": "1",
        "HEADER_TIMEOUT_S": "1",
        "USER_CALLS_PER_MINUTE": str(CALLS_PER_MINUTE),
    }
    with serving(session_databases.new(), tmp_path_factory.mktemp("log"), **settings) as service:
        yield service


def status(reply: bytes) -> int:
    return int(reply[9:12]) if reply else 0


def healthy_s(address: Address) -> float:
    """How long a request of somebody else takes."""
    start = time.monotonic()
    connection = HTTPConnection(*address[:2])
    connection.request("GET", f"{address.path}?wsdl")
    assert connection.getresponse().status == 200
    connection.close()
    return time.monotonic() - start


@pytest.mark.parametrize(
    ("framing", "byte"),
    [
        ("Content-Length: 500", b" "),
        ("Content-Length: 500", b""),
        pytest.param("Transfer-Encoding: chunked", b"1\r\n \r\n", marks=pytest.mark.prove),
        pytest.param("Transfer-Encoding: chunked", b"", marks=pytest.mark.prove),
    ],
    ids=["dripping", "silent", "dripping chunks", "silent chunks"],
)
def test_nobody_waits_for_bodies_that_do_not_come_and_they_end(
    service: ServiceProcess, framing: str, byte: bytes
) -> None:
    with connections(service.address, [head(service.address, framing)] * SLOW_COUNT) as slow:
        assert healthy_s(service.address) < QUICK_S
        ended = drip(slow, time.monotonic() + PATIENCE_S, byte)
        for connection in slow:
            connection.settimeout(PATIENCE_S)
            rest(connection)
    assert [status(it) for it in ended.values()] == [408] * SLOW_COUNT


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"GET / HTTP/1.1\r\nHos", 0),
        (b"", 0),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"A: b\r\n" * 100 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\nA: " + b"b" * 200_000 + b"\r\n\r\n", 431),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: odd\r\n\r\n0\r\n\r\n", 400),
    ],
    ids=["half a head", "nothing", "101 headers", "long header", "two lengths", "odd encoding"],
)
def test_odd_heads_end_the_connection(
    service: ServiceProcess, content: bytes, expected: int
) -> None:
    start = time.monotonic()
    assert status(answer(service.address, content)) == expected
    assert time.monotonic() - start < 5 * QUICK_S


def test_what_stands_behind_an_ambiguous_body_is_not_answered(service: ServiceProcess) -> None:
    framing = ("Content-Length: 5", "Transfer-Encoding: chunked")
    smuggled = b"0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
    reply = answer(service.address, head(service.address, *framing) + smuggled)
    assert b"BodyEmpty" in reply
    assert b"connection: close" in reply
    assert reply.count(b"HTTP/1.1") == 1


def test_two_workers_share_a_user_s_calls(service: ServiceProcess) -> None:
    database = Database(service.settings["DATABASE"])
    programme = Programme(database)
    customer_id = programme.customer()
    add_user(programme.call(), "Kim", Role.STANDARD, customer_id)
    asked = envelopes_of(programme, "Kim").redeem(programme.account(customer_id), "NONE")
    database.close()
    answers = []
    for _ in range(2 * CALLS_PER_MINUTE):
        connection = HTTPConnection(*service.address[:2])
        connection.request("POST", service.address.path, asked, HEADERS)
        answers.append(outcome(connection.getresponse().read()))
        connection.close()
    counted = ["CouponNotFound"] * CALLS_PER_MINUTE
    assert answers == counted + ["CallRateExceeded"] * CALLS_PER_MINUTE


def p99_ms(address: Address) -> float:
    """How long all but the slowest of many requests of somebody else take."""
    took = []
    for _ in range(CALLS_COUNT):
        took.append(healthy_s(address))
        time.sleep(CALL_INTERVAL_S)
    return 1000 * quantiles(took, n=100)[98]


@pytest.mark.prove
@pytest.mark.timeout(300)
def test_a_crowd_of_slow_bodies_is_closed_and_slows_nobody_down(
    session_databases: Databases, tmp_path: Path, report: Report
) -> None:
    with (
        serving(session_databases.new(), tmp_path, WORKERS="1", THREADS="16") as service,
        # What the crowd itself takes is nobody's wait.
        ProcessPoolExecutor(1, get_context("spawn")) as others,
    ):
        alone_ms = others.submit(p99_ms, service.address).result()
        heads = [head(service.address, "Content-Length: 500")] * (DRIPPING_COUNT + SILENT_COUNT)
        start = time.monotonic()
        with connections(service.address, heads) as crowd:
            beside = others.submit(p99_ms, service.address)
            ended = drip(crowd[SILENT_COUNT:], start + CLOSED_S_MAX, b" ")
            ended |= drip(crowd[:SILENT_COUNT], time.monotonic() + QUICK_S, b"")
            beside_ms = beside.result()
    figures = f"p99 of others {alone_ms:.1f} ms alone, {beside_ms:.1f} ms beside them"
    late_count = len(heads) - len(ended)
    report.proof(SLOW_BODIES, rounds=len(heads), failures=late_count, figures=figures)
    assert late_count == 0
    assert beside_ms <= 2 * alone_ms + NOISE_MS, figures


@pytest.mark.prove
def test_a_service_that_waits_for_every_body_gives_up_none(
    session_databases: Databases, tmp_path: Path, report: Report
) -> None:
    settings = {"WORKERS": "1", "THREADS": "2", "BODY_TIMEOUT_S": "1"}
    fault = "bodies-waited-for"
    with serving(session_databases.new(), tmp_path, fault, **settings) as service:
        heads = [head(service.address, "Content-Length: 500")] * SLOW_COUNT
        with connections(service.address, heads) as crowd:
            ended = drip(crowd, time.monotonic() + PATIENCE_S, b" ")
    report.control(SLOW_BODIES, rounds=SLOW_COUNT, failures=SLOW_COUNT - len(ended))
    assert not ended
