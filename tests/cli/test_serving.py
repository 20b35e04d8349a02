"""serve and demo: real processes, real sockets, real signals."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from urllib.request import urlopen

import pytest

from service.addresses import CUSTOMER_BILLING_PATH
from service.cli.binding import split_bind
from service.cli.calls import CommandRefusedError
from service.cli.demo import wait_until_healthy
from service.cli.serving import WORKER_STOP_TIMEOUT_S
from tests.ports import free_port

COMMAND = [sys.executable, "-m", "service.cli"]
PATIENCE_S = 60
POLL_S = 0.02


@pytest.fixture
def address():
    """An address on which nobody listens."""
    return f"127.0.0.1:{free_port()}"


@contextmanager
def running(*arguments, environment=None):
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    with process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.communicate(timeout=PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


def finished(*arguments):
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


def read(url):
    """Ask until the service listens."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with suppress(OSError), urlopen(url) as reply:
            return reply.read().decode()
        # A service that starts needs the processor.
        time.sleep(POLL_S)
    raise TimeoutError(url)


def running_processes():
    """The numbers of the processes that run, and their parents' and command lines."""
    told = subprocess.check_output(["ps", "-eww", "-o", "pid=,ppid=,stat=,args="], text=True)
    rows = [line.split(maxsplit=3) for line in told.splitlines()]
    return {int(pid): (int(parent), args) for pid, parent, stat, args in rows if stat[0] != "Z"}


def lines_until(process, pattern):
    """What the process prints up to the line that matches."""
    text = ""
    for line in process.stdout:
        text += line
        if re.search(pattern, line):
            break
    return text


@pytest.mark.parametrize(
    "sent", [pytest.param(signal.SIGINT, marks=pytest.mark.prove), signal.SIGTERM]
)
def test_serve_answers_until_a_signal_comes(url, address, sent):
    with running("serve", "--bind", address, "--workers", "2") as process:
        endpoint = f"http://{address}{CUSTOMER_BILLING_PATH}"
        console = f"http://{address}/console/"
        told = f"Endpoint  {endpoint}\nWSDL      {endpoint}?wsdl\nConsole   {console}\n"
        assert lines_until(process, "Console") == told
        assert read(f"http://{address}/readyz") == "ok\n"
        assert f'location="{endpoint}"' in read(f"{endpoint}?wsdl")
        process.send_signal(sent)
        _, complaints = process.communicate(timeout=PATIENCE_S)
        assert (process.returncode, complaints) == (0, "")
    with socket.create_server(("127.0.0.1", int(address.rpartition(":")[2]))):
        pass


@pytest.mark.prove
def test_serve_ends_though_a_worker_does_not_listen_to_signals(url, address):
    with running("serve", "--bind", address, "--no-worker") as process:
        assert read(f"http://{address}/readyz") == "ok\n"
        worker = int(subprocess.check_output(["pgrep", "-P", str(process.pid)]))
        os.kill(worker, signal.SIGSTOP)
        process.terminate()
        assert process.wait(WORKER_STOP_TIMEOUT_S + PATIENCE_S) == 0


def test_the_option_names_the_workers_database(url, address, tmp_path, monkeypatch):
    monkeypatch.setenv("COUPON_BILLING_DATABASE", "sqlite:////no/such/folder/x.db")
    with running("serve", "--bind", address, "--database", url):
        assert read(f"http://{address}/readyz") == "ok\n"


def test_serve_does_not_share_an_address(run, url):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        refused = run("serve", "--bind", address, exit_code=1)
    assert refused.stderr.startswith("AddressUnusable: ")


@pytest.mark.parametrize("bind", ["8080", "host:", ":80", "host:0", "host:65536", "host:http"])
def test_serve_needs_host_and_port(run, url, bind):
    assert "127.0.0.1:8080" in run("serve", "--bind", bind, exit_code=2).stderr


def test_ipv6_addresses_stand_in_brackets():
    assert split_bind("[::1]:8080") == ("::1", 8080)


def test_demo_holds_its_conversation_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    done = finished("demo", "--once")
    assert (done.returncode, done.stderr) == (0, "")
    steps = re.findall(r"^(\w+Coupons?) ", done.stdout, re.MULTILINE)
    assert steps == ["DispatchCoupons", "SearchCoupons", *["RedeemCoupon"] * 3]
    dates = re.findall(r"2\d{3}-\d\d-\d\dT[\d:.]+Z", done.stdout)
    assert len(dates) == 2
    assert len(set(dates)) == 1
    assert "ApiFault 90002" in done.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "sent", [pytest.param(signal.SIGINT, marks=pytest.mark.prove), signal.SIGTERM]
)
def test_demo_serves_until_a_signal_comes(address, tmp_path, monkeypatch, sent):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with running("demo", "--bind", address) as process:
        told = lines_until(process, "Ctrl-C stops")
        assert re.search(r"AuthenticationToken  [\w-]{43}\n", told)
        (command,) = re.findall(r"^curl .*?\n.*?'$", told, re.MULTILINE)
        answer = subprocess.check_output(["bash", "-c", command], text=True)
        assert answer.count("anna@example.com") == 1
        process.send_signal(sent)
        _, complaints = process.communicate(timeout=PATIENCE_S)
        assert (process.returncode, complaints) == (0, "")
    assert not list(tmp_path.iterdir())


def test_demo_does_not_share_an_address(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        done = finished("demo", "--bind", f"127.0.0.1:{listener.getsockname()[1]}")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("AddressUnusable: ")
    assert not list(tmp_path.iterdir())


def test_demo_tells_when_the_service_ends_before_it_answers(address):
    with (
        subprocess.Popen([sys.executable, "-c", ""]) as server,
        pytest.raises(CommandRefusedError) as refused,
    ):
        wait_until_healthy(server, f"http://{address}/readyz")
    assert refused.value.symbol == "ServiceNotStarted"


def workers_of(process):
    return {pid for pid, (parent, _) in running_processes().items() if parent == process.pid}


@pytest.mark.prove
@pytest.mark.timeout(180)
def test_a_worker_with_too_much_memory_is_replaced(url, address, monkeypatch):
    monkeypatch.setenv("COUPON_BILLING_WORKER_MEMORY_MAX_MIB", "64")
    with running("serve", "--no-worker", "--bind", address) as process:
        lines_until(process, "Endpoint")
        read(f"http://{address}/readyz")
        before = workers_of(process)
        deadline = time.monotonic() + 120
        while workers_of(process) & before == before:
            read(f"http://{address}/readyz")
            assert time.monotonic() < deadline
            time.sleep(0.1)
        read(f"http://{address}/readyz")
        process.terminate()
        process.communicate(timeout=PATIENCE_S)
