"""A fuzzer of the gate that is led by coverage: ``python -m tests.security.fuzz --seconds 120``.

atheris, on libFuzzer, keeps each request that reaches a line of ``service/soap`` in a way that
none did before, and changes it further. It stops at the first that is not answered with a typed
fault within 50 ms, and leaves it in the folder ``--findings``. With ``--keep`` it adds to the
corpus what reached anything new; the tests send the corpus each time.

Nobody is admitted, so that no operation runs and no database is needed: that is what the tests
of whole requests do.
"""

import argparse
import logging
import random
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import atheris

with atheris.instrument_imports(include=["service.soap"]):
    from service.soap import gate
    from service.soap.contract import COUPON_MANAGEMENT, CUSTOMER_BILLING
    from service.soap.endpoint import create_endpoint

from service.addresses import COUPON_MANAGEMENT_PATH, CUSTOMER_BILLING_PATH
from service.domain.errors import INVALID_CREDENTIALS
from service.domain.refusals import ServiceError
from service.logs import configure_log
from tests.security.corpus import CORPUS, corpus
from tests.security.door import CPU_S_MAX, Application, Attempt, send, why_wrong
from tests.security.mutations import MUTATIONS, change_tree

LENGTH_MAX = 4096
"""Bytes of a request: no rule of the gate needs more to be broken, but for those about size."""
SLOW_RUNS_COUNT = 3


class FoundError(Exception):
    """A request was answered as none may be."""


def admit_nobody(*_shown: object) -> NoReturn:
    raise ServiceError(INVALID_CREDENTIALS)


def create_application() -> Application:
    """Both services behind their gates."""
    endpoints = {
        path: create_endpoint(admit_nobody, contract=contract, idempotency_keep=timedelta())
        for path, contract in (
            (CUSTOMER_BILLING_PATH, CUSTOMER_BILLING),
            (COUPON_MANAGEMENT_PATH, COUPON_MANAGEMENT),
        )
    }
    return lambda environ, start: endpoints[environ["PATH_INFO"]](environ, start)


def break_gate() -> None:
    """The control: an envelope without Body, or an empty one, escapes as an exception."""
    gate._payload = lambda root: root[-1][0]


def try_one(application: Application, content: bytes) -> None:
    """Send one request; raises FoundError for a wrong answer."""
    attempt = Attempt(content)
    reply = send(application, attempt)
    reason = why_wrong(reply)
    if reason is not None:
        raise FoundError(reason)
    if reply.cpu_s > CPU_S_MAX:
        again = [send(application, attempt).cpu_s for _ in range(SLOW_RUNS_COUNT)]
        if min(again) > CPU_S_MAX:
            raise FoundError(f"slow: {min(again) * 1000:.0f} ms")


def mutate(content: bytes, size_max: int, seed: int) -> bytes:
    """Change a request: as bytes at random, or as one who knows XML does."""
    rng = random.Random(seed)
    changed = bytearray(content)
    kind = rng.random()
    if kind < 0.3 or not changed:
        return bytes(atheris.Mutate(bytes(changed), size_max))
    donor = rng.choice(SEEDS)
    if kind < 0.8:
        change_tree(rng, changed, donor)
    else:
        rng.choice(MUTATIONS)(rng, changed, donor)
    return bytes(changed[:size_max])


SEEDS = corpus()


def main() -> None:
    parser = argparse.ArgumentParser(description="Fuzz the gate.")
    parser.add_argument("--seconds", type=int, default=120, help="how long")
    parser.add_argument("--seed", type=int, default=0, help="repeats a run; 0 draws one")
    parser.add_argument("--findings", type=Path, default=Path(), help="where a finding is left")
    parser.add_argument("--keep", action="store_true", help="add to the corpus")
    parser.add_argument("--broken", action="store_true", help="the control: a broken gate")
    options = parser.parse_args()
    configure_log("error")
    logging.disable()
    if options.broken:
        break_gate()
    with tempfile.TemporaryDirectory() as scratch:
        folders = [str(CORPUS)] if options.keep else [scratch, str(CORPUS)]
        flags = {
            "max_total_time": options.seconds,
            "seed": options.seed,
            "max_len": LENGTH_MAX,
            "rss_limit_mb": 1024,
            "timeout": 10,
            "print_final_stats": 1,
            "artifact_prefix": f"{options.findings}/",
        }
        application = create_application()
        atheris.Setup(
            [sys.argv[0], *(f"-{name}={value}" for name, value in flags.items()), *folders],
            lambda content: try_one(application, content),
            custom_mutator=mutate,
        )
        atheris.Fuzz()


if __name__ == "__main__":
    main()
