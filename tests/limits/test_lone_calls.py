"""Whoever decides which connections are given up is told whether a call is the only one."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest

from service.addresses import CUSTOMER_BILLING_PATH
from service.cli.fair_share import FairShare, create_shares
from service.cli.reception import Reception

PATIENCE_S = 60
CALL = {"PATH_INFO": CUSTOMER_BILLING_PATH}


def test_a_call_beside_another_one_is_not_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    at_work, done = Event(), Event()
    told: list[bool] = []

    def note_call(_: FairShare, *, is_alone: bool) -> bool:
        told.append(is_alone)
        return False

    def application(_environ: dict[str, Any], _start: object) -> list[bytes]:
        if not at_work.is_set():
            at_work.set()
            # As it does while it waits for the disk, it lets the next one begin.
            done.wait(PATIENCE_S)
        return []

    monkeypatch.setattr(FairShare, "note_call", note_call)
    share = FairShare(create_shares(2), 0)
    reception = Reception(
        application, calls_at_once=2, body_bytes_max=1, body_timeout_s=1, share=share
    )
    with ThreadPoolExecutor() as pool:
        held = pool.submit(reception, CALL, print)
        assert at_work.wait(PATIENCE_S)
        beside = pool.submit(reception, CALL, print)
        try:
            beside.result(PATIENCE_S)
        finally:
            done.set()
        held.result(PATIENCE_S)
        pool.submit(reception, CALL, print).result(PATIENCE_S)
    assert told == [True, False, True]
