"""What keeps the database from its work is told by typed faults, and is over when it is over.

The service runs through all of it. The controls are a service that does not know
trouble when it sees it, and one that does not wait.
"""

import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from threading import Event
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.engine import make_url

from service.storage.engine import Database
from service.storage.party_tables import account
from service.storage.schema import upgrade
from tests.crash.disks import LimitedFiles, NotAllowedError, ReadOnlyFiles, mounted
from tests.crash.redeemers import ANSWERS, CLIENTS_COUNT, redeeming
from tests.crash.traces import breaches_count, lost_and_doubled
from tests.postgresql import PostgresServer
from tests.reliability.envelopes import DONE
from tests.reliability.proofs import FULL_DISK, LOCKED, READ_ONLY, READ_ONLY_FILE, RESTARTED, Report
from tests.reliability.scene import staged

UNTOLD = "trouble-untold"
TROUBLE = {"ServiceUnavailable", "ServiceBusy"}
HELD_S, HELD_S_SHORT = 10, 1.5
RESTARTS_COUNT, RESTARTS_COUNT_SHORT = 20, 2
REDEMPTIONS_COUNT_MAX = 2000
CALLERS_COUNT = 32
ROUNDS = 3
RECOVERY_S_MAX = 20
DISK_MEGABYTES, SERVER_DISK_MEGABYTES = 8, 64


@pytest.fixture
def own_server():
    """A server that a test may break."""
    server = PostgresServer()
    server.start()
    yield server
    server.remove()


def new_database(server, options=""):
    name = f"troubled_{uuid4().hex}"
    server.execute(f"CREATE DATABASE {name} {options}")
    database = Database(server.url(name))
    upgrade(database)
    database.close()
    return server.url(name)


class Desk:
    """Redeems one new coupon after the other for one account."""

    def __init__(self, scene):
        self._scene = scene
        (self._account_id,) = scene.accounts(1)
        name = f"Class {scene.next_number()}"
        # No coupon becomes active, so that one redemption is like the other.
        scene.programme.coupon_class(scene.owner, name, spend_threshold=Decimal(1))
        self._codes = iter(scene.programme.mint(scene.owner, name, REDEMPTIONS_COUNT_MAX))

    def redeem(self):
        (answer,) = self._scene.ask(
            [self._scene.envelopes.redeem(self._account_id, next(self._codes))]
        )
        return answer

    def until(self, is_over):
        """Redeem until an answer is the one looked for; answers what was said."""
        said = set()
        end = time.monotonic() + RECOVERY_S_MAX
        while not is_over(answer := self.redeem()):
            said.add(answer)
            assert time.monotonic() < end, said
        return {*said, answer}


# Locked.


def held(scene, held_s):
    """Redeem while another process holds what a redemption needs; answers what was wrong."""
    desk, is_held = Desk(scene), Event()

    def hold():
        with scene.programme.database.writing() as connection:
            connection.execute(select(account.c.account_id).with_for_update()).all()
            is_held.set()
            time.sleep(held_s)

    with ThreadPoolExecutor(1) as threads:
        holding = threads.submit(hold)
        assert is_held.wait(RECOVERY_S_MAX)
        start = time.monotonic()
        answer = desk.redeem()
        waited_s = time.monotonic() - start
        holding.result()
    is_right = answer == DONE and waited_s > held_s * 0.9
    return "" if is_right else f"{answer} after {waited_s:.1f} s"


def test_calls_wait_for_a_lock(stage):
    with stage() as scene:
        assert held(scene, HELD_S_SHORT) == ""


def test_calls_that_waited_too_long_are_told_so(stage):
    with stage(LOCK_TIMEOUT_S="0.5") as scene:
        assert held(scene, HELD_S_SHORT).startswith("ServiceBusy")
        assert Desk(scene).redeem() == DONE
        assert breaches_count(scene.programme) == 0


@pytest.mark.prove
@pytest.mark.timeout(300)
def test_calls_wait_for_a_lock_that_is_held_for_long(stage, report):
    with stage() as scene:
        wrong = list(filter(None, (held(scene, HELD_S) for _ in range(ROUNDS))))
    report.proof(LOCKED, rounds=ROUNDS, failures=len(wrong))
    assert wrong == []


@pytest.mark.prove
def test_a_service_that_does_not_wait_is_noticed(stage, report):
    with stage(LOCK_TIMEOUT_S="0.1") as scene:
        wrong = list(filter(None, (held(scene, HELD_S_SHORT) for _ in range(ROUNDS))))
    report.control(LOCKED, rounds=ROUNDS, failures=len(wrong))
    assert wrong


# Trouble that comes and goes.


