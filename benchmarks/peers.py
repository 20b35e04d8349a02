"""What the service is compared with, each a server of its own that answers from memory."""

import json
import os
import pickle
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks.bare_lxml import lxml_application
from benchmarks.stock_spyne import FAULT_DETAIL, stock_application
from benchmarks.supply import Memory
from benchmarks.traffic import UNKNOWN_CODE
from service.addresses import CUSTOMER_BILLING_PATH
from service.domain.errors import COUPON_NOT_FOUND
from service.settings import Settings
from service.soap import published
from service.soap.contract import CUSTOMER_BILLING
from service.soap.declared import is_complex, members_of
from service.soap.types import entities
from tests.ports import free_port
from tests.reliability.crowd import Address

NODE_CLIENT = Path(__file__).parents[1] / "tests" / "clients" / "node"
"""Pins the package ``soap``, of which this needs the same release."""
START_S_MAX = 30
WORKERS_COUNT = os.cpu_count() or 1
"""Processes that answer: one for each core, as the service has."""
_MEMORY_VARIABLE = "COUPON_BILLING_BENCHMARK_MEMORY"
_POLL_S = 0.02


@dataclass(frozen=True)
class Peer:
    """A server that runs.

    Attributes:
        process_id: The first of its processes.
    """

    address: Address
    process_id: int


def stock_spyne() -> Callable[..., Any]:
    """The application that granian is told to serve."""
    return stock_application(_memory())


def bare_lxml() -> Callable[..., Any]:
    """The application that granian is told to serve."""
    return lxml_application(_memory())


@contextmanager
def behind_granian(
    application: Callable[[], Callable[..., Any]], memory: Memory, folder: Path
) -> Iterator[Peer]:
    """Serve one of the applications above as ``serve`` does the service.

    Args:
        application: Which.
        memory: What it answers.
        folder: For what it is told, and its log.
    """
    path = folder / "memory"
    path.write_bytes(pickle.dumps(memory))
    port = free_port()
    options = {
        "--interface": "wsgi",
        "--port": str(port),
        "--workers": str(WORKERS_COUNT),
        "--blocking-threads": str(Settings.model_fields["threads"].default),
        "--log-level": "error",
    }
    words = [word for option in options.items() for word in option]
    target = f"{__name__}:{application.__name__}"
    command = [sys.executable, "-m", "granian", *words, "--factory", "--no-ws", target]
    log = folder / f"{application.__name__}.log"
    with _serving(command, port, log, {_MEMORY_VARIABLE: str(path)}) as peer:
        yield peer


@contextmanager
def node_soap(memory: Memory, folder: Path) -> Iterator[Peer | None]:
    """Serve the package ``soap`` of Node.js with our WSDL; None where Node.js or npm is missing."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        yield None
        return
    for name in ("package.json", "package-lock.json"):
        shutil.copy(NODE_CLIENT / name, folder)
    quiet = ("--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
    subprocess.run(
        [npm, "ci", *quiet],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    program = str(shutil.copy(Path(__file__).with_name("node_soap.js"), folder))
    port = free_port()
    path = folder / "memory.json"
    path.write_text(json.dumps(_for_node(memory, port)), encoding="utf-8")
    with _serving([node, program, str(path)], port, folder / "node.log", {}) as peer:
        yield peer


@contextmanager
def _serving(
    command: Sequence[str], port: int, log: Path, variables: Mapping[str, str]
) -> Iterator[Peer]:
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **variables}
        ) as process,
    ):
        try:
            _await(process, port, log)
            yield Peer(Address("127.0.0.1", port, CUSTOMER_BILLING_PATH), process.pid)
        finally:
            process.terminate()


def _await(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + START_S_MAX
    while process.poll() is None and time.monotonic() < deadline:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:  # noqa: PERF203 - each trial is slow anyway
            time.sleep(_POLL_S)
    raise RuntimeError(f"{process.args!r} does not answer: {log.read_text(encoding='utf-8')}")


def _memory() -> Memory:
    memory: Memory = pickle.loads(Path(os.environ[_MEMORY_VARIABLE]).read_bytes())
    return memory


def _for_node(memory: Memory, port: int) -> dict[str, Any]:
    """What the program for Node.js is told: values with the names of the wire."""
    address = f"http://127.0.0.1:{port}{CUSTOMER_BILLING_PATH}"
    wsdl = published.document(CUSTOMER_BILLING, "singlewsdl", address)
    assert wsdl is not None
    return {
        "workersCount": WORKERS_COUNT,
        "port": port,
        "path": CUSTOMER_BILLING_PATH,
        "wsdl": wsdl.decode(),
        "coupons": [_wire_value(entities.Coupon, coupon) for coupon in memory.page],
        "infos": [_wire_value(entities.CouponInfoData, info) for info in memory.infos],
        "redeemedAt": _wire_value(None, memory.redeemed_at),
        "unknownCode": UNKNOWN_CODE,
        "fault": {
            "faultcode": "soap:Server",
            "faultstring": COUPON_NOT_FOUND.message,
            "detail": FAULT_DETAIL,
        },
    }


def _wire_value(declared: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return float(value)
    if declared is not None and is_complex(declared):
        return {
            member.name: _wire_value(member.declared, getattr(value, member.attribute))
            for member in members_of(declared)
        }
    return value
