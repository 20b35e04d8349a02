"""A request with a key is safe to send again, whatever became of its answer or of the server.

The controls are a service that takes no notice of keys, and one that takes a key in a
transaction before that of the operation, as others do.
"""

import random
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from service.storage.tables import coupon, idempotency_key, outbox
from tests.crash.holders import FREE_S_MAX, PATIENCE_S, held, let_go
from tests.deployment.waiting import wait_until
from tests.reliability.crowd import HEADERS
from tests.reliability.envelopes import DONE
from tests.reliability.fixtures import Stage
from tests.reliability.holding import SETTING
from tests.reliability.proofs import CUT_CONNECTION, KILLED_HOLDER
from tests.reliability.scene import Scene

CUTS_COUNT = 200
CUTS_COUNT_SHORT = 5
KILLS_COUNT = 20
CONTROL_S = 1
"""How long a broken service is asked for a key that it never frees."""


def post_and_hang_up(scene: Scene, body: bytes, patience_s: float) -> None:
    """Send a request, and cut the connection without reading an answer."""
    host, port, path = scene.service.address
    lines = [f"POST {path} HTTP/1.1", f"Host: {host}:{port}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in HEADERS.items()]
    with socket.create_connection((host, port), timeout=PATIENCE_S) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        time.sleep(patience_s)


# A connection is cut.


def cut_round(scene: Scene, patience_s: float) -> str:
    """Dispatch a coupon, hear nothing of it, and ask again; answers what was wrong."""
    number = scene.next_number()
    name, address = f"Class {number}", f"kim{number}@example.com"
    class_id = scene.programme.coupon_class(scene.owner, name)
    scene.programme.mint(scene.owner, name, 2)
    body = scene.envelopes.keyed(name).dispatch([address], scene.owner, name)

    def sent() -> list[Any]:
        is_sent = (coupon.c.class_id == class_id) & coupon.c.sent_at.is_not(None)
        return scene.values(coupon.c.coupon_id, is_sent)

    post_and_hang_up(scene, body, patience_s)
    wait_until(sent)
    (answer,) = scene.ask([body])
    mailed = scene.values(outbox.c.message_id, outbox.c.recipient == address)
    if answer != DONE:
        return f"the answer was {answer}"
    counts = len(sent()), len(mailed)
    return "" if counts == (1, 1) else f"{counts} coupons and mails"


def cut_rounds(scene: Scene, count: int) -> list[str]:
    """What was wrong in those rounds in which anything was; each cut comes a little later."""
    dice = random.Random(count)
    wrong = (cut_round(scene, dice.uniform(0, 0.01)) for _ in range(count))
    return list(filter(None, wrong))


@pytest.mark.timeout(300)
def test_a_request_whose_answer_was_lost_is_answered(stage: Stage) -> None:
    with stage() as scene:
        assert cut_rounds(scene, CUTS_COUNT_SHORT) == []


@pytest.mark.timeout(300)
def test_a_service_without_keys_would_be_noticed(stage: Stage) -> None:
    with stage("keys-ignored") as scene:
        assert len(cut_rounds(scene, CUTS_COUNT_SHORT)) == CUTS_COUNT_SHORT


@pytest.mark.prove
@pytest.mark.timeout(1200)
def test_many_requests_whose_answers_were_lost_are_answered(stage: Stage, report: Any) -> None:
    with stage() as scene:
        wrong = cut_rounds(scene, CUTS_COUNT)
    report.proof(CUT_CONNECTION, rounds=CUTS_COUNT, failures=len(wrong))
    assert wrong == []


@pytest.mark.prove
@pytest.mark.timeout(1200)
def test_many_cuts_show_that_keys_are_ignored(stage: Stage, report: Any) -> None:
    with stage("keys-ignored") as scene:
        wrong = cut_rounds(scene, CUTS_COUNT)
    report.control(CUT_CONNECTION, rounds=CUTS_COUNT, failures=len(wrong))
    assert len(wrong) == CUTS_COUNT


# Whoever holds a key dies.


def kill_round(scene: Scene, file: Path, end_s: float = FREE_S_MAX) -> str:
    """Kill the service while it holds a key, and ask again; answers what was wrong."""
    with held(scene, file) as redemption_held:
        killed_at = time.monotonic()
        scene.service.kill()
    let_go(file)
    scene.service.start()
    left_s = max(end_s - (time.monotonic() - killed_at), CONTROL_S)
    return redemption_held.retry(scene.service, left_s)


@pytest.mark.timeout(300)
def test_a_killed_process_frees_its_key(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "hold"
    with stage("held", **{SETTING: str(file)}) as scene:
        assert kill_round(scene, file) == ""
        assert len(scene.values(idempotency_key.c.reply, idempotency_key.c.key != "")) == 1


@pytest.mark.timeout(300)
def test_a_key_that_is_taken_apart_is_never_free(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "hold"
    with stage("held-with-keys-apart", **{SETTING: str(file)}) as scene:
        wrong = kill_round(scene, file, CONTROL_S)
    assert "the answer was ServiceBusy" in wrong


@pytest.mark.prove
@pytest.mark.timeout(1200)
def test_many_killed_processes_free_their_keys(stage: Stage, tmp_path: Path, report: Any) -> None:
    file = tmp_path / "hold"
    with stage("held", **{SETTING: str(file)}) as scene:
        wrong = list(filter(None, (kill_round(scene, file) for _ in range(KILLS_COUNT))))
    report.proof(KILLED_HOLDER, rounds=KILLS_COUNT, failures=len(wrong))
    assert wrong == []


@pytest.mark.prove
@pytest.mark.timeout(1200)
def test_a_key_that_is_taken_apart_is_not_free_after_30_s(
    stage: Stage, tmp_path: Path, report: Any
) -> None:
    file = tmp_path / "hold"
    with stage("held-with-keys-apart", **{SETTING: str(file)}) as scene:
        wrong = kill_round(scene, file)
    report.control(KILLED_HOLDER, rounds=1, failures=int(bool(wrong)))
    assert "the answer was ServiceBusy" in wrong
