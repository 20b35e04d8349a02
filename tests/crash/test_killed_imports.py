"""What an import leaves that was killed is seen by nobody, and removed when it is begun again.

The control is an import that has not noted that it is unfinished.
"""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from service.domain import errors
from service.domain.refusals import ServiceError
from service.operations.check_database import check_database
from service.operations.export_coupons import export_coupons
from service.operations.import_coupons import WRITING, ImportReport, import_coupons
from service.operations.redeem_coupon import redeem_coupon
from service.operations.write_import import PLACING
from service.storage.tables import coupon, coupon_batch, coupon_place, unfinished_import
from tests.crash import killed_import
from tests.programme import Programme

COUNT = 350
KILLS_COUNT = 20
LONG_COUNT = 300_000
STEPS = [(WRITING, 100), (WRITING, COUNT), (PLACING, 100), (PLACING, COUNT)]


@pytest.fixture
def owner(programme: Programme) -> int:
    """A customer whose class Spring has one minted coupon."""
    owner = programme.customer()
    programme.coupon_class(owner)
    programme.mint(owner)
    return owner


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "codes.csv"


def write_codes(file: Path, count: int) -> None:
    file.write_text("\n".join(["code", *(f"P-{number:06}" for number in range(count))]))


def begin(
    programme: Programme, file: Path, owner: int, step: str = "", done_count: int = 0
) -> "subprocess.Popen[bytes]":
    """Import the file in a process of its own."""
    url = programme.database.url.render_as_string(hide_password=False)
    words = [url, str(file), str(owner), step, str(done_count)]
    return subprocess.Popen([sys.executable, killed_import.__file__, *words])


def kill_at(programme: Programme, file: Path, owner: int, step: str, done_count: int) -> None:
    with begin(programme, file, owner, step, done_count) as process:
        assert process.wait(60) == -signal.SIGKILL


def do_import(programme: Programme, file: Path, owner: int) -> ImportReport:
    with file.open() as lines:
        text = lines.readlines()
    return import_coupons(programme.call(), owner, "Spring", lambda: iter(text))


def require_nothing_seen(programme: Programme, owner: int) -> None:
    account = programme.account(owner)
    assert len(list(export_coupons(programme.call(), owner))) == 2
    with pytest.raises(ServiceError) as refused:
        redeem_coupon(programme.call(), account, "P-000000")
    assert refused.value.row is errors.COUPON_NOT_FOUND
    assert check_database(programme.call()).breaches == []


def require_all(programme: Programme, file: Path, owner: int, count: int = COUNT) -> None:
    """Importing again makes every coupon once, and leaves nothing else."""
    report = do_import(programme, file, owner)
    assert (report.created_count, report.errors_count) == (count, 0)
    assert len(programme.rows(coupon)) == len(programme.rows(coupon_place)) == count + 1
    assert len(programme.rows(coupon_batch)) == 2
    assert programme.rows(unfinished_import) == []
    assert check_database(programme.call()).breaches == []


@pytest.mark.parametrize(("step", "done_count"), STEPS)
def test_a_killed_import_is_not_there(
    programme: Programme, file: Path, owner: int, step: str, done_count: int
) -> None:
    write_codes(file, COUNT)
    kill_at(programme, file, owner, step, done_count)
    assert len(programme.rows(coupon)) > 1
    require_nothing_seen(programme, owner)
    require_all(programme, file, owner)


@pytest.mark.parametrize("proof", [require_nothing_seen, require_all])
def test_control_an_import_that_notes_nothing(
    programme: Programme, file: Path, owner: int, proof: Callable[..., None]
) -> None:
    write_codes(file, COUNT)
    kill_at(programme, file, owner, PLACING, COUNT)
    with programme.database.writing() as connection:
        connection.execute(delete(unfinished_import))
    arguments = (programme, owner) if proof is require_nothing_seen else (programme, file, owner)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        proof(*arguments)


def test_what_nobody_begins_again_is_removed_after_a_day(
    programme: Programme, file: Path, owner: int
) -> None:
    write_codes(file, COUNT)
    kill_at(programme, file, owner, WRITING, 200)
    file.write_text("code\nother\n")
    # The killed one began by the clock of this machine.
    (left,) = [row for row in programme.rows(coupon_batch) if not row["created_count"]]
    programme.clock.now = left["created_at"] + timedelta(hours=23)
    do_import(programme, file, owner)
    assert len(programme.rows(coupon)) > 2
    programme.clock.move(hours=2)
    file.write_text("code\nthird\n")
    do_import(programme, file, owner)
    assert len(programme.rows(coupon)) == 3
    assert programme.rows(unfinished_import) == []


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_kills_at_any_moment(programme: Programme, file: Path, owner: int) -> None:
    write_codes(file, LONG_COUNT)
    rng = random.Random(17)
    kills_count = 0
    while kills_count < KILLS_COUNT:
        with begin(programme, file, owner) as process:
            time.sleep(rng.uniform(0.5, 4))
            process.kill()
        if process.returncode == 0:
            break
        kills_count += 1
    if process.returncode:
        require_nothing_seen(programme, owner)
        require_all(programme, file, owner, LONG_COUNT)
    assert kills_count
