"""Nothing that a request says makes the parser open, fetch or swell anything."""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest
from lxml import etree

from benchmarks.processes import resident_bytes
from tests.reliability.proofs import ENTITIES, Report
from tests.security import victim
from tests.security.door import Application, Attempt, Reply, send, why_wrong
from tests.security.hostile_xml import hostile
from tests.storage.engines import ON_SQLITE

SECRET = "what only this machine knows"
UNSUPPORTED = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
CPU_S_MAX = 0.02
GROWTH_BYTES_MAX = 2**20
HARMLESS = frozenset(
    {"schema elsewhere", "schema of the namespace elsewhere", "XInclude in a header"}
)
"""What is let in, as it is valid and nobody follows it."""
TRACED = "open,openat,openat2,socket,connect,execve"
ROUNDS_COUNT = 5
TRIES_COUNT = 3


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(SECRET)
    return path


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Somebody who waits to be asked."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


def url_of(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}/evil.dtd"


def was_asked(listener: socket.socket) -> bool:
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def test_hostile_xml_is_refused_at_once(
    application: Application, secret_file: Path, listener: socket.socket, own_pid: int
) -> None:
    attempts = hostile(secret_file.as_uri(), url_of(listener))
    for attempt in attempts.values():
        send(application, attempt)
    replies: list[Reply] = []

    def grown_bytes(attempt: Attempt) -> int:
        before = resident_bytes(own_pid)
        replies.extend(send(application, attempt) for _ in range(ROUNDS_COUNT))
        return resident_bytes(own_pid) - before

    for name, attempt in attempts.items():
        replies.clear()
        # A cause is there each time, and what else the process does is not.
        assert any(grown_bytes(attempt) <= GROWTH_BYTES_MAX for _ in range(TRIES_COUNT)), name
        assert min(reply.cpu_s for reply in replies) <= CPU_S_MAX, name
        for reply in replies:
            assert why_wrong(reply) is None
            is_refused = reply.fault_code == "Client" or reply.status == UNSUPPORTED
            assert is_refused == (name not in HARMLESS), name
            assert SECRET.encode() not in reply.content
    assert not was_asked(listener)


def files_and_sockets(secret_file: Path, listener: socket.socket, *options: str) -> list[str]:
    """The system calls by which a gate under attack opens anything."""
    trace = secret_file.with_name("trace")
    module = [sys.executable, "-m", victim.__name__, secret_file.as_uri(), url_of(listener)]
    watched = ["strace", "-f", "-e", f"trace={TRACED},stat,newfstatat,statx", "-o", str(trace)]
    subprocess.run([*watched, *module, *options], check=True, cwd=Path(__file__).parents[2])
    calls = trace.read_text()
    during = calls.partition(str(victim.BEGUN))[2].partition(str(victim.ENDED))[0]
    # Both marks are there, so that what lies between was seen.
    assert str(victim.ENDED) in calls
    return [it for it in during.splitlines() if any(f" {n}(" in it for n in TRACED.split(","))]


@pytest.mark.prove
@ON_SQLITE
def test_hostile_xml_opens_no_file_and_no_socket(
    secret_file: Path, listener: socket.socket, report: Report
) -> None:
    count = len(hostile("", ""))
    if shutil.which("strace") is None:
        report.unmeasured(ENTITIES)
        pytest.skip("there is no strace")
    found = files_and_sockets(secret_file, listener)
    report.proof(ENTITIES, rounds=count, failures=len(found), figures="no system call")
    assert found == []
    trusting = files_and_sockets(secret_file, listener, "--trusting")
    failures = sum(str(secret_file) in call for call in trusting)
    report.control(ENTITIES, rounds=count, failures=failures)
    assert failures > 0


def test_a_trusting_parser_is_noticed(secret_file: Path, listener: socket.socket) -> None:
    """The control: what is refused above would have read the file."""
    attempt = hostile(secret_file.as_uri(), url_of(listener))["entity of a file"]
    parser = etree.XMLParser(resolve_entities=True, load_dtd=True)
    assert SECRET in str(etree.fromstring(attempt.content, parser).xpath("string()"))
    laughs = hostile("", "")["quadratic blow-up"]
    begun = time.thread_time()
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(laughs.content, etree.XMLParser(resolve_entities=True))
    assert time.thread_time() - begun < 1
