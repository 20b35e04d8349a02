"""SQLite's pages have a place of their own in a process that serves, and only there."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.databases import SqliteEngine

_COUNT_USED = """
import ctypes, sqlite3, sys
import _sqlite3

def used_after(path):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE filler (value TEXT)")
    connection.executemany("INSERT INTO filler VALUES (?)", [("x" * 2000,)] * 1000)
    library, used, most = ctypes.CDLL(_sqlite3.__file__), ctypes.c_int(), ctypes.c_int()
    library.sqlite3_status(1, ctypes.byref(used), ctypes.byref(most), 0)
    assert connection.execute("SELECT count(*) FROM filler").fetchone() == (1000,)
    return used.value
"""


def run(script: str, *arguments: str) -> str:
    """What a process of its own prints."""
    command = [sys.executable, "-c", _COUNT_USED + script, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("before", "reserved", "most"),
    [
        ("", "True", range(400, 1_501)),
        # Who has a connection keeps it, and what it has: SQLite stays as it is.
        ("kept = sqlite3.connect(':memory:')", "False", range(1)),
    ],
)
def test_pages_have_a_place_of_their_own_unless_there_are_connections(
    before: str, reserved: str, most: range, tmp_path: Path
) -> None:
    script = f"""
{before}
from service.storage.sqlite_pages import reserve_pages
print(reserve_pages(), used_after(sys.argv[1]))
"""
    told, used = run(script, str(tmp_path / "filler.db")).split()
    assert told == reserved
    assert int(used) in most


def test_a_connection_that_finds_no_place_left_goes_on(tmp_path: Path) -> None:
    script = """
from service.storage import sqlite_pages
sqlite_pages.PAGES_COUNT = 20
print(sqlite_pages.reserve_pages(), used_after(sys.argv[1]))
"""
    told, used = run(script, str(tmp_path / "filler.db")).split()
    assert told == "True"
    assert 10 <= int(used) <= 20


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return SqliteEngine(tmp_path).create(None)


def used_where_served(url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many of these pages a process uses that serves a database."""
    monkeypatch.setenv("COUPON_BILLING_DATABASE", url)
    script = """
from service.cli.fair_share import FairShare, create_shares
from service.cli.serving_process import create_app_for_parent
create_app_for_parent(FairShare(create_shares(1), 0))
print(used_after(sys.argv[1]))
"""
    return int(run(script, str(folder / "filler.db")))


def test_a_process_that_serves_has_such_a_place(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert used_where_served(sqlite_url, tmp_path, monkeypatch) >= 400


def test_a_process_that_serves_from_postgresql_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing is asked of it yet.
    url = "postgresql://nobody@127.0.0.1:1/nothing"
    assert used_where_served(url, tmp_path, monkeypatch) == 0
