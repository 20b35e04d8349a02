"""The journal of calls: written beside them, found by those who may see them, forgotten."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from service.cli.worker import _work
from service.domain.errors import INPUT_INVALID, NOT_AUTHORIZED
from service.domain.listings import Listing
from service.domain.recorded import CallRecord, CallSearch, FoundCall
from service.domain.refusals import ServiceError
from service.domain.roles import COMMAND_LINE, Caller, Role
from service.jobs.journal_worker import JournalWorker
from service.operations import call_journal
from service.operations.call_journal import CallJournal, JournalKeeper, find_calls
from service.operations.users import DEVELOPER, add_user, issue_token, list_tokens
from service.settings import Settings
from service.storage import calls, newest_first
from service.storage.engine import Database, DatabaseLimits
from service.storage.party_tables import token
from service.storage.report_tables import call as call_table
from service.storage.users import add_role
from tests.operations.traces import call_record
from tests.programme import START, Clock, Programme

PATIENCE_S = 60
LOCK_TIMEOUT_S = 0.3


@pytest.fixture(autouse=True)
def patient_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may write the last calls for longer than the end of a process waits."""
    monkeypatch.setattr(call_journal, "STOP_TIMEOUT_S", PATIENCE_S)


def record(number: int = 0, **changes: Any) -> CallRecord:
    """A redemption that ended well, so many minutes after the start, but for the changes."""
    usual = {"at": START + timedelta(minutes=number), "operation": "RedeemCoupon"}
    return call_record(**{**usual, **changes})


def write(programme: Programme, *records: CallRecord) -> None:
    with programme.database.writing() as connection:
        calls.add_calls(connection, records)


def found(
    programme: Programme, caller: Caller = COMMAND_LINE, size: int = 2, **search: Any
) -> list[CallRecord]:
    """The calls on all pages."""
    pages: list[Listing[FoundCall]] = []
    after = None
    while not pages or after is not None:
        pages.append(find_calls(programme.call(caller), CallSearch(**search), after, size))
        after = pages[-1].after
        assert len(pages) < 100
    return [it.record for page in pages for it in page.items]


@pytest.mark.parametrize("is_patient", [True, False])
def test_calls_are_found_by_what_is_known_of_them(
    programme: Programme, monkeypatch: pytest.MonkeyPatch, is_patient: bool
) -> None:
    if not is_patient:
        monkeypatch.setattr(newest_first, "PATIENCE_S", 0)
        monkeypatch.setattr(newest_first, "STRETCH_LENGTH_MIN", 3)
    user_id = add_user(programme.call(), "Kim", Role.OPERATOR, None)
    some = [record(60 * number, user_id=user_id if number % 4 else None) for number in range(10)]
    some[3] = some[3]._replace(outcome="CouponNotFound", code=90001, http_status=500)
    some[5] = some[5]._replace(outcome="XmlMalformed", operation=None, user_id=None)
    some[6] = some[6]._replace(operation="SearchCoupons", is_replay=True)
    write(programme, *some)
    assert found(programme) == some[::-1]
    assert found(programme, tracking_id=some[4].tracking_id.upper()) == [some[4]]
    assert found(programme, tracking_id=str(uuid4())) == []
    assert found(programme, operation="SearchCoupons") == [some[6]]
    assert found(programme, outcome="CouponNotFound") == [some[3]]
    assert found(programme, only_faults=True) == [some[5], some[3]]
    assert found(programme, user_name="Kim") == [it for it in some[::-1] if it.user_id]
    assert found(programme, since=some[2].at, before=some[5].at) == some[4:1:-1]
    page = find_calls(programme.call(), CallSearch(tracking_id=some[6].tracking_id))
    assert [it.user_name for it in page.items] == ["Kim"]
    with pytest.raises(ServiceError) as refusal:
        found(programme, tracking_id="a' OR 1")
    assert refusal.value.row is INPUT_INVALID


def test_members_see_the_calls_of_their_own(programme: Programme, owner: int) -> None:
    other = programme.customer()
    users = {
        "lead": add_user(programme.call(), "lead", Role.SUPER_ADMIN, owner),
        "colleague": add_user(programme.call(), "colleague", Role.READ_ONLY, owner),
        "both": add_user(programme.call(), "both", Role.STANDARD, owner),
        "stranger": add_user(programme.call(), "stranger", Role.STANDARD, other),
        "operator": add_user(programme.call(), "operator", Role.OPERATOR, None),
    }
    with programme.database.writing() as connection:
        add_role(connection, users["both"], Role.READ_ONLY, other)
    write(programme, record(), *(record(user_id=user_id) for user_id in users.values()))
    names = {user_id: name for name, user_id in users.items()}

    def seen(name: str, roles: dict[int, Role], **search: Any) -> set[str | None]:
        caller = Caller(users[name], name, roles)
        return {names.get(it.user_id or 0) for it in found(programme, caller, **search)}

    assert seen("lead", {owner: Role.SUPER_ADMIN}) == {"lead", "colleague"}
    both = {owner: Role.SUPER_ADMIN, other: Role.SUPER_ADMIN}
    assert seen("lead", both) == {"lead", "colleague", "both", "stranger"}
    assert seen("lead", both, customer_id=other) == {"both", "stranger"}
    assert seen("colleague", {owner: Role.READ_ONLY}) == {"colleague"}
    with pytest.raises(ServiceError) as refusal:
        seen("lead", {owner: Role.SUPER_ADMIN}, customer_id=other)
    assert refusal.value.row is NOT_AUTHORIZED


