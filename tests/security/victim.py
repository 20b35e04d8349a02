"""A process that is sent hostile XML, for a tracer to watch: ``python -m ... FILE_URL HTTP_URL``.

It asks for a file that does not exist before and after, which is how the tracer's reader finds
its place. With ``--trusting`` as a third argument, the gate trusts what it parses.
"""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from lxml import etree

from service.soap import gate
from service.soap.contract import CUSTOMER_BILLING
from service.soap.faults import WireFault
from service.soap.gate import Gate, GateLimits
from tests.security.door import Attempt
from tests.security.hostile_xml import hostile

BEGUN, ENDED = Path("/hostile-xml-begun"), Path("/hostile-xml-ended")


def trusting_gate() -> Gate:
    """The control: a gate whose parser fetches, and that lets document types in."""
    gate._new_parser = partial(
        etree.XMLParser, resolve_entities=True, load_dtd=True, no_network=False
    )
    gate._has_doctype = lambda _: False
    return Gate(CUSTOMER_BILLING, GateLimits())


def attacked(made: Gate) -> Callable[[Attempt], None]:
    """What a gate does with a request, whatever comes of it."""

    def attack(attempt: Attempt) -> None:
        try:
            made.open_envelope(made.parse(attempt.content, None), {})
        except WireFault:
            return

    return attack


def main(file_url: str, http_url: str, *options: str) -> None:
    attack = attacked(trusting_gate() if options else Gate(CUSTOMER_BILLING, GateLimits()))
    # What is loaded once is loaded.
    attack(Attempt(b"<a/>"))
    BEGUN.exists()
    for attempt in hostile(file_url, http_url).values():
        attack(attempt)
    ENDED.exists()


if __name__ == "__main__":
    main(*sys.argv[1:])
