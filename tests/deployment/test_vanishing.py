"""A database whose machine vanishes from the network, without a word, is given up in time.

The client is in a network of its own, which is cut. The control is a client that does
not ask for signs of life.
"""

import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from tests import postgresql
from tests.postgresql import PostgresServer

pytestmark = [
    pytest.mark.prove,
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        os.geteuid() != 0 or shutil.which("ip") is None, reason="makes networks, as root on Linux"
    ),
]
GIVEN_UP_S_MAX = 40
WORKER_NUMBER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
SERVER, CLIENT = f"10.213.{WORKER_NUMBER}.1", f"10.213.{WORKER_NUMBER}.2"
CLIENT_PROGRAM = Path(__file__).with_name("vanishing_database.py")
WITHOUT_SIGNS_OF_LIFE = (
    "import runpy, sys; from service.storage import engine; life = engine._SIGNS_OF_LIFE; "
    "life.update(dict.fromkeys(life, 0), keepalives=0); "
    "sys.argv.pop(0); runpy.run_path(sys.argv[0], run_name='__main__')"
)


def ip(*words):
    subprocess.run(["ip", *words], check=True)


@contextmanager
def cable():
    """A network of two machines: this one, and the namespace whose name it answers."""
    # Of its own each time: the last one goes some time after it was deleted.
    name = f"cb{uuid4().hex[:10]}"
    ip("netns", "add", name)
    try:
        ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
        ip("address", "add", f"{SERVER}/30", "dev", name)
        ip("link", "set", name, "up")
        ip("-n", name, "address", "add", f"{CLIENT}/30", "dev", "eth0")
        ip("-n", name, "link", "set", "eth0", "up")
        yield name
    finally:
        ip("netns", "delete", name)


@pytest.fixture
def server(monkeypatch):
    """A server that takes connections from everywhere."""
    monkeypatch.setitem(postgresql._SETTINGS, "listen_addresses", "*")
    server = PostgresServer()
    with (server._data / "pg_hba.conf").open("a") as rules:
        rules.write(f"host all all {CLIENT}/32 trust\n")
    server.start()
    yield server
    server.remove()


def outcome_when_cut(server, program, statement):
    """What a client makes of a cut network, and after how long; None when it still waits."""
    url = f"postgresql://postgres@{SERVER}:{server.port}/postgres"
    with (
        cable() as name,
        subprocess.Popen(
            ["ip", "netns", "exec", name, sys.executable, *program, url, statement],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        ) as client,
    ):
        assert client.stdout.readline() == "connected\n"
        # The statement of the first case is on its way when the network is cut.
        if statement != "SELECT 1":
            client.stdin.write("\n")
            client.stdin.flush()
            time.sleep(2)
        # The other end is still up: nobody tells the client.
        ip("link", "set", name, "down")
        start = time.monotonic()
        try:
            told, _ = client.communicate("\n", timeout=GIVEN_UP_S_MAX)
        except subprocess.TimeoutExpired:
            client.kill()
            return None
        return told.strip(), time.monotonic() - start


@pytest.mark.parametrize("statement", ["SELECT 1", "SELECT pg_sleep(600)"])
def test_a_database_that_vanishes_is_given_up(server, statement):
    told, waited_s = outcome_when_cut(server, [str(CLIENT_PROGRAM)], statement)
    assert told == "OperationalError"
    assert waited_s < GIVEN_UP_S_MAX


def test_a_client_without_signs_of_life_waits_on(server):
    program = ["-c", WITHOUT_SIGNS_OF_LIFE, str(CLIENT_PROGRAM)]
    assert outcome_when_cut(server, program, "SELECT pg_sleep(600)") is None