def troubled(scene, begin, end):
    """Let trouble begin and end while an account redeems; answers what was wrong."""
    desk = Desk(scene)
    assert desk.redeem() == DONE
    begin()
    said = desk.until(lambda answer: answer != DONE)
    said |= {desk.redeem() for _ in range(5)}
    before = breaches_count(scene.programme)
    end()
    said |= desk.until(lambda answer: answer == DONE)
    left = before + breaches_count(scene.programme)
    is_right = said <= {DONE, *TROUBLE} and left == 0
    return "" if is_right else f"{said}, {left} rows left"


@pytest.fixture
def small(engine_name, request):
    """A disk that can be filled, and the URL of a new database on it."""
    return request.getfixturevalue(f"small_{engine_name}")


@pytest.fixture
def small_sqlite(databases, tmp_path):
    source = databases.new()
    try:
        with mounted(tmp_path / "disk", DISK_MEGABYTES) as disk:
            path = shutil.copy(str(make_url(source).database), disk.folder / "small.db")
            yield disk, f"sqlite:///{path}"
    except NotAllowedError:
        yield None, source


@pytest.fixture
def small_postgresql(own_server, report):
    folder = own_server.folder / "disk"
    try:
        with mounted(folder, SERVER_DISK_MEGABYTES, own_server._user) as disk:
            space = disk.folder / "space"
            space.mkdir()
            if own_server._user:
                os.chown(space, own_server._user, own_server._user)
            own_server.execute(f"CREATE TABLESPACE small LOCATION '{space}'")
            yield disk, new_database(own_server, "TABLESPACE small")
            own_server.stop()
    except NotAllowedError as error:
        report.unmeasured(FULL_DISK)
        pytest.skip(str(error))


def full_disk(small, crowd, folder, *fault):
    disk, url = small
    with staged(url, crowd, folder, *fault) as scene:
        disk = disk or LimitedFiles(scene.service.process.pid)
        return troubled(scene, disk.fill, disk.empty)


def test_a_full_disk(small, crowd, tmp_path):
    assert full_disk(small, crowd, tmp_path) == ""


@pytest.mark.prove
@pytest.mark.timeout(300)
def test_a_disk_that_is_full_more_than_once(small, crowd, tmp_path, report):
    wrong = [full_disk(small, crowd, tmp_path) for _ in range(ROUNDS)]
    report.proof(FULL_DISK, rounds=ROUNDS, failures=sum(map(bool, wrong)))
    assert not any(wrong), wrong


@pytest.mark.prove
def test_a_full_disk_that_is_not_told_is_noticed(small, crowd, tmp_path, report):
    wrong = full_disk(small, crowd, tmp_path, UNTOLD)
    report.control(FULL_DISK, rounds=1, failures=bool(wrong))
    assert "InternalError" in wrong


def read_only_file(url, crowd, folder, *fault):
    """Take the right to write the files while callers come; answers what was wrong."""
    path = make_url(url).database
    files = ReadOnlyFiles([Path(path), Path(f"{path}-wal")])
    with staged(url, crowd, folder, *fault) as scene:
        codes = [scene.programme.coupon(scene.owner) for _ in range(CALLERS_COUNT)]
        pairs = zip(scene.accounts(CALLERS_COUNT), codes, strict=True)
        bodies = [scene.envelopes.redeem(*pair) for pair in pairs]
        files.begin()
        try:
            # Some of them open the files just now.
            said = {*scene.ask(bodies)}
            is_read = scene.service._is_healthy()
        finally:
            files.end()
        # Whatever a process has opened, none has to be told that it may write again.
        for _ in range(2):
            scene.ask(bodies)
        then = {*scene.ask(bodies)}
        left = breaches_count(scene.programme)
    is_right = said <= TROUBLE and is_read and then == {DONE} and left == 0
    return "" if is_right else f"{said}, read: {is_read}, then {then}, {left} rows left"


@pytest.fixture
def file_url(tmp_path, report):
    """A database whose files can be made to be read only."""
    # On a disk: files in memory go on being written by who has opened them before.
    url = f"sqlite:///{tmp_path / 'files.db'}"
    database = Database(url)
    upgrade(database)
    database.close()
    files = ReadOnlyFiles([Path(make_url(url).database)])
    try:
        files.begin()
    except NotAllowedError as error:
        report.unmeasured(READ_ONLY_FILE)
        pytest.skip(str(error))
    files.end()
    return url


only_on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


@only_on_sqlite
def test_files_that_only_read(file_url, crowd, tmp_path):
    assert read_only_file(file_url, crowd, tmp_path) == ""


