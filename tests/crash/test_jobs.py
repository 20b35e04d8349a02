"""The worker is killed while it makes coupons: the job ends with exactly as many as were asked for.

The control is a worker that counts the coupons in another transaction than it makes them in.
"""

import random
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import zeep
from sqlalchemy import func, select, update

from service.addresses import COUPON_MANAGEMENT_PATH
from service.domain.jobs import CreationJob, JobQuery, JobStatus
from service.domain.roles import Caller, Role
from service.operations.authentication import AUTHENTICATION, DEVELOPER
from service.operations.calls import OperationLimits, utc_now
from service.operations.check_database import check_database
from service.operations.creation_jobs import NewCreationJob, add_creation_job, get_creation_jobs
from service.operations.users import add_user, issue_token
from service.storage.tables import coupon, coupon_place, job, outbox
from tests.programme import Programme
from tests.reliability.proofs import KILLED_JOB, Report
from tests.reliability.service_process import serving

WORKER = Path(__file__).with_name("creation_worker.py")
PATTERN = "SUMMER-#####"
"""60 million codes: each draw of what is missing meets codes that exist."""
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
COUNT, COUNT_SHORT, COUNT_OF_CONTROL = 5_000_000, 300_000, 60_000
KILLS_COUNT, KILLS_COUNT_SHORT, KILLS_COUNT_OF_CONTROL = 20, 4, 10
KILLS_COUNT_OF_CONTROL_SHORT = 5
CHUNK_SHORT = 1_000
PATIENCE_S = 300


@pytest.fixture
def owner(programme: Programme) -> int:
    """A customer with the class Spring."""
    customer_id = programme.customer()
    programme.coupon_class(customer_id, pattern=PATTERN)
    return customer_id


def begin(programme: Programme, owner: int, count: int, chunk: int) -> CreationJob:
    """A job of a user who is told of its end; its first worker may come at once."""
    programme.clock.now = utc_now()
    user_id = add_user(programme.call(), "Kim", Role.STANDARD, owner, email="kim@example.com")
    call = replace(
        programme.call(Caller(user_id, "Kim", {owner: Role.STANDARD})),
        limits=OperationLimits(job_chunk_coupons=chunk),
    )
    new = NewCreationJob(
        customer_id=owner,
        class_name="Spring",
        number_of_coupons=count,
        code_alphabet=ALPHABET,
    )
    return add_creation_job(call, new)


def begin_by_soap(programme: Programme, owner: int, directory: Path) -> None:
    """As ``begin`` with five million coupons, asked for by a client of the service."""
    programme.clock.now = utc_now()
    add_user(programme.call(), "Kim", Role.STANDARD, owner, email="kim@example.com")
    tokens = {
        f"{kind.capitalize()}Token": issue_token(programme.call(), "Kim", kind).text
        for kind in (DEVELOPER, AUTHENTICATION)
    }
    url = programme.database.url.render_as_string(hide_password=False)
    with serving(url, directory) as service:
        client = zeep.Client(f"http://127.0.0.1:{service.port}{COUPON_MANAGEMENT_PATH}?singleWsdl")
        settings = {"CouponPattern": PATTERN, "ValidCharacters": {"string": list(ALPHABET)}}
        new = {
            "CustomerId": owner,
            "ClassName": "Spring",
            "NumberOfCoupons": COUNT,
            "CouponSettings": settings,
        }
        client.service.CreateCouponCreationJob(Job=new, _soapheaders=tokens)


def work_and_kill(
    programme: Programme, kills_count: int, life_s_max: float, lease_s: float, *fault: str
) -> int:
    """Let workers do the job, and kill as many of them; answers how many were killed at work."""
    dice = random.Random(11)
    url = programme.database.url.render_as_string(hide_password=False)
    killed_count = 0
    deadline = time.monotonic() + PATIENCE_S
    while not has_ended(programme):
        assert time.monotonic() < deadline
        command = [sys.executable, str(WORKER), url, str(lease_s), *fault]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "started\n"
            make_due(programme)
            if killed_count < kills_count:
                time.sleep(dice.uniform(0, life_s_max))
                killed_count += worker.poll() is None
                worker.kill()
            worker.wait(PATIENCE_S)
    return killed_count


