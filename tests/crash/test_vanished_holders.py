"""Whatever becomes of who holds a key, PostgreSQL frees it in time.

A process that is stopped looks like a machine that is gone: nobody closes its
connection. The controls are services that do not have PostgreSQL look after them.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.engine import make_url

from service.storage.party_tables import account
from service.storage.tables import redemption
from tests.crash.holders import FREE_S_MAX, asked_for, held, let_go, new_redemption
from tests.deployment.waiting import wait_until
from tests.reliability.fixtures import Stage
from tests.reliability.holding import SETTING
from tests.reliability.proofs import KILLED_WAITER, STOPPED_HOLDER, STOPPED_WAITER
from tests.reliability.scene import Scene
from tests.reliability.service_process import ServiceProcess, serving

pytestmark = [
    pytest.mark.prove,
    pytest.mark.timeout(300),
    pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True),
]
IDLE = "idle_in_transaction_session_timeout"
ALIVE = "client_connection_check_interval"
NEVER = 0
ROUNDS = 3
HELD_S = 2
"""How long a lock is held on that a stopped process waits for."""
LOCK_TIMEOUT_S, IDLE_S, BUSY_S = 5, 3, 4
"""What one who waits for a lock may take, in the proof; and a busy machine, in all."""
KILLED_FREE_S_MAX = 10
_WAITING = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def told(url: str, **options: int) -> str:
    """The URL, by which PostgreSQL is told something else on each connection."""
    text = " ".join(f"-c {name}={value}" for name, value in options.items())
    asked = make_url(url).update_query_dict({"options": text})
    return asked.render_as_string(hide_password=False)


@pytest.fixture
def other(database_url: str, tmp_path: Path) -> Iterator[ServiceProcess]:
    """A service on another machine, that does not wait for long."""
    folder = tmp_path / "other"
    folder.mkdir()
    with serving(database_url, folder, LOCK_TIMEOUT_S="1") as service:
        yield service


@contextmanager
def stopped(service: ServiceProcess) -> Iterator[None]:
    assert service.process is not None
    os.killpg(service.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(service.process.pid, signal.SIGCONT)


@contextmanager
def locked(scene: Scene, account_id: int) -> Iterator[None]:
    """Hold an account for the time of the block, so that others wait for it."""
    is_meant = account.c.account_id == account_id
    with scene.programme.database.writing() as connection:
        connection.execute(select(account).where(is_meant).with_for_update())
        yield


def is_waited_for(scene: Scene) -> bool:
    with scene.programme.database.reading() as connection:
        return connection.exec_driver_sql(_WAITING).scalar_one() > 0


# The machine vanishes.


def stopped_holder(scene: Scene, other: ServiceProcess, file: Path) -> str:
    """Stop the service when it has done its work; answers what was wrong."""
    with held(scene, file) as wanted, stopped(scene.service):
        wrong = wanted.retry(other, FREE_S_MAX)
        let_go(file)
    # The stopped process has gone on meanwhile.
    return wrong or wanted.wrong_effect()


def test_a_machine_that_has_vanished_frees_its_key(
    stage: Stage, other: ServiceProcess, tmp_path: Path, report: Any
) -> None:
    file = tmp_path / "hold"
    with stage("held", **{SETTING: str(file)}) as scene:
        wrong = stopped_holder(scene, other, file)
    report.proof(STOPPED_HOLDER, rounds=1, failures=int(bool(wrong)))
    assert wrong == ""


def test_a_machine_that_may_be_idle_for_ever_does_not(
    stage: Stage, database_url: str, other: ServiceProcess, tmp_path: Path, report: Any
) -> None:
    file = tmp_path / "hold"
    url = told(database_url, **{IDLE: NEVER})
    with stage("held", **{SETTING: str(file), "DATABASE": url}) as scene:
        wrong = stopped_holder(scene, other, file)
    report.control(STOPPED_HOLDER, rounds=1, failures=int(bool(wrong)))
    assert "the answer was ServiceBusy" in wrong


def stopped_waiter(scene: Scene, other: ServiceProcess) -> str:
    """Stop the service while it waits for an account; answers what was wrong."""
    wanted = new_redemption(scene)
    with asked_for(wanted), ExitStack() as until_end:
        with locked(scene, wanted.account_id):
            wait_until(lambda: is_waited_for(scene))
            until_end.enter_context(stopped(scene.service))
            time.sleep(HELD_S)
        wrong = wanted.retry(other, LOCK_TIMEOUT_S + IDLE_S + BUSY_S - HELD_S)
    return wrong or wanted.wrong_effect()


def test_a_machine_that_has_vanished_in_a_wait_frees_its_key(
    stage: Stage, database_url: str, other: ServiceProcess, report: Any
) -> None:
    url = told(database_url, **{IDLE: IDLE_S * 1000})
    with stage(LOCK_TIMEOUT_S=str(LOCK_TIMEOUT_S), DATABASE=url) as scene:
        wrong = list(filter(None, (stopped_waiter(scene, other) for _ in range(ROUNDS))))
    report.proof(STOPPED_WAITER, rounds=ROUNDS, failures=len(wrong))
    assert wrong == []


def test_a_machine_that_is_not_looked_after_in_a_wait_does_not(
    stage: Stage, database_url: str, other: ServiceProcess, report: Any
) -> None:
    url = told(database_url, **{IDLE: NEVER})
    with stage(LOCK_TIMEOUT_S=str(LOCK_TIMEOUT_S), DATABASE=url) as scene:
        wrong = stopped_waiter(scene, other)
    report.control(STOPPED_WAITER, rounds=1, failures=int(bool(wrong)))
    assert "the answer was ServiceBusy" in wrong


# The process is killed.


def killed_waiter(scene: Scene, other: ServiceProcess) -> str:
    """Kill the service while it waits for an account, and use its key; answers what was wrong."""
    wanted = new_redemption(scene)
    # The account is still locked when the key is free: so it is asked for something else.
    instead = new_redemption(scene, key=wanted.code)
    with locked(scene, wanted.account_id):
        with asked_for(wanted):
            wait_until(lambda: is_waited_for(scene))
            scene.service.kill()
        wrong = instead.retry(other, KILLED_FREE_S_MAX)
    undone = scene.values(redemption.c.coupon_id, redemption.c.account_id == wanted.account_id)
    return wrong or ("the dead redeemed" if undone else "")


def test_a_process_that_was_killed_in_a_wait_frees_its_key(
    stage: Stage, other: ServiceProcess, report: Any
) -> None:
    wrong = []
    with stage() as scene:
        for _ in range(ROUNDS):
            wrong.append(killed_waiter(scene, other))
            scene.service.start()
    report.proof(KILLED_WAITER, rounds=ROUNDS, failures=sum(map(bool, wrong)))
    assert not any(wrong), wrong


def test_a_process_whose_death_nobody_looks_for_does_not(
    stage: Stage, database_url: str, other: ServiceProcess, report: Any
) -> None:
    with stage(DATABASE=told(database_url, **{ALIVE: NEVER})) as scene:
        wrong = killed_waiter(scene, other)
    report.control(KILLED_WAITER, rounds=1, failures=int(bool(wrong)))
    assert "the answer was ServiceBusy" in wrong
