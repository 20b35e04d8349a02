"""A request with a key is safe to send again, whatever became of its answer or of the server.

The controls are a service that takes no notice of keys, and one that takes a key in a
transaction before that of the operation, as others do.
"""

import os
import random
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import pytest

from service.storage.tables import audit, coupon, idempotency_key, outbox, redemption
from tests.reliability.crowd import HEADERS
from tests.reliability.envelopes import DONE, outcome
from tests.reliability.fixtures import Stage
from tests.reliability.holding import SETTING, arrival_of
from tests.reliability.proofs import CUT_CONNECTION, KILLED_HOLDER, STOPPED_HOLDER
from tests.reliability.scene import Scene
from tests.reliability.service_process import ServiceProcess, serving

CUTS_COUNT = 200
CUTS_COUNT_SHORT = 5
KILLS_COUNT = 20
PATIENCE_S = 60
FREE_S_MAX = 30
"""How long at most a key is held by a process that has died."""
CONTROL_S = 1
"""How long a broken service is asked for a key that it never frees."""
_POLL_S = 0.01


def post(service: ServiceProcess, body: bytes) -> str:
    """Send a request; answers what its answer says, or what went wrong on the way."""
    host, port, path = service.address
    connection = HTTPConnection(host, port, timeout=PATIENCE_S)
    try:
        connection.request("POST", path, body, HEADERS)
        return outcome(connection.getresponse().read())
    except (OSError, HTTPException) as error:
        return repr(error)
    finally:
        connection.close()


def post_and_hang_up(scene: Scene, body: bytes, patience_s: float) -> None:
    """Send a request, and cut the connection without reading an answer."""
    host, port, path = scene.service.address
    lines = [f"POST {path} HTTP/1.1", f"Host: {host}:{port}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in HEADERS.items()]
    with socket.create_connection((host, port), timeout=PATIENCE_S) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        time.sleep(patience_s)


def wait_until(condition: Any) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(_POLL_S)


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


@dataclass
class Held:
    """A redemption that waits in the service, which holds its key.

    Attributes:
        file: While it is there, redemptions wait.
    """

    scene: Scene
    file: Path
    account_id: int
    code: str
    body: bytes

    def let_go(self) -> None:
        """Let redemptions run through from now on."""
        self.file.unlink()
        arrival_of(self.file).unlink()

    def retry(self, service: ServiceProcess, end_s: float) -> str:
        """Send the request again until its key is free; answers what was wrong."""
        deadline = time.monotonic() + end_s
        while True:
            answer = post(service, self.body)
            if answer == DONE or time.monotonic() > deadline:
                break
            time.sleep(_POLL_S)
        if answer != DONE or time.monotonic() > deadline:
            return f"after {end_s} s the answer was {answer}"
        return self.wrong_effect()

    def wrong_effect(self) -> str:
        """Answers what is wrong unless the coupon was redeemed exactly once."""
        values = self.scene.values
        redeemed = values(redemption.c.coupon_id, redemption.c.account_id == self.account_id)
        is_noted = (audit.c.action == "redeem") & audit.c.entity_id.in_(redeemed)
        counts = len(redeemed), len(values(audit.c.audit_id, is_noted))
        return "" if counts == (1, 1) else f"{counts} redemptions and entries"


@contextmanager
def held(scene: Scene, file: Path) -> Iterator[Held]:
    """A redemption that waits for the time of the block."""
    code = scene.programme.coupon(scene.owner)
    (account_id,) = scene.accounts(1)
    body = scene.envelopes.keyed(code).redeem(account_id, code)
    file.touch()
    caller = threading.Thread(target=post, args=(scene.service, body))
    with ExitStack() as stack:
        caller.start()
        stack.callback(caller.join)
        wait_until(arrival_of(file).exists)
        yield Held(scene, file, account_id, code, body)


def kill_round(scene: Scene, file: Path, end_s: float = FREE_S_MAX) -> str:
    """Kill the service while it holds a key, and ask again; answers what was wrong."""
    with held(scene, file) as redemption_held:
        killed_at = time.monotonic()
        scene.service.kill()
    redemption_held.let_go()
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


@pytest.mark.prove
@pytest.mark.timeout(600)
@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
@pytest.mark.parametrize("fault", ["held", "held-with-keys-apart"])
def test_a_machine_that_has_vanished_frees_its_key(
    stage: Stage, database_url: str, tmp_path: Path, report: Any, fault: str
) -> None:
    """A process that is stopped looks like a machine that is gone: nobody closes its connection."""
    file, other_machine = tmp_path / "hold", tmp_path / "other"
    other_machine.mkdir()
    faults_elsewhere = () if fault == "held" else ("keys-apart",)
    with (
        stage(fault, **{SETTING: str(file)}) as scene,
        serving(database_url, other_machine, *faults_elsewhere) as other,
    ):
        with held(scene, file) as redemption_held:
            assert scene.service.process is not None
            os.killpg(scene.service.process.pid, signal.SIGSTOP)
            wrong = redemption_held.retry(other, FREE_S_MAX)
            redemption_held.let_go()
            os.killpg(scene.service.process.pid, signal.SIGCONT)
        # The stopped process has gone on meanwhile.
        wrong = wrong or redemption_held.wrong_effect()
    if fault == "held":
        report.proof(STOPPED_HOLDER, rounds=1, failures=int(bool(wrong)))
        assert wrong == ""
    else:
        report.control(STOPPED_HOLDER, rounds=1, failures=int(bool(wrong)))
        assert "the answer was ServiceBusy" in wrong
