"""Messages are taken, settled, listed and queued again, each in one transaction."""

from datetime import timedelta

import pytest

from service.domain.errors import ENTITY_NOT_EXISTENT, INPUT_INVALID, NOT_AUTHORIZED
from service.domain.mail import MailContent, MailKind, MessageState
from service.domain.refusals import ServiceError
from service.domain.roles import Role
from service.operations import outbox as outbox_operations
from service.operations.dispatch_coupons import dispatch_coupons
from service.operations.outbox import (
    LIST_COUNT_MAX,
    Outbox,
    list_messages,
    resend_message,
    resend_messages,
    show_message,
)
from service.operations.show_coupon import show_coupon
from service.storage.tables import audit, coupon, outbox
from tests.programme import START, member, terms, utc

LEASE = timedelta(minutes=5)


@pytest.fixture
def customer_id(programme):
    customer_id = programme.customer()
    programme.coupon_class(customer_id, end_date=utc(2026, 12, 31))
    programme.mint(customer_id, count=3)
    return customer_id


@pytest.fixture
def queue(programme, customer_id):
    """Queues a message and answers its number."""

    def queue(email="anna@example.com"):
        assert dispatch_coupons(programme.call(), [email], customer_id, "Spring") == []
        return programme.rows(outbox)[-1]["message_id"]

    return queue


@pytest.fixture
def worker(programme):
    """The outbox as a worker sees it."""
    return Outbox(programme.database, LEASE, 3, programme.clock)


def row(programme):
    (found,) = programme.rows(outbox)
    return found


def test_a_message_is_due_when_it_is_queued(programme, queue, worker):
    message_id = queue()
    taken = worker.take()
    assert taken.message.message_id == message_id
    assert taken.message.kind is MailKind.DISPATCH
    assert taken.message.recipient == "anna@example.com"
    assert taken.message.attempts_count == 1
    (sent,) = [it for it in programme.rows(coupon) if it["sent_at"]]
    assert taken.content == MailContent(
        code=sent["code"],
        class_name="Spring",
        customer_name="Customer 1",
        terms=terms(end_date=utc(2026, 12, 31)),
        language="en",
    )


def test_a_mail_tells_the_account_that_the_coupon_is_booked_for(programme, customer_id, worker):
    code = programme.mint(customer_id)[0]
    account_id = programme.account(customer_id)
    programme.claim(code, account_id)
    (claimed,) = [it for it in programme.rows(coupon) if it["claimed_at"]]
    programme.insert(
        outbox,
        mail_id="<1@example.com>",
        kind="distribute",
        recipient="anna@example.com",
        coupon_id=claimed["coupon_id"],
        next_attempt_at=START,
        created_at=START,
    )
    taken = worker.take()
    assert taken.message.kind is MailKind.DISTRIBUTE
    assert taken.content.account_number == "X0000002"


def test_the_longest_due_comes_first(queue, worker, programme):
    first, second = queue(), queue("bela@example.com")
    programme.change(outbox, outbox.c.message_id == first, next_attempt_at=START)
    earlier = START - timedelta(microseconds=1)
    programme.change(outbox, outbox.c.message_id == second, next_attempt_at=earlier)
    assert [worker.take().message.message_id for _ in range(2)] == [second, first]


def test_a_message_that_is_taken_comes_up_again_when_its_lease_ends(queue, worker, programme):
    queue()
    worker.take()
    assert worker.take() is None
    programme.clock.move(seconds=LEASE.total_seconds(), microseconds=-1)
    assert worker.take() is None
    programme.clock.move(microseconds=1)
    assert worker.take().message.attempts_count == 2


def test_what_was_sent_or_has_failed_does_not_come_up_again(queue, worker, programme):
    queue()
    worker.mark_sent(worker.take().message)
    queue("bela@example.com")
    worker.mark_failed(worker.take().message, "550 nobody here")
    programme.clock.move(days=30)
    assert worker.take() is None
    sent, failed = programme.rows(outbox)
    assert (sent["state"], sent["sent_at"], sent["last_error"]) == ("sent", START, None)
    assert (failed["state"], failed["sent_at"]) == ("failed", None)
    assert failed["last_error"] == "550 nobody here"


def test_a_message_that_is_put_off_waits_longer_each_time(queue, worker, programme):
    queue()
    for minutes in (1, 2):
        message = worker.take().message
        assert worker.put_off(message, "451 later") is MessageState.QUEUED
        programme.clock.move(minutes=minutes, microseconds=-1)
        assert worker.take() is None
        programme.clock.move(microseconds=1)
    assert worker.put_off(worker.take().message, "452 never") is MessageState.FAILED
    assert (row(programme)["state"], row(programme)["last_error"]) == ("failed", "452 never")


def test_a_message_whose_workers_died_in_every_attempt_is_spent(queue, worker, programme):
    queue()
    spent = []
    for _ in range(4):
        spent.append(worker.is_spent(worker.take().message))
        programme.clock.move(seconds=LEASE.total_seconds())
    assert spent == [False, False, False, True]


