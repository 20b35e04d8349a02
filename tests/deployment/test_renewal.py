"""A worker that is started anew takes the place of another one, which answers until it does."""

import os
import signal
import subprocess
import time
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

from service.addresses import HEALTH_PATH
from service.cli.serving import WORKER_START_S_MAX
from tests.deployment.slow_service import START_S
from tests.reliability.service_process import ServiceProcess
from tests.storage.engines import ON_SQLITE

SLOW = (str(Path(__file__).with_name("slow_service.py")),)
INTERVAL_S = 0.02

pytestmark = [ON_SQLITE, pytest.mark.prove]


def refusals(service, seconds):
    """How many of the requests that are sent meanwhile find nobody who listens."""
    refused_count = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with closing(HTTPConnection("127.0.0.1", service.port, timeout=seconds)) as connection:
            try:
                connection.request("GET", HEALTH_PATH)
            except ConnectionRefusedError:
                refused_count += 1
        time.sleep(INTERVAL_S)
    return refused_count


def workers_of(service):
    """The processes that the main process of a service has started."""
    command = ["ps", "-o", "pid=", "--ppid", str(service.process.pid)]
    return set(subprocess.check_output(command, text=True).split())


def test_the_only_worker_answers_until_the_next_one_does(database_url, tmp_path):
    settings = {"DATABASE": database_url, "WORKERS": "1"}
    service = ServiceProcess(settings, tmp_path / "log", SLOW)
    try:
        service.start()
        first = workers_of(service)
        os.kill(service.process.pid, signal.SIGHUP)
        refused_count = refusals(service, WORKER_START_S_MAX + START_S)
        assert workers_of(service).isdisjoint(first)
    finally:
        service.stop()
    assert refused_count == 0
