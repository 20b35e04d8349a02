"""``backup``: a copy that can be trusted, or a refusal and nothing."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from sqlalchemy.engine import make_url

from tests.storage.engines import ON_POSTGRESQL, ON_SQLITE

LIMITED = """
import resource, signal, sys
from service.cli.main import main
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
main()
"""
"""The command on a disk on which no file can be larger than 64 KiB."""


KILLED = """
import os, signal, sys
from service.cli.main import main
from service.storage import backup
backup._verify = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
main()
"""
"""The command, killed when all is copied and nothing is verified."""


@pytest.fixture
def folder(tmp_path):
    """An empty folder for copies."""
    folder = tmp_path / "copies"
    folder.mkdir()
    return folder


def change(url, *statements):
    """Change a database behind the back of the service, which would not let it happen."""
    with closing(sqlite3.connect(make_url(url).database)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


@ON_SQLITE
def test_a_copy_is_a_database_that_only_its_owner_reads(run, url, codes, folder):
    made = run("backup", folder / "copy.db", "--json").json
    copy = folder / "copy.db"
    assert made == {
        "file": str(copy),
        "bytes_count": copy.stat().st_size,
        "revision": made["revision"],
    }
    assert copy.stat().st_mode & 0o777 == 0o600
    assert list(folder.iterdir()) == [copy]
    run("check", "--database", f"sqlite:///{copy}")
    run("coupon redeem --account 1", codes[0], "--database", f"sqlite:///{copy}")


@ON_SQLITE
def test_a_person_is_told(run, url, folder):
    told = run("backup", folder / "copy.db").stdout
    assert str(folder / "copy.db") in told
    assert "revision" in told


@ON_SQLITE
def test_nothing_is_overwritten(run, url, folder):
    copy = folder / "copy.db"
    copy.write_text("precious")
    refused = run("backup", copy, "--json", exit_code=1)
    assert refused.json["error"] == {
        "code": None,
        "symbol": "BackupFailed",
        "message": "The copy was not made.",
        "details": f"{copy}: there is something already",
    }
    assert copy.read_text() == "precious"
    assert list(folder.iterdir()) == [copy]


@ON_SQLITE
def test_a_link_that_leads_nowhere_is_something(run, url, folder):
    copy = folder / "copy.db"
    copy.symlink_to(folder / "elsewhere.db")
    run("backup", copy, exit_code=1)
    assert list(folder.iterdir()) == [copy]


@ON_SQLITE
def test_a_missing_folder_is_refused(run, url, folder):
    refused = run("backup", folder / "no" / "copy.db", "--json", exit_code=1)
    assert refused.json["error"]["symbol"] == "BackupFailed"
    assert "No such file or directory" in refused.stderr


def typed(program, url, *words):
    """What a program of a test's own answers."""
    return subprocess.run(
        [sys.executable, "-c", program, *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COUPON_BILLING_DATABASE": url},
    )


@ON_SQLITE
def test_a_full_disk_leaves_nothing(url, folder):
    done = typed(LIMITED, url, "backup", folder / "copy.db")
    assert done.returncode == 1
    assert done.stderr.startswith("BackupFailed: The copy was not made.")
    assert list(folder.iterdir()) == []


@ON_SQLITE
def test_a_copy_has_no_name_before_it_is_verified(run, url, folder):
    done = typed(KILLED, url, "backup", folder / "copy.db")
    assert done.returncode == -signal.SIGKILL
    (left,) = folder.iterdir()
    assert left.name.startswith(".copy.db.")
    assert left.name.endswith(".partial")
    run("backup", folder / "copy.db")
    assert {path.name for path in folder.iterdir()} == {left.name, "copy.db"}


DAMAGES = pytest.mark.parametrize(
    ("statements", "said"),
    [
        (["DELETE FROM service_user"], "foreign key"),
        (
            [
                "PRAGMA writable_schema = ON",
                "DELETE FROM sqlite_schema WHERE name = 'ix_coupon_redeemed'",
            ],
            "never used",
        ),
    ],
)


@ON_SQLITE
@DAMAGES
@pytest.mark.usefixtures("codes")
def test_a_copy_of_what_is_damaged_is_thrown_away(run, url, folder, statements, said):
    change(url, *statements)
    refused = run("backup", folder / "copy.db", "--json", exit_code=1)
    assert refused.json["error"]["symbol"] == "BackupUnsound"
    assert said in refused.json["error"]["details"]
    assert list(folder.iterdir()) == []


@ON_POSTGRESQL
def test_postgresql_has_programs_of_its_own(run, database_url, folder):
    refused = run("backup", folder / "copy", "--json", "--database", database_url, exit_code=1)
    assert refused.json["error"]["symbol"] == "BackupNotSupported"
    assert "pg_dump" in refused.stderr
    assert list(folder.iterdir()) == []