@pytest.mark.parametrize("late", ["mark_sent", "mark_failed", "put_off"])
def test_who_comes_back_after_the_lease_changes_nothing(queue, worker, programme, late):
    """Another worker has the message by then."""
    queue()
    slow = worker.take().message
    programme.clock.move(seconds=LEASE.total_seconds())
    quick = worker.take().message
    before = row(programme)
    getattr(worker, late)(slow, *(["too late"] if late != "mark_sent" else []))
    assert row(programme) == before
    worker.mark_sent(quick)
    assert row(programme)["state"] == "sent"


def test_messages_are_listed_newest_first(queue, worker, programme):
    sent, failed, queued = queue(), queue("bela@example.com"), queue("cleo@example.com")
    worker.mark_sent(worker.take().message)
    worker.mark_failed(worker.take().message, "550")

    def listed(state=None, count_max=10):
        return [it.message_id for it in list_messages(programme.call(), state, count_max)]

    assert listed() == [queued, failed, sent]
    assert listed(count_max=2) == [queued, failed]
    assert listed(MessageState.SENT) == [sent]
    assert listed(MessageState.FAILED) == [failed]
    assert listed(MessageState.QUEUED) == [queued]


@pytest.mark.parametrize("count_max", [0, -1, LIST_COUNT_MAX + 1])
def test_a_list_has_bounds(programme, count_max):
    with pytest.raises(ServiceError) as refused:
        list_messages(programme.call(), None, count_max)
    assert refused.value.row is INPUT_INVALID


def test_a_message_is_queued_again_with_its_message_id(queue, worker, programme):
    message_id = queue()
    before = row(programme)
    worker.mark_sent(worker.take().message)
    programme.clock.move(days=1)
    call = programme.call()
    resend_message(call, message_id)
    again = row(programme)
    assert again == {**before, "next_attempt_at": programme.clock()}
    assert worker.take().message.mail_id == before["mail_id"]
    (sent,) = [it for it in programme.rows(coupon) if it["sent_at"]]
    event = show_coupon(programme.call(), sent["code"]).history[-1]
    assert (event.action, event.tracking_id) == ("resend", call.tracking_id)
    assert event.after == {"message_id": message_id, "recipient": "anna@example.com"}


def test_a_failed_message_is_queued_again(queue, worker, programme):
    message_id = queue()
    worker.mark_failed(worker.take().message, "550")
    resend_message(programme.call(), message_id)
    found = row(programme)
    assert (found["state"], found["attempts_count"], found["last_error"]) == ("queued", 0, None)


def test_a_queued_message_is_not_queued_again(queue, worker, programme):
    message_id = queue()
    worker.take()
    before = row(programme)
    with pytest.raises(ServiceError) as refused:
        resend_message(programme.call(), message_id)
    assert refused.value.row is INPUT_INVALID
    assert row(programme) == before


def test_all_failed_messages_are_queued_again_in_batches(queue, worker, programme, monkeypatch):
    monkeypatch.setattr(outbox_operations, "RESEND_BATCH_COUNT_MAX", 1)
    numbers = [queue(), queue("bela@example.com"), queue("cleo@example.com")]
    worker.mark_failed(worker.take().message, "550")
    worker.mark_sent(worker.take().message)
    worker.mark_failed(worker.take().message, "550")
    programme.clock.move(days=1)
    call = programme.call()
    assert resend_messages(call, MessageState.FAILED) == 2
    first, sent, last = programme.rows(outbox)
    assert (first["state"], sent["state"], last["state"]) == ("queued", "sent", "queued")
    for again in (first, last):
        assert (again["attempts_count"], again["last_error"]) == (0, None)
        assert again["next_attempt_at"] == call.now
    resent = [it for it in programme.rows(audit) if it["action"] == "resend"]
    assert [it["after"]["message_id"] for it in resent] == [numbers[0], numbers[2]]
    assert {it["tracking_id"] for it in resent} == {call.tracking_id}
    assert resend_messages(call, MessageState.FAILED) == 0


def test_queued_messages_are_not_queued_again(queue, programme):
    queue()
    with pytest.raises(ServiceError) as refused:
        resend_messages(programme.call(), MessageState.QUEUED)
    assert refused.value.row is INPUT_INVALID


@pytest.mark.parametrize("operation", [show_message, resend_message])
def test_there_is_no_such_message(programme, operation):
    with pytest.raises(ServiceError) as refused:
        operation(programme.call(), 1)
    assert refused.value.row is ENTITY_NOT_EXISTENT


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        (list_messages, (None, 10)),
        (show_message, (1,)),
        (resend_message, (1,)),
        (resend_messages, (MessageState.FAILED,)),
    ],
)
def test_only_operators_see_the_outbox(programme, customer_id, queue, operation, arguments):
    queue()
    with pytest.raises(ServiceError) as refused:
        operation(programme.call(member(customer_id, Role.SUPER_ADMIN)), *arguments)
    assert refused.value.row is NOT_AUTHORIZED