def test_old_calls_are_forgotten(
    programme: Programme, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "FORGOTTEN_TOGETHER", 3)
    some = [record(60 * number) for number in range(10)]
    write(programme, *some)
    keeper = JournalKeeper(programme.database, timedelta(hours=2), clock)
    assert keeper.forget_some() == 0
    clock.move(hours=9.5)
    assert [keeper.forget_some() for _ in range(4)] == [3, 3, 2, 0]
    assert found(programme) == [some[9], some[8]]
    monkeypatch.setattr(calls, "CALLS_COUNT_MAX", 1)
    assert keeper.forget_some() == 1
    assert found(programme) == [some[9]]


class Endless:
    """Work that takes until it is stopped."""

    def run(self, stop: Event, *_: object) -> None:
        stop.wait()


def test_old_calls_are_forgotten_while_other_work_goes_on(
    programme: Programme, clock: Clock
) -> None:
    write(programme, record())
    clock.move(hours=9)
    stop, endless = Event(), Endless()
    journal = JournalWorker(JournalKeeper(programme.database, timedelta(hours=2), clock))
    workers: Any = SimpleNamespace(mail=endless, jobs=endless, reports=endless, journal=journal)
    thread = Thread(target=_work, args=(Settings(), stop, workers))
    thread.start()
    try:
        deadline = time.monotonic() + PATIENCE_S
        while found(programme):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert thread.is_alive()
    finally:
        stop.set()
        thread.join()


def test_calls_are_written_beside_them(programme: Programme) -> None:
    lost: list[int] = []
    journal = CallJournal(programme.database, lost.append, pause_s=0.05)
    some = [record(number) for number in range(3)]
    journal.note(some[0])
    deadline = time.monotonic() + PATIENCE_S
    while not found(programme):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    journal.note(some[1])
    journal.note(some[2])
    journal.close()
    assert found(programme) == some[::-1]
    assert lost == []


@contextmanager
def locked(programme: Programme) -> Iterator[None]:
    """While the block runs, nobody else writes a call."""
    with programme.database.writing() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("LOCK TABLE call IN ACCESS EXCLUSIVE MODE")
        yield


def test_a_locked_database_keeps_no_call_waiting(programme: Programme, database_url: str) -> None:
    lost: list[int] = []
    database = Database(database_url, DatabaseLimits(lock_timeout_s=PATIENCE_S))
    journal = CallJournal(database, lost.append, pause_s=0.01)
    some = [record(number) for number in range(10)]
    with locked(programme):
        begun = time.monotonic()
        for one in some:
            journal.note(one)
        assert time.monotonic() - begun < PATIENCE_S / 2
    journal.close()
    database.close()
    assert lost == []
    assert found(programme) == some[::-1]


def test_what_a_locked_database_does_not_take_is_lost(
    programme: Programme, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_journal, "QUEUE_LENGTH_MAX", 5)
    lost: list[int] = []
    database = Database(database_url, DatabaseLimits(lock_timeout_s=LOCK_TIMEOUT_S))
    journal = CallJournal(database, lost.append, pause_s=0.01)
    with locked(programme):
        for number in range(10):
            journal.note(record(number))
        # What was taken is given up, and what came meanwhile had no room.
        deadline = time.monotonic() + PATIENCE_S
        while sum(lost) < 10 and time.monotonic() < deadline:
            time.sleep(0.02)
    after = record(10)
    journal.note(after)
    journal.close()
    database.close()
    assert sum(lost) == 10
    assert found(programme) == [after]


def test_a_token_that_is_held_costs_no_call(
    programme: Programme, database_url: str, owner: int
) -> None:
    """When it was used is written later: whoever holds it may be about to revoke it."""
    lost: list[int] = []
    database = Database(database_url, DatabaseLimits(lock_timeout_s=LOCK_TIMEOUT_S))
    journal = CallJournal(database, lost.append, pause_s=60)
    add_user(programme.call(), "kim", Role.STANDARD, owner)
    issue_token(programme.call(), "kim", DEVELOPER)
    one = record()
    with programme.database.writing() as connection:
        connection.execute(update(token).values(kind=DEVELOPER))
        journal.note(one)
        journal.note_use(connection.execute(select(token.c.token_id)).scalar_one(), START)
        journal._write()
    is_held_whole = programme.database.engine.dialect.name == "sqlite"
    assert (lost, found(programme)) == (([1], []) if is_held_whole else ([], [one]))
    assert [it.last_used_at for it in list_tokens(programme.call())] == [None]
    journal.close()
    database.close()
    assert [it.last_used_at for it in list_tokens(programme.call())] == [START]


def test_a_call_waits_for_no_journal(programme: Programme) -> None:
    """The cost of a call: an append, and no lock or thread once the first is noted."""
    journal = CallJournal(programme.database, lambda _count: None, pause_s=60)
    journal.note(record())
    one = record()
    times = []
    for _ in range(5):
        begun = time.thread_time()
        for _ in range(1000):
            journal.note(one)
        times.append(time.thread_time() - begun)
    journal.close()
    assert min(times) / 1000 < 3e-6
    assert len(programme.rows(call_table)) == 5001
