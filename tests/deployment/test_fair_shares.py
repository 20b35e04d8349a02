"""A process that has all the connections gives some of them up to the one that has none."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path

from service.addresses import CUSTOMER_BILLING_PATH
from service.soap.namespaces import SOAP_ENVELOPE
from tests.deployment.test_renewal import workers_of
from tests.reliability.service_process import ServiceProcess
from tests.storage.engines import ON_SQLITE

PATIENCE_S = 60
UNFAIR_S = 8
CONNECTIONS_COUNT = 8
TRIED_MAX = 64
UNFAIR = (str(Path(__file__).with_name("unfair_service.py")),)
# It is refused in the end, but takes the service longer than whoever sends it.
LONG = f'<s:Envelope xmlns:s="{SOAP_ENVELOPE}"><s:Body><o>{"<e/>" * 2000}</o></s:Body></s:Envelope>'
HEADERS = {"Content-Type": "text/xml; charset=utf-8"}

pytestmark = ON_SQLITE


@contextmanager
def two_workers(database_url, folder, *program) -> Iterator[ServiceProcess]:
    settings = {"DATABASE": database_url, "WORKERS": "2"}
    service = ServiceProcess(settings, folder / "log", *program)
    try:
        service.start()
        yield service
    finally:
        service.stop()


def owners(service) -> dict[int, str]:
    """Which worker has taken each connection, by the port of the client."""
    files = (it for pid in workers_of(service) for it in Path(f"/proc/{pid}/fd").iterdir())
    workers = {name: it.parts[2] for it in files if (name := name_of_what_is_open(it))}
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {
        int(remote.split(":")[1], 16): workers[name]
        for _, local, remote, *others in lines
        if local.endswith(f":{service.port:04X}") and (name := f"socket:[{others[6]}]") in workers
    }


def name_of_what_is_open(file: Path) -> str | None:
    with suppress(FileNotFoundError):
        return file.readlink().name
    return None


def taken_by_one(service, stack) -> tuple[str, list[HTTPConnection]]:
    """Connections that the same worker has taken, and which."""
    taken: dict[str, list[HTTPConnection]] = {}
    for _ in range(TRIED_MAX):
        connection = HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE_S)
        stack.callback(connection.close)
        connection.connect()
        _, port = connection.sock.getsockname()
        while (owner := owners(service).get(port)) is None:
            time.sleep(0.001)
        taken.setdefault(owner, []).append(connection)
        if len(taken[owner]) == CONNECTIONS_COUNT:
            return owner, taken[owner]
    raise AssertionError(taken)


def given_to_others(service, seconds) -> int:
    """How many of the connections others have at the end, at the latest when they have half."""
    end = time.monotonic() + seconds
    with ExitStack() as stack:
        owner, connections = taken_by_one(service, stack)
        before = owners(service)
        given_count = 0

        def send(connection: HTTPConnection) -> None:
            while time.monotonic() < end and given_count < CONNECTIONS_COUNT // 2:
                # One that was closed is made anew.
                connection.request("POST", CUSTOMER_BILLING_PATH, LONG, HEADERS)
                assert connection.getresponse().read().count(b"OperationUnknown") == 1

        with ThreadPoolExecutor(CONNECTIONS_COUNT) as threads:
            sent = [threads.submit(send, it) for it in connections]
            while not all(it.done() for it in sent):
                new = owners(service).items() - before.items()
                given_count = sum(it != owner for _, it in new)
                time.sleep(0.1)
            for it in sent:
                it.result()
    return given_count


def test_a_process_that_has_all_connections_gives_up_half(database_url, tmp_path):
    with two_workers(database_url, tmp_path) as service:
        assert given_to_others(service, PATIENCE_S) >= CONNECTIONS_COUNT // 2


def test_connections_stay_where_they_are_otherwise(database_url, tmp_path):
    with two_workers(database_url, tmp_path, UNFAIR) as service:
        assert given_to_others(service, UNFAIR_S) == 0
