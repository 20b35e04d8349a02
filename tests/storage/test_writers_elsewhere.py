"""Writers of a process wait for those of others on SQLite, and look often whether they ended."""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, event

from service.domain.errors import SERVICE_BUSY, SERVICE_UNAVAILABLE
from service.domain.refusals import ServiceTroubleError
from service.storage import engine
from service.storage.engine import Database
from service.storage.prepared import run_text
from tests.storage.entries import PATIENCE_S, SHORT_S, Open, driver, names, put

HOLD_S, LOOKS_COUNT_MIN = 0.05, 8
TRIES_COUNT = 100
"""How often a busy machine may leave the writer no time to look."""
HOLDER = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
print(time.monotonic())
connection.execute("COMMIT")
"""


@pytest.fixture
def database(open_with: Open) -> Database:
    return open_with()


@contextmanager
def held_elsewhere(database: Database, seconds: float) -> Iterator[Callable[[], float]]:
    """Another process writes for so long, or until the block ends.

    Answers:
        What waits for the end of its transaction, and tells when that was.
    """
    path = str(database.url.database).removeprefix("file:")
    command = [sys.executable, "-S", "-c", HOLDER, path, str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        try:
            assert holder.stdout.readline() == "held\n"
            yield lambda: float(holder.communicate()[0])
        finally:
            holder.kill()


def looks_count(database: Database) -> int:
    """How often a writer has asked when it begins, while another process wrote."""
    asked: list[str] = []

    def hear(driver: sqlite3.Connection, *_more: object) -> None:
        driver.set_trace_callback(asked.append)

    event.listen(database.engine, "checkout", hear)
    with held_elsewhere(database, HOLD_S) as ended_at:
        with database.writing():
            begun_at = time.monotonic()
        assert ended_at() < begun_at
    return asked.count("BEGIN IMMEDIATE")


def busy_timeout(database: Database) -> int:
    with database.reading() as connection:
        ((milliseconds,),) = driver(connection).execute("PRAGMA busy_timeout")
    return int(milliseconds)


def test_a_writer_looks_often_whether_the_other_process_has_ended(open_with: Open) -> None:
    database = open_with(lock_timeout_s=7.5)
    assert any(looks_count(database) >= LOOKS_COUNT_MIN for _ in range(TRIES_COUNT))
    assert busy_timeout(database) == 7500


def test_who_leaves_the_looking_to_sqlite_would_be_noticed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begin(connection: Connection, _timeout_s: float) -> None:
        run_text(connection, "BEGIN IMMEDIATE")

    monkeypatch.setattr(engine, "begin_writing", begin)
    assert looks_count(database) == 1


def test_a_writer_is_told_that_the_other_process_does_not_end(open_with: Open) -> None:
    database = open_with(lock_timeout_s=SHORT_S)
    with held_elsewhere(database, PATIENCE_S):
        asked_at = time.monotonic()
        with pytest.raises(ServiceTroubleError) as busy:
            database.write(put("given up"))
        waited_s = time.monotonic() - asked_at
    assert busy.value.row is SERVICE_BUSY
    assert SHORT_S <= waited_s < PATIENCE_S / 2
    assert busy_timeout(database) == 1000 * SHORT_S
    assert database.write(put("later")) == "later"
    assert names(database) == ["later"]


def test_a_file_that_only_reads_is_unavailable_from_the_beginning(open_with: Open) -> None:
    """As when somebody else made the files beside the database's, and they are his."""
    database = open_with("&readonly_shm=1")
    with held_elsewhere(database, PATIENCE_S), pytest.raises(ServiceTroubleError) as trouble:
        database.write(put("nowhere"))
    assert trouble.value.row is SERVICE_UNAVAILABLE
