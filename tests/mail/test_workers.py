"""The worker itself: trouble that is not the mail server's, several workers, and its end."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier, Event

import pytest
from sqlalchemy import select, text

from service.domain.deletion import DeletionFilters
from service.domain.jobs import JobStatus
from service.domain.mail import MessageState
from service.jobs import mail_worker
from service.jobs.mail_templates import MailTemplates
from service.jobs.mail_worker import MailWorker
from service.jobs.smtp import SmtpTransport
from service.operations.check_database import check_database
from service.operations.deletion_jobs import create_deletion_job
from service.operations.distribute_coupons import Distribution, distribute_coupons
from service.operations.job_work import JobDesk
from service.operations.outbox import Delivery, OutboxUnavailableError, resend_messages
from service.operations.work_on_jobs import work_on_next_job
from service.storage.engine import Database, DatabaseLimits
from service.storage.outbox import find_content, find_message
from service.storage.party_tables import account, customer
from service.storage.tables import coupon, outbox
from tests.mail.conftest import LEASE, SENDER
from tests.mail.server import OK

SENT = MessageState.SENT
QUEUED = MessageState.QUEUED
FAILED = MessageState.FAILED
WORKERS_COUNT = 4
MAILS_COUNT = 80


def work_together(room, server, outbox_type=lambda right: right):
    """Let workers start at once; answers how many attempts ended in which state."""
    room.programme.mint(room.customer_id, count=MAILS_COUNT)
    room.dispatch(*(f"user{number}@example.com" for number in range(MAILS_COUNT)))
    start = Barrier(WORKERS_COUNT, timeout=30)
    taker = outbox_type(room.outbox())

    def work(_):
        transport = SmtpTransport(server.settings())
        worker = MailWorker(taker, MailTemplates(), transport, SENDER)
        start.wait()
        worker.drain(Event())
        return worker.outcomes

    with ThreadPoolExecutor(WORKERS_COUNT) as threads:
        return sum(threads.map(work, range(WORKERS_COUNT)), Counter())


def test_workers_share_the_messages_and_repeat_none(room, server):
    assert work_together(room, server) == {SENT: MAILS_COUNT}
    assert set(server.mail_ids().values()) == {1}
    assert len(server.taken) == MAILS_COUNT
    assert server.connections_count > 1
    assert {row["attempts_count"] for row in room.rows()} == {1}


class LooseOutbox:
    """Reads which message is due, and takes it without asking whether it still is."""

    def __init__(self, right):
        self.right = right

    def take(self):
        statement = select(outbox.c.message_id).where(outbox.c.state == "queued").limit(1)
        with self.right.database.reading() as connection:
            message_id = connection.execute(statement).scalar_one_or_none()
            if message_id is None:
                return None
            message = find_message(connection, message_id)
            return Delivery(message, find_content(connection, message.coupon_id))

    def __getattr__(self, name):
        return getattr(self.right, name)


def test_workers_that_read_before_they_take_repeat_messages(room, server):
    work_together(room, server, LooseOutbox)
    assert max(server.mail_ids().values()) > 1


def test_a_distributed_coupon_is_mailed_to_its_account(room, server):
    programme = room.programme
    account_id = programme.account(room.customer_id, email="anna@example.com")
    request = Distribution(account_ids=[account_id], class_name="Spring", send_notification=True)
    assert distribute_coupons(programme.call(), request) == []
    assert room.send(server) == {SENT: 1}
    (mail,) = server.taken
    assert mail["To"] == "anna@example.com"
    (number,) = [row["number"] for row in programme.rows(account)]
    (code,) = [row["code"] for row in programme.rows(coupon) if row["claimed_at"]]
    for part in mail.iter_parts():
        assert f"Only your account {number} can redeem" in part.get_content()
        assert code in part.get_content()


def write(folder, text):
    folder.mkdir(exist_ok=True)
    (folder / "dispatch.en.txt").write_text(text)


def test_a_broken_template_stops_its_own_mails_and_no_others(room, server, tmp_path):
    folder = tmp_path / "templates"
    room.programme.coupon_class(room.customer_id, "Broken Class")
    room.programme.mint(room.customer_id, "Broken Class")
    room.dispatch("anna@example.com", name="Broken Class")
    room.dispatch("bela@example.com")
    write(folder, "Subject: fine\n\n{{ code }}")
    write(folder / "broken-class", "Subject: x\n\n{{ nonsense }}")
    assert room.send(server, templates=folder) == {QUEUED: 1, SENT: 1}
    assert server.recipients() == ["bela@example.com"]
    path = folder / "broken-class" / "dispatch.en.txt"
    assert room.rows()[0]["last_error"] == (
        f"{path}, line 3: UndefinedError: 'nonsense' is undefined"
    )
    write(folder / "broken-class", "Subject: repaired\n\n{{ code }}")
    room.programme.clock.move(minutes=1)
    assert room.send(server, templates=folder) == {SENT: 1}
    assert server.taken[-1]["Subject"] == "repaired"


def test_a_recipient_that_is_no_address_fails(room, server):
    room.dispatch("anna@example.com", "bela@example.com")
    first, _ = room.rows()
    injected = "anna@example.com\r\nBcc: x@example.com"
    room.programme.change(outbox, outbox.c.message_id == first["message_id"], recipient=injected)
    assert room.send(server) == {FAILED: 1, SENT: 1}
    assert server.recipients() == ["bela@example.com"]


def test_an_encoded_word_in_a_name_makes_no_header(room, server):
    programme = room.programme
    name = "=?utf-8?q?Spring=0D=0ABcc=3A_x=40example=2Ecom?="
    programme.change(customer, customer.c.customer_id == room.customer_id, name=name)
    room.dispatch("anna@example.com")
    assert room.send(server) == {SENT: 1}
    (mail,) = server.taken
    assert mail["Bcc"] is None
    assert mail["Subject"].startswith("Your coupon from = ?utf-8?q?Spring=0D=0ABcc")


def test_a_message_that_kills_its_workers_is_given_up(room, server):
    room.dispatch("anna@example.com")
    for _ in range(3):
        assert room.outbox(attempts_max=3).take() is not None
        room.programme.clock.move(hours=1)
    assert room.send(server, attempts_max=3) == {FAILED: 1}
    assert server.taken == []
    assert room.rows()[0]["last_error"] == "the last attempt did not come to its end"


def test_the_worker_ends_between_two_messages(room, server):
    room.dispatch("anna@example.com", "bela@example.com")
    stop = Event()

    async def take(*_):
        stop.set()
        return "250 taken"

    server.on_mail = take
    worker = room.worker(SmtpTransport(server.settings()))
    worker.run(stop, poll_s=3600)
    assert server.recipients() == ["anna@example.com"]
    assert room.states() == ["sent", "queued"]
    assert room.rows()[1]["attempts_count"] == 0


class Busy:
    """An outbox that another writer holds during one of its methods.

    Args:
        right: The outbox.
        holder: The other's database.
        name: The method's name.
        turns: For each time that it is called, whether the outbox is held.
    """

    def __init__(self, right, holder, name, turns):
        self.right, self.holder, self.name, self.turns = right, holder, name, iter(turns)

    def __getattr__(self, name):
        method = getattr(self.right, name)
        if name != self.name or not next(self.turns):
            return method

        def held(*arguments):
            with self.holder.writing() as connection:
                if connection.dialect.name == "postgresql":
                    connection.execute(text("LOCK TABLE outbox"))
                return method(*arguments)

        return held


@pytest.fixture
def holder(room, database_url, monkeypatch):
    """Another writer's database; in the room, nobody waits for it for long."""
    impatient = Database(database_url, DatabaseLimits(lock_timeout_s=0.05))
    with closing(impatient), closing(Database(database_url)) as holder:
        monkeypatch.setattr(room.programme, "database", impatient)
        monkeypatch.setattr(mail_worker, "MARK_RETRY_INTERVAL_S", 0)
        yield holder


