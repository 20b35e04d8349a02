"""A service whose worker is killed starts another; of one whose main process is, nothing is left.

The control is a service whose processes do not look whether their parent lives.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.deployment.waiting import wait_until
from tests.ports import free_port
from tests.reliability.service_process import RIGHT, serving

# The processes do the same whatever the database is.
pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
ORPHANED = (str(Path(__file__).with_name("orphaned_service.py")),)
FREE_S_MAX = 5
"""How long at most the address is taken by the processes of a killed service, on a busy machine."""


@contextmanager
def killed(command, database_url, directory):
    """The group of a service whose main process was killed, and its port."""
    port = free_port()
    settings = {
        "DATABASE": database_url,
        "BIND": f"127.0.0.1:{port}",
        "WORKERS": "2",
        "MAIL_FOLDER": str(directory / "mail"),
        "LOG_LEVEL": "error",
    }
    with subprocess.Popen(
        [sys.executable, *command, "serve"],
        env=os.environ | {f"COUPON_BILLING_{name}": it for name, it in settings.items()},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            wait_until(lambda: is_healthy(port))
            # Main process, mail worker, and two workers of the service.
            wait_until(lambda: len(living(process.pid)) >= 4)
            process.kill()
            process.wait()
            yield process.pid, port
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def is_healthy(port):
    with suppress(OSError), urlopen(f"http://127.0.0.1:{port}/readyz") as reply:
        return reply.read() == b"ok\n"


def living(group):
    """The processes of a group that have not ended."""
    command = ["ps", "-e", "-o", "pgid=,stat=,pid="]
    rows = map(str.split, subprocess.check_output(command, text=True).splitlines())
    return [int(pid) for pgid, state, pid in rows if int(pgid) == group and state[0] != "Z"]


def is_free(port):
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def test_a_killed_service_frees_its_address_and_leaves_no_process(database_url, tmp_path):
    with killed(RIGHT, database_url, tmp_path) as (group, port):
        killed_at = time.monotonic()
        wait_until(lambda: is_free(port))
        assert time.monotonic() - killed_at < FREE_S_MAX
        wait_until(lambda: not living(group))


def test_processes_that_do_not_look_keep_the_address(database_url, tmp_path):
    with killed(ORPHANED, database_url, tmp_path) as (group, port):
        time.sleep(FREE_S_MAX)
        assert not is_free(port)
        assert len(living(group)) >= 3


def test_a_worker_that_is_killed_is_replaced(database_url, tmp_path):
    with serving(database_url, tmp_path) as service:
        main = service.process.pid
        before = set(living(main))
        one, *_ = before - {main}
        os.kill(one, signal.SIGKILL)
        wait_until(lambda: one not in living(main) and len(living(main)) == len(before))
        wait_until(lambda: is_healthy(service.port))
        assert service.process.poll() is None
