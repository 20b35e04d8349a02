"""A process whose gate gets made-up names: ``python -m ...`` writes how many MiB they took.

With ``--at-once`` as an argument, several threads bring them at the same time. ``--keeping`` is the
control: threads keep the names, and share the parsers that others had.
"""

import itertools
import os
import sys
import threading
from collections.abc import Callable

from benchmarks.processes import resident_bytes
from service.soap import gate
from service.soap.contract import CUSTOMER_BILLING
from service.soap.faults import WireFault
from service.soap.gate import Gate, GateLimits
from service.soap.namespaces import BILLING
from tests.wire.harness import envelope

REQUESTS_COUNT = 60
NAMES_COUNT = 1_000
NAME_LENGTH = 200
THREADS_COUNT = 4
SHORT_NAMES_COUNT = 9_000
REQUESTS = {f"{{{BILLING}}}RedeemCouponRequest": ()}


def keep_names() -> None:
    """The control: what lxml does of its own."""
    made = [gate._new_parser() for _ in range(THREADS_COUNT)]
    # At first, when there is one request at a time, it is the same one.
    parsers = itertools.chain([made[0]] * THREADS_COUNT, itertools.cycle(made))
    gate._new_parser = lambda: next(parsers)
    gate.forget_names = lambda: None


def of_headers(number: int) -> bytes:
    """An envelope of some 200 kB with headers of its own."""
    return envelope(header="".join(f"<{_name('h', number, it)}/>" for it in range(NAMES_COUNT)))


def of_attributes(number: int) -> bytes:
    """One with attributes of its own, where a schema meets them."""
    attributes = " ".join(f'{_name("a", number, it)}=""' for it in range(NAMES_COUNT))
    return envelope(f"<b:RedeemCouponRequest {attributes}/>")


def _name(kind: str, number: int, index: int) -> str:
    return f"{kind}{number}-{index}-".ljust(NAME_LENGTH, "x")


def knock(made: Gate, content: bytes) -> None:
    """What a gate does with a request, whatever comes of it."""
    try:
        made.open_envelope(made.parse(content, None), REQUESTS)
    except WireFault:
        return


def grown_mib(made: Gate, request: Callable[[int], bytes]) -> float:
    """How much one thread takes for all requests of a kind."""
    # What one request takes is used again by the next.
    for number in range(5):
        knock(made, request(number))
    before = resident_bytes(os.getpid())
    for number in range(5, 5 + REQUESTS_COUNT):
        knock(made, request(number))
    return (resident_bytes(os.getpid()) - before) / 2**20


def at_once(made: Gate) -> None:
    """Bring new names in several threads, of which each comes when others have been answered."""
    go = threading.Event()
    names = "".join(f"<IT-{number}/>" for number in range(SHORT_NAMES_COUNT))

    def bring(thread: int, ready: threading.Event) -> None:
        made.parse(envelope(), None)
        ready.set()
        go.wait()
        for number in range(REQUESTS_COUNT):
            header = names.replace("IT", f"n{thread}-{number}")
            made.parse(envelope(header=header), None)

    threads = []
    for thread in range(THREADS_COUNT):
        ready = threading.Event()
        threads.append(threading.Thread(target=bring, args=(thread, ready)))
        threads[-1].start()
        ready.wait()
    go.set()
    for bringing in threads:
        bringing.join()


def main(*options: str) -> None:
    if "--keeping" in options:
        keep_names()
    made = Gate(CUSTOMER_BILLING, GateLimits())
    if "--at-once" in options:
        at_once(made)
    else:
        grown = [grown_mib(made, request) for request in (of_headers, of_attributes)]
        sys.stdout.write(" ".join(map(str, grown)))


if __name__ == "__main__":
    main(*sys.argv[1:])
