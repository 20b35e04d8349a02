"""Who asks whether the service lives, or is ready, does not wait until calls have ended."""

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import Any

from service.addresses import CUSTOMER_BILLING_PATH, HEALTH_PATH, READY_PATH
from service.cli.reception import Reception

PATIENCE_S = 60
QUICK_S = 30


def test_probes_need_no_place() -> None:
    at_work, done = Event(), Event()

    def application(environ: dict[str, Any], _: object) -> list[bytes]:
        if environ["PATH_INFO"] == CUSTOMER_BILLING_PATH:
            at_work.set()
            done.wait(PATIENCE_S)
        return []

    reception = Reception(application, calls_at_once=1, body_bytes_max=1, body_timeout_s=1)
    with ThreadPoolExecutor() as pool:

        def asked(path: str) -> Future[Iterable[bytes]]:
            return pool.submit(reception, {"PATH_INFO": path}, print)

        asked(CUSTOMER_BILLING_PATH)
        assert at_work.wait(PATIENCE_S)
        call, *probes = map(asked, (CUSTOMER_BILLING_PATH, HEALTH_PATH, READY_PATH))
        try:
            assert [it.result(QUICK_S) for it in probes] == [[], []]
            assert not call.done()
        finally:
            done.set()
