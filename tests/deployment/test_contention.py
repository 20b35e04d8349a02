"""Writers of many processes take turns: nobody hears of a lock before his patience ends.

The controls are a service with little patience, and one whose writers ask for
SQLite's lock too late.
"""

import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import update

from service.storage.tables import coupon
from tests.programme import Programme
from tests.reliability.envelopes import DONE
from tests.reliability.proofs import CONTENTION
from tests.reliability.scene import Scene, operator
from tests.reliability.service_process import ServiceProcess

CLIENTS_COUNT = 16
ROUNDS_SHORT = 5
ROUNDS = 200
CONTROL_ROUNDS = 30
CONTROL_ROUNDS_SHORT_MAX = 10
HOLD_S = 2
IMPATIENT_S = "0.5"
BUSY = "ServiceBusy"
LATE = (str(Path(__file__).with_name("late_service.py")),)
ON_SQLITE = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)

FOUR_WORKERS = {"WORKERS": "4", "THREADS": "16"}


@contextmanager
def lock_held(database, seconds):
    """All coupons are locked, on SQLite the whole database, for so long from the start on."""
    is_held = threading.Event()

    def hold():
        with database.writing() as connection:
            connection.execute(update(coupon).values(coupon_id=coupon.c.coupon_id))
            is_held.set()
            time.sleep(seconds)

    holder = threading.Thread(target=hold)
    holder.start()
    assert is_held.wait(60)
    yield
    holder.join()


@contextmanager
def late_writers(database, crowd, directory):
    """A scene with a service that asks for SQLite's lock too late."""
    url = database.url.render_as_string()
    service = ServiceProcess({"DATABASE": url, **FOUR_WORKERS}, directory / "log", LATE)
    service.start()
    try:
        programme = Programme(database)
        yield Scene(programme, service, operator(programme), crowd)
    finally:
        service.stop()


def write_at_once(scene):
    """Let each client redeem a coupon of its own; answers the outcomes, each once."""
    name = f"Class {scene.next_number()}"
    scene.programme.coupon_class(scene.owner, name)
    codes = scene.programme.mint(scene.owner, name, CLIENTS_COUNT)
    accounts = scene.accounts(CLIENTS_COUNT)
    return redeem_at_once(scene, accounts, codes)


def redeem_at_once(scene, accounts, codes):
    return set(scene.ask(list(map(scene.envelopes.redeem, accounts, codes))))


def write_while_locked(scene, seconds):
    """Lock the coupons and redeem them; answers the outcomes, and how long all took."""
    name = f"Class {scene.next_number()}"
    scene.programme.coupon_class(scene.owner, name)
    codes = scene.programme.mint(scene.owner, name, CLIENTS_COUNT)
    accounts = scene.accounts(CLIENTS_COUNT)
    start = time.monotonic()
    with lock_held(scene.programme.database, seconds):
        outcomes = redeem_at_once(scene, accounts, codes)
    return outcomes, time.monotonic() - start


@pytest.mark.timeout(300)
def test_nobody_hears_of_locks(stage):
    with stage(**FOUR_WORKERS) as scene:
        for _ in range(ROUNDS_SHORT):
            assert write_at_once(scene) == {DONE}
        outcomes, waited_s = write_while_locked(scene, HOLD_S)
        assert outcomes == {DONE}
        assert waited_s >= HOLD_S


@ON_SQLITE
@pytest.mark.timeout(300)
def test_late_writers_hear_of_locks(database, crowd, tmp_path):
    with late_writers(database, crowd, tmp_path) as scene:
        assert any(write_at_once(scene) != {DONE} for _ in range(CONTROL_ROUNDS_SHORT_MAX))


@pytest.mark.timeout(300)
def test_who_waits_too_long_is_told_that_the_service_is_busy(stage):
    with stage(**FOUR_WORKERS, LOCK_TIMEOUT_S=IMPATIENT_S) as scene:
        assert write_while_locked(scene, HOLD_S)[0] == {BUSY}


@pytest.mark.prove
@pytest.mark.timeout(1200)
@ON_SQLITE
def test_nobody_hears_of_locks_in_many_rounds(stage, report):
    with stage(**FOUR_WORKERS) as scene:
        wrong = [it for it in (write_at_once(scene) for _ in range(ROUNDS)) if it != {DONE}]
    report.proof(CONTENTION, rounds=ROUNDS, failures=len(wrong))
    assert wrong == []


@pytest.mark.prove
@pytest.mark.timeout(1200)
@ON_SQLITE
def test_late_writers_hear_of_locks_in_many_rounds(database, crowd, tmp_path, report):
    with late_writers(database, crowd, tmp_path) as scene:
        wrong = [it for it in (write_at_once(scene) for _ in range(CONTROL_ROUNDS)) if it != {DONE}]
    report.control(CONTENTION, rounds=CONTROL_ROUNDS, failures=len(wrong))
    assert len(wrong) >= CONTROL_ROUNDS // 2
