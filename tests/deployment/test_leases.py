"""A worker that was away beyond its lease changes nothing of what another one has done.

The control is a worker that asks for no lease when it notes an outcome.
"""

import json
import os
import random
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from service.operations.dispatch_coupons import dispatch_coupons
from service.operations.outbox import Outbox
from service.storage.tables import outbox
from tests.deployment.waiting import wait_until
from tests.mail.server import OK, MailServer, running
from tests.programme import Clock
from tests.reliability.proofs import STOPPED_WORKER
from tests.reliability.service_process import RIGHT

UNFENCED = (str(Path(__file__).with_name("unfenced_worker.py")),)
MAIL_TIMEOUT_S = 0.5
"""A message is leased for ten times as long."""
ROUNDS = 10


@contextmanager
def worker(command, database_url, mail_server, log):
    """A process that delivers mail."""
    settings = {
        "DATABASE": database_url,
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(mail_server.port),
        "SMTP_SECURITY": "none",
        "MAIL_SENDER": "coupons@example.com",
        "MAIL_TIMEOUT_S": str(MAIL_TIMEOUT_S),
        "MAIL_POLL_S": "0.1",
    }
    with (
        log.open("ab") as log_file,
        subprocess.Popen(
            [sys.executable, *command, "worker"],
            env=os.environ | {f"COUPON_BILLING_{name}": it for name, it in settings.items()},
            stdout=subprocess.DEVNULL,
            stderr=log_file,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def outcomes(log):
    """How the attempts ended that a worker tells of."""
    lines = map(json.loads, log.read_text().splitlines())
    return [line["state"] for line in lines if line["event"] == "mail"]


def stop_and_go_on(programme, mail_server, directory, command):
    """Stop a worker whose mail was taken, let another one deliver it, and let the first go on.

    Returns:
        The message as the second worker left it, and as the first left it.
    """
    database_url = programme.database.url.render_as_string()
    first_log, second_log = directory / "first", directory / "second"
    mail_server.taken.clear()
    with ExitStack() as stack:
        first = stack.enter_context(worker(command, database_url, mail_server, first_log))

        async def stop_first(*_):
            os.kill(first.pid, signal.SIGSTOP)
            mail_server.on_mail = None
            return OK

        mail_server.on_mail = stop_first
        wait_until(lambda: mail_server.taken)
        stack.enter_context(worker(command, database_url, mail_server, second_log))
        wait_until(lambda: outcomes(second_log))
        (*_, before) = programme.rows(outbox)
        os.kill(first.pid, signal.SIGCONT)
        wait_until(lambda: outcomes(first_log))
        (*_, after) = programme.rows(outbox)
    return before, after


@pytest.fixture
def dispatched(programme):
    """Queues one mail."""
    customer_id = programme.customer()
    programme.coupon_class(customer_id)
    programme.mint(customer_id, count=ROUNDS)

    def dispatch(email):
        assert dispatch_coupons(programme.call(), [email], customer_id, "Spring") == []

    return dispatch


def changed_rounds(programme, dispatched, directory, command, count):
    """In how many rounds the worker that was away changed the message."""
    changed = 0
    with running(MailServer()) as mail_server:
        for number in range(count):
            folder = directory / str(number)
            folder.mkdir()
            dispatched(f"kim{number}@example.com")
            before, after = stop_and_go_on(programme, mail_server, folder, command)
            assert before["state"] == "sent"
            assert len(mail_server.mail_ids()) == 1
            assert len(mail_server.taken) == 2
            changed += before != after
    return changed


ONE_ENGINE = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)


@ONE_ENGINE
@pytest.mark.timeout(300)
def test_a_worker_that_was_away_changes_nothing(programme, dispatched, tmp_path):
    assert changed_rounds(programme, dispatched, tmp_path, RIGHT, 1) == 0


@ONE_ENGINE
@pytest.mark.timeout(300)
def test_a_worker_without_lease_changes_what_is_not_its_own(programme, dispatched, tmp_path):
    assert changed_rounds(programme, dispatched, tmp_path, UNFENCED, 1) == 1


@pytest.mark.prove
@pytest.mark.timeout(1200)
def test_workers_that_were_away_change_nothing(programme, dispatched, tmp_path, report):
    changed = changed_rounds(programme, dispatched, tmp_path, RIGHT, ROUNDS)
    report.proof(STOPPED_WORKER, rounds=ROUNDS, failures=changed)
    assert changed == 0


@pytest.mark.prove
@pytest.mark.timeout(1200)
def test_workers_without_lease_change_what_is_not_theirs(programme, dispatched, tmp_path, report):
    changed = changed_rounds(programme, dispatched, tmp_path, UNFENCED, ROUNDS)
    report.control(STOPPED_WORKER, rounds=ROUNDS, failures=changed)
    assert changed == ROUNDS


# Machines whose clocks differ.

LEASE = timedelta(minutes=5)


def test_each_lease_ends_later_than_the_one_before_whatever_the_clocks_say(programme, dispatched):
    """So an outcome is noted by whoever took the message last, and by nobody else."""
    dispatched("kim@example.com")
    dice = random.Random(7)
    skews = [dice.uniform(-3600, 3600) for _ in range(8)]
    taken = []
    for _ in range(20):
        programme.clock.move(minutes=dice.uniform(0, 20))
        machine = Outbox(programme.database, LEASE, 100, Clock())
        machine.clock.now = programme.clock() + timedelta(seconds=dice.choice(skews))
        delivery = machine.take()
        if delivery is not None:
            taken.append((machine, delivery.message))
    ends = [message.next_attempt_at for _, message in taken]
    assert len(set(ends)) == len(ends) > 5
    assert ends == sorted(ends)
    for machine, message in taken[:-1]:
        machine.mark_failed(message, "too late")
    assert programme.rows(outbox)[0]["state"] == "queued"
    machine, message = taken[-1]
    machine.mark_sent(message)
    assert programme.rows(outbox)[0]["state"] == "sent"


@pytest.mark.parametrize("ahead_s", [-3600, 0, 149])
def test_a_clock_that_differs_by_less_than_half_a_lease_takes_nothing_early(
    programme, dispatched, ahead_s
):
    """An attempt lasts half a lease at most, and the other clock does not see the lease end."""
    dispatched("kim@example.com")
    first = Outbox(programme.database, LEASE, 16, programme.clock)
    assert first.take() is not None
    at_end_of_attempt = programme.clock() + LEASE / 2
    other = Outbox(programme.database, LEASE, 16, Clock(at_end_of_attempt))
    other.clock.move(seconds=ahead_s)
    assert other.take() is None


def test_a_clock_that_is_ahead_by_half_a_lease_takes_a_mail_too_early(programme, dispatched):
    dispatched("kim@example.com")
    first = Outbox(programme.database, LEASE, 16, programme.clock)
    assert first.take() is not None
    other = Outbox(programme.database, LEASE, 16, Clock(programme.clock() + LEASE))
    assert other.take() is not None
