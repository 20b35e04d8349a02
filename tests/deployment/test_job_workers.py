"""Workers as they run for users: jobs are done, cancelled and taken over; their end is mailed."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from service.domain.jobs import JobQuery, JobStatus
from service.operations.calls import utc_now
from service.operations.creation_jobs import cancel_creation_job, get_creation_jobs
from tests.crash.test_jobs import begin
from tests.deployment.waiting import wait_until

LEASE_S = 2
COUNT, CHUNK = 1_000_000, 5_000


@contextmanager
def worker(database_url, folder):
    """The command, as a process; its mails are files."""
    settings = {
        "DATABASE": database_url,
        "MAIL_FOLDER": str(folder / "mail"),
        "MAIL_POLL_S": "0.1",
        "JOB_POLL_S": "0.1",
        "JOB_LEASE_S": str(LEASE_S),
    }
    with (
        (folder / "log").open("ab") as log,
        subprocess.Popen(
            [sys.executable, "-m", "service.cli", "worker"],
            env=os.environ | {f"COUPON_BILLING_{name}": it for name, it in settings.items()},
            stdout=subprocess.DEVNULL,
            stderr=log,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def lines(folder):
    return [json.loads(line) for line in (folder / "log").read_text().splitlines()]


@pytest.fixture
def owner(programme):
    customer_id = programme.customer()
    programme.coupon_class(customer_id)
    return customer_id


def found(programme, owner):
    return get_creation_jobs(programme.call(), JobQuery(customer_id=owner))[0]


@pytest.mark.prove
def test_a_job_is_cancelled_within_two_seconds(programme, owner, database_url, tmp_path):
    job_id = begin(programme, owner, COUNT, CHUNK).job_id
    with worker(database_url, tmp_path):
        wait_until(lambda: found(programme, owner).created_amount > 0)
        programme.clock.now = utc_now()
        begun = time.monotonic()
        cancel_creation_job(programme.call(), job_id)
        amount = found(programme, owner).created_amount
        wait_until(lambda: found(programme, owner).ended_at is not None)
        assert time.monotonic() - begun < 2
    ended = found(programme, owner)
    assert ended.status is JobStatus.CANCELLED
    # What the chunk at hand made, and no more.
    assert ended.created_amount <= amount + CHUNK


def test_the_job_of_a_killed_worker_is_taken_over_and_its_end_is_mailed_once(
    programme, owner, database_url, tmp_path
):
    begin(programme, owner, 30_000, 500)
    with worker(database_url, tmp_path) as killed:
        wait_until(lambda: found(programme, owner).created_amount > 0)
        killed.kill()
    assert found(programme, owner).status is JobStatus.PENDING
    with worker(database_url, tmp_path) as second:
        wait_until(lambda: found(programme, owner).communicated)
        second.send_signal(signal.SIGTERM)
        assert second.wait(20) == 0
    ended = found(programme, owner)
    assert (ended.status, ended.created_amount) == (JobStatus.COMPLETED, 30_000)
    (mail,) = (tmp_path / "mail").iterdir()
    assert b"30,000 of 30,000" in mail.read_bytes()
    (line,) = [it for it in lines(tmp_path) if it["event"] == "job"]
    assert (line["status"], line["lease"]) == ("completed", 2)


def test_a_worker_that_is_asked_to_end_gives_its_job_back_at_once(
    programme, owner, database_url, tmp_path
):
    begin(programme, owner, COUNT, CHUNK)
    with worker(database_url, tmp_path) as process:
        wait_until(lambda: found(programme, owner).created_amount > 0)
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert time.monotonic() - begun < LEASE_S + 5
    (line,) = [it for it in lines(tmp_path) if it["event"] == "job"]
    assert (line["status"], line["error"]) == ("pending", None)