@pytest.mark.prove
@pytest.mark.timeout(300)
@only_on_sqlite
def test_files_that_only_read_more_than_once(file_url, crowd, tmp_path, report):
    wrong = [read_only_file(file_url, crowd, tmp_path) for _ in range(ROUNDS)]
    report.proof(READ_ONLY_FILE, rounds=ROUNDS, failures=sum(map(bool, wrong)))
    assert not any(wrong), wrong


@pytest.mark.prove
@only_on_sqlite
def test_files_that_only_read_and_are_not_told_are_noticed(file_url, crowd, tmp_path, report):
    wrong = read_only_file(file_url, crowd, tmp_path, UNTOLD)
    report.control(READ_ONLY_FILE, rounds=1, failures=int(bool(wrong)))
    assert "InternalError" in wrong


def read_only(own_server, crowd, folder, *fault):
    """Make a standby of the server, which only reads, and then promote it."""

    def demote():
        own_server.stop()
        (own_server._data / "standby.signal").touch()
        own_server.start()

    url = new_database(own_server)
    with staged(url, crowd, folder, *fault) as scene:
        return troubled(scene, demote, lambda: own_server.execute("SELECT pg_promote()"))


def test_a_server_that_only_reads(own_server, crowd, tmp_path):
    assert read_only(own_server, crowd, tmp_path) == ""


@pytest.mark.prove
@pytest.mark.timeout(300)
def test_a_server_that_only_reads_more_than_once(own_server, crowd, tmp_path, record_property):
    wrong = [read_only(own_server, crowd, tmp_path) for _ in range(ROUNDS)]
    report = Report(record_property, "postgresql")
    report.proof(READ_ONLY, rounds=ROUNDS, failures=sum(map(bool, wrong)))
    assert not any(wrong), wrong


@pytest.mark.prove
def test_a_standby_that_is_not_told_is_noticed(own_server, crowd, tmp_path, record_property):
    wrong = read_only(own_server, crowd, tmp_path, UNTOLD)
    Report(record_property, "postgresql").control(READ_ONLY, rounds=1, failures=bool(wrong))
    assert "InternalError" in wrong


@dataclass
class Restarts:
    """What was wrong in restarts of the server.

    Attributes:
        strange: Answers that are no answers to trouble.
        broken_count: The restarts after which something new was strange or broken.
        lost_and_doubled: Of all redemptions, counted at the end.
    """

    strange: set[str] = field(default_factory=set)
    broken_count: int = 0
    lost_and_doubled: tuple[int, int] = (0, 0)

    @property
    def failures(self):
        return self.broken_count + sum(self.lost_and_doubled)


def restarts(own_server, crowd, folder, count, *fault):
    """Kill and start the server under clients that redeem."""
    seen, breaches_before = Restarts(), 0
    with staged(new_database(own_server), crowd, folder, *fault) as scene:
        scene.programme.coupon_class(scene.owner)
        # More than a fast machine redeems meanwhile.
        codes = [
            code
            for _ in range(20)
            for code in scene.programme.mint(scene.owner, count=REDEMPTIONS_COUNT_MAX)
        ]
        account_ids = scene.accounts(CLIENTS_COUNT * 4)
        with redeeming(scene.service.address, scene.envelopes, codes, account_ids) as clients:
            for _ in range(count):
                time.sleep(0.3)
                own_server.kill()
                time.sleep(0.3)
                own_server.start()
                breaches = breaches_count(scene.programme)
                strange = set(clients.said) - ANSWERS - TROUBLE
                seen.broken_count += strange > seen.strange or breaches > breaches_before
                seen.strange, breaches_before = strange, breaches
        # What the clients still waited for.
        strange = set(clients.said) - ANSWERS - TROUBLE
        seen.broken_count += strange > seen.strange
        seen.strange = strange
        seen.lost_and_doubled = lost_and_doubled(scene.programme, clients.told)
    assert clients.unanswered_count > count
    return seen


@pytest.mark.timeout(300)
def test_a_server_that_is_started_again(own_server, crowd, tmp_path):
    assert restarts(own_server, crowd, tmp_path, RESTARTS_COUNT_SHORT) == Restarts()


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_a_server_that_is_started_again_and_again(own_server, crowd, tmp_path, record_property):
    seen = restarts(own_server, crowd, tmp_path, RESTARTS_COUNT)
    report = Report(record_property, "postgresql")
    report.proof(RESTARTED, rounds=RESTARTS_COUNT, failures=seen.failures)
    assert seen == Restarts()


@pytest.mark.prove
@pytest.mark.timeout(300)
def test_a_restart_that_is_not_told_is_noticed(own_server, crowd, tmp_path, record_property):
    seen = restarts(own_server, crowd, tmp_path, 1, UNTOLD)
    Report(record_property, "postgresql").control(RESTARTED, rounds=1, failures=seen.broken_count)
    assert "InternalError" in seen.strange