def has_ended(programme: Programme) -> bool:
    with programme.database.reading() as connection:
        return connection.scalars(select(job.c.ended_at)).one() is not None


def make_due(programme: Programme) -> None:
    """Let nobody wait for the end of the lease of who was killed."""
    with programme.database.writing() as connection:
        connection.execute(update(job).values(next_attempt_at=utc_now()))


def wrongs(programme: Programme, owner: int, count: int) -> list[str]:
    """What is not as the job was to leave it."""
    (ended,) = get_creation_jobs(programme.call(), JobQuery(customer_id=owner))
    made = func.count(), func.count(coupon.c.code.distinct()), func.count(coupon.c.seq.distinct())
    with programme.database.reading() as connection:
        found = {
            "job": (ended.status, ended.created_amount),
            "coupons": tuple(connection.execute(select(*made)).one()),
            "last place": connection.scalar(select(func.max(coupon.c.seq))),
            "places": connection.scalar(select(func.count()).select_from(coupon_place)),
            "mails": connection.scalar(select(func.count()).select_from(outbox)),
        }
    expected = {
        "job": (JobStatus.COMPLETED, count),
        "coupons": (count, count, count),
        "last place": count - 1,
        "places": count,
        "mails": 1,
    }
    wrong = [f"{name}: {found[name]}" for name in expected if found[name] != expected[name]]
    return wrong + [str(breach) for breach in check_database(programme.call()).breaches]


@pytest.mark.prove
def test_a_job_survives_kills(programme: Programme, owner: int) -> None:
    begin(programme, owner, COUNT_SHORT, CHUNK_SHORT)
    killed_count = work_and_kill(programme, KILLS_COUNT_SHORT, 0.3, 5)
    assert killed_count == KILLS_COUNT_SHORT
    assert wrongs(programme, owner, COUNT_SHORT) == []


@pytest.mark.prove
def test_coupons_counted_apart_would_be_noticed(programme: Programme, owner: int) -> None:
    begin(programme, owner, COUNT_OF_CONTROL, CHUNK_SHORT)
    work_and_kill(programme, KILLS_COUNT_OF_CONTROL_SHORT, 0.3, 5, "apart")
    assert wrongs(programme, owner, COUNT_OF_CONTROL) != []


@pytest.mark.prove
def test_coupons_counted_apart_are_right_unless_killed(programme: Programme, owner: int) -> None:
    begin(programme, owner, CHUNK_SHORT * 3, CHUNK_SHORT)
    work_and_kill(programme, 0, 0, 5, "apart")
    assert wrongs(programme, owner, CHUNK_SHORT * 3) == []


@pytest.mark.prove
@pytest.mark.timeout(PATIENCE_S * 2)
def test_five_million_coupons_survive_twenty_kills(
    programme: Programme, owner: int, report: Report, engine_name: str, tmp_path: Path
) -> None:
    begin_by_soap(programme, owner, tmp_path)
    life_s_max = 2 if engine_name == "sqlite" else 4
    killed_count = work_and_kill(programme, KILLS_COUNT, life_s_max, 30)
    wrong = wrongs(programme, owner, COUNT)
    report.proof(KILLED_JOB, rounds=killed_count, failures=len(wrong))
    assert killed_count == KILLS_COUNT
    assert wrong == []


@pytest.mark.prove
@pytest.mark.timeout(PATIENCE_S)
def test_coupons_counted_apart_are_noticed(
    programme: Programme, owner: int, report: Report
) -> None:
    begin(programme, owner, COUNT_OF_CONTROL, CHUNK_SHORT)
    assert work_and_kill(programme, KILLS_COUNT_OF_CONTROL, 0.3, 5, "apart") > 0
    is_noticed = wrongs(programme, owner, COUNT_OF_CONTROL) != []
    report.control(KILLED_JOB, rounds=1, failures=int(is_noticed))
    assert is_noticed
