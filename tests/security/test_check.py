"""What `make check` looks for it finds: weak packages, and secrets that were committed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from service.operations.secrets import new_token
from tests.ports import free_port
from tests.security.audit import audit

pytestmark = pytest.mark.prove
SCAN = Path(__file__).with_name("scan-secrets")
WEAK, SOUND = (
    b'{"vulns": [%s]}'
    % (
        b'{"id": "PYSEC-1", "modified": "2026-01-01T00:00:00Z", "affected": ['
        b'{"package": {"name": "six", "ecosystem": "PyPI"}, "versions": ["1.16.0"],'
        b'"ranges": [{"type": "ECOSYSTEM", "events": ['
        b'{"introduced": "0"}, {"fixed": "1.17.0"}]}]}]}'
    ),
    b"{}",
)


@pytest.fixture
def advisories() -> Iterator[HTTPServer]:
    """A database of weaknesses that answers what its attribute ``reply`` says."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.server.reply)  # type: ignore[attr-defined]

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def six(tmp_path: Path) -> list[str]:
    """Options by which one package is looked at, and none installed."""
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("six==1.16.0\n")
    return ["--requirement", str(requirements), "--no-deps", "--disable-pip"]


def test_a_weak_package_is_told(advisories: HTTPServer, six: list[str]) -> None:
    address = f"--osv-url=http://127.0.0.1:{advisories.server_port}/v1/query"
    advisories.reply = WEAK  # type: ignore[attr-defined]
    found = audit([*six, address])
    assert not found.is_clean
    assert "six 1.16.0: PYSEC-1, mended in ['1.17.0']" in found.text
    advisories.reply = SOUND  # type: ignore[attr-defined]
    found = audit([*six, address])
    assert found.is_clean
    assert found.text == "dependency audit: 0 known weaknesses in 1 packages"


def test_without_a_network_nothing_is_said_to_be_sound(six: list[str]) -> None:
    found = audit([*six, f"--osv-url=http://127.0.0.1:{free_port()}/v1/query"])
    assert found.is_clean
    assert found.text.startswith("dependency audit: NOT RUN, ")


def scan(file: Path) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHON": sys.executable}
    return subprocess.run(
        [SCAN, str(file)], env=environment, capture_output=True, text=True, check=False
    )


def test_a_planted_token_is_found(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text('"""Nothing secret."""\n')
    assert scan(planted).returncode == 0
    planted.write_text(f'TOKEN = "{new_token()}"\n')
    found = scan(planted)
    assert found.returncode == 1
    assert "planted.py:1" in found.stdout