def busy_worker(room, holder, server, name, turns):
    busy = Busy(room.outbox(), holder, name, turns)
    return MailWorker(busy, MailTemplates(), SmtpTransport(server.settings()), SENDER)


@pytest.mark.parametrize("name", ["take", "put_off"])
def test_the_worker_outlives_trouble_of_the_database(room, holder, server, logged, name):
    room.dispatch("anna@example.com")
    replies = iter(["451 later"] if name == "put_off" else [])
    stop = Event()
    rests = []

    class Rest(Event):
        def wait(self, seconds):
            rests.append(seconds)
            room.programme.clock.move(hours=1)
            if room.states() == ["sent"]:
                stop.set()

        is_set = stop.is_set

    async def reply(_):
        return next(replies, OK)

    server.on_recipient = reply
    busy_worker(room, holder, server, name, [True, *[False] * 9]).run(Rest(), poll_s=2.5)
    assert rests == [2.5, 2.5]
    assert server.recipients() == ["anna@example.com"]
    assert [(line["event"], line["log_level"]) for line in logged] == [
        ("database", "error"),
        ("mail", "info"),
    ]


def test_a_mail_that_was_sent_is_marked_in_the_end(room, holder, server):
    room.dispatch("anna@example.com")
    busy_worker(room, holder, server, "mark_sent", [True, True, False]).drain(Event())
    assert room.states() == ["sent"]
    assert len(server.taken) == 1


def test_a_mail_that_cannot_be_marked_is_given_up_with_its_lease(room, holder, server):
    room.dispatch("anna@example.com")

    def turns():
        yield True
        room.programme.clock.move(seconds=LEASE.total_seconds())
        yield True

    with pytest.raises(OutboxUnavailableError):
        busy_worker(room, holder, server, "mark_sent", turns()).drain(Event())
    assert room.states() == ["queued"]


def test_the_worker_looks_again_after_its_rest(room, server):
    stop = Event()
    rests = []

    class Rest:
        """Stands in for the event: a message is queued while the worker rests."""

        def is_set(self):
            return stop.is_set()

        def wait(self, seconds):
            rests.append(seconds)
            if len(rests) == 1:
                room.dispatch("anna@example.com")
            else:
                stop.set()

    room.worker(SmtpTransport(server.settings())).run(Rest(), poll_s=2.5)
    assert server.recipients() == ["anna@example.com"]
    assert rests == [2.5, 2.5]


def delete_coupons_of(room):
    filters = DeletionFilters(usable=True)
    create_deletion_job(room.programme.call(), room.customer_id, "Spring", filters)
    desk = JobDesk(room.programme.database, LEASE, 1, clock=room.programme.clock)
    assert work_on_next_job(desk).status is JobStatus.COMPLETED


def test_a_mail_about_a_deleted_coupon_is_not_sent(room, server, logged):
    room.dispatch("anna@example.com")
    delete_coupons_of(room)
    assert room.send(server) == {FAILED: 1}
    assert server.taken == []
    assert room.rows()[0]["last_error"] == "the coupon was deleted"
    assert logged[-1]["reason"] == "CouponDeleted"
    room.programme.clock.move(minutes=1)
    resend_messages(room.programme.call(), FAILED)
    assert room.send(server) == {FAILED: 1}
    assert check_database(room.programme.call()).is_clean
