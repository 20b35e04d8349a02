"""Everybody who is measured answers every kind of request that is for him."""

import re
from pathlib import Path

import pytest

from benchmarks import requests
from benchmarks.contenders import BARE_LXML, NODE_SOAP, STOCK_SPYNE, service_on, statements_on
from benchmarks.engines import engines
from benchmarks.traffic import BILLS, KINDS, REDEMPTIONS

FEW = 0.03


@pytest.mark.prove
@pytest.mark.timeout(300)
def test_all_contenders_answer(tmp_path: Path) -> None:
    with engines(tmp_path) as both:
        table = list(requests.requests_table(both, tmp_path, 1, share=FEW))
    kind = ""
    answered: dict[str, list[str]] = {}
    for line in table:
        if found := re.match(r"\| ([^|]*) \| ([^|]*) \| [\d.]+ \([\d.]+\) \|", line):
            kind = found[1].strip() or kind
            answered.setdefault(kind, []).append(found[2])
    services, bare = ([of(engine) for engine in both] for of in (service_on, statements_on))
    everybody = [*services, STOCK_SPYNE, BARE_LXML, NODE_SOAP]
    assert answered == {
        kind.name: {REDEMPTIONS: [*services, *bare, *everybody[2:]], BILLS: services}.get(
            kind.name, everybody
        )
        for kind in KINDS
    }
