"""A request with a key is carried out once, and its repeats are answered as it was."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from service.domain.errors import (
    COUPON_CLASS_NOT_FOUND,
    IDEMPOTENCY_KEY_REUSED,
    SERVICE_UNAVAILABLE,
)
from service.domain.idempotency import KEY_LENGTH_MAX, KeyedRequest
from service.domain.refusals import ServiceError, ServiceTroubleError
from service.domain.roles import Caller, Role
from service.operations.attempts import decide
from service.operations.calls import Call
from service.operations.claim_coupons import AccountCoupon, claim_coupons
from service.operations.dispatch_coupons import dispatch_coupons
from service.operations.distribute_coupons import Distribution, distribute_coupons
from service.operations.idempotency import DROPPED_COUNT_MAX, Answer, once
from service.operations.redeem_coupon import redeem_coupon
from service.operations.users import add_user
from service.storage import idempotency
from service.storage.tables import audit, coupon, idempotency_key, outbox
from service.storage.trouble import LostRaceError
from tests.operations.faults import require_all_or_nothing
from tests.programme import START, Programme
from tests.reliability.keys import once_with_key_apart

KEEP = timedelta(hours=48)
TICK = timedelta(microseconds=1)

CarryOut = Callable[[Call], str]


def new_user(programme: Programme, owner: int, name: str) -> Caller:
    user_id = add_user(programme.call(), name, Role.STANDARD, owner)
    return Caller(user_id, name, {owner: Role.STANDARD})


@pytest.fixture
def kim(programme: Programme, owner: int) -> Caller:
    return new_user(programme, owner, "kim")


@pytest.fixture
def spring(programme: Programme, owner: int) -> list[str]:
    """The codes of a class with 20 coupons."""
    programme.coupon_class(owner, "Spring", feature_id=7)
    return programme.mint(owner, "Spring", 20)


def request(key: str = "key 1", content: str = "") -> KeyedRequest:
    return KeyedRequest(key, "DispatchCoupons", content.encode().ljust(32))


def dispatching(owner: int, name: str = "Spring") -> CarryOut:
    """Sends a coupon of the class, and replies whatever came of it."""
    return lambda call: f"<Reply>{dispatch_coupons(call, ['kim@example.com'], owner, name)}</Reply>"


def effects(programme: Programme) -> tuple[int, int, int]:
    """How many coupons were sent, mails queued and changes of coupons noted."""
    sent = [row for row in programme.rows(coupon) if row["sent_at"]]
    noted = [row for row in programme.rows(audit) if row["entity"] == "coupon"]
    return len(sent), len(programme.rows(outbox)), len(noted)


@pytest.mark.usefixtures("spring")
def test_a_repeat_is_answered_and_not_carried_out(
    programme: Programme, owner: int, kim: Caller
) -> None:
    first = once(programme.call(kim), request(), KEEP, dispatching(owner))
    assert first == Answer("<Reply>[]</Reply>")
    programme.clock.move(hours=47)
    again = once(programme.call(kim), request(), KEEP, dispatching(owner, "no such class"))
    assert again == replace(first, is_replay=True)
    assert effects(programme) == (1, 1, 1)


@pytest.mark.usefixtures("spring")
def test_a_request_is_stored_whole(programme: Programme, owner: int, kim: Caller) -> None:
    once(programme.call(kim), request("ключ 🔑"), KEEP, dispatching(owner))
    assert programme.rows(idempotency_key) == [
        {
            "user_id": kim.user_id,
            "key": "ключ 🔑",
            "operation": "DispatchCoupons",
            "body_digest": request().body_digest,
            "reply": "<Reply>[]</Reply>",
            "error_symbol": None,
            "error_details": None,
            "created_at": START,
        }
    ]


def test_a_refusal_is_an_answer_too(programme: Programme, owner: int, kim: Caller) -> None:
    first = once(programme.call(kim), request(), KEEP, dispatching(owner))
    assert first.error is not None
    assert first.error.row is COUPON_CLASS_NOT_FOUND
    programme.coupon_class(owner)
    programme.mint(owner)
    again = once(programme.call(kim), request(), KEEP, dispatching(owner))
    assert again.is_replay
    assert again.error is not None
    assert (again.error.row, again.error.details) == (first.error.row, first.error.details)
    assert effects(programme) == (0, 0, 0)


def test_what_a_refused_operation_wrote_is_undone(
    programme: Programme, owner: int, kim: Caller
) -> None:
    def carry_out(call: Call) -> str:
        def attempt(connection: Connection) -> str:
            connection.execute(coupon.delete())
            raise ServiceError(COUPON_CLASS_NOT_FOUND)

        return decide(call.database, attempt)

    programme.coupon(owner)
    once(programme.call(kim), request(), KEEP, carry_out)
    assert len(programme.rows(coupon)) == 1
    assert len(programme.rows(idempotency_key)) == 1


@pytest.mark.usefixtures("spring")
def test_a_key_is_for_one_request(programme: Programme, owner: int, kim: Caller) -> None:
    first = once(programme.call(kim), request(), KEEP, dispatching(owner))
    with pytest.raises(ServiceError) as refusal:
        once(programme.call(kim), request(content="another"), KEEP, dispatching(owner))
    assert refusal.value.row is IDEMPOTENCY_KEY_REUSED
    assert refusal.value.details == "it belongs to an earlier DispatchCoupons"
    assert effects(programme) == (1, 1, 1)
    again = once(programme.call(kim), request(), KEEP, dispatching(owner))
    assert again == replace(first, is_replay=True)


@pytest.mark.usefixtures("spring")
def test_each_user_has_keys_of_its_own(programme: Programme, owner: int, kim: Caller) -> None:
    lee = new_user(programme, owner, "lee")
    for caller, content in ((kim, "one"), (lee, "another")):
        assert not once(
            programme.call(caller), request(content=content), KEEP, dispatching(owner)
        ).is_replay
    assert effects(programme) == (2, 2, 2)


@pytest.mark.usefixtures("spring")
def test_keys_are_compared_exactly(programme: Programme, owner: int, kim: Caller) -> None:
    keys = ["k", "K", "k k", "k  k", "ḱ", "k\u0301", "k" * KEY_LENGTH_MAX, "🔑" * KEY_LENGTH_MAX]
    for _ in range(2):
        for key in keys:
            once(programme.call(kim), request(key), KEEP, dispatching(owner))
    assert effects(programme) == (len(keys),) * 3


@pytest.mark.usefixtures("spring")
@pytest.mark.parametrize(
    "trouble", [ServiceTroubleError(SERVICE_UNAVAILABLE, "disk full"), KeyError("a bug")]
)
def test_trouble_of_the_service_frees_the_key(
    programme: Programme, owner: int, kim: Caller, trouble: Exception
) -> None:
    def carry_out(call: Call) -> str:
        dispatching(owner)(call)
        raise trouble

    before = programme.all_rows()
    with pytest.raises(type(trouble)):
        once(programme.call(kim), request(), KEEP, carry_out)
    assert programme.all_rows() == before
    assert not once(programme.call(kim), request(), KEEP, dispatching(owner)).is_replay
    assert effects(programme) == (1, 1, 1)


@pytest.mark.usefixtures("spring")
def test_an_operation_that_loses_a_race_is_run_again_in_its_place(
    programme: Programme, owner: int, kim: Caller
) -> None:
    runs = []

    def carry_out(call: Call) -> str:
        def attempt(connection: Connection) -> str:
            runs.append(dispatching(owner)(call))
            if len(runs) < 3:
                raise LostRaceError
            return runs[-1]

        return decide(call.database, attempt)

    assert once(programme.call(kim), request(), KEEP, carry_out).reply == runs[-1]
    assert len(runs) == 3
    assert effects(programme) == (1, 1, 1)


def test_an_operation_reads_what_it_is_part_of(
    programme: Programme, owner: int, kim: Caller
) -> None:
    def carry_out(call: Call) -> str:
        with call.database.reading() as connection:
            return str(len(connection.execute(idempotency_key.select()).all()))

    assert once(programme.call(kim), request(), KEEP, carry_out).reply == "1"


def test_a_new_key_drops_old_ones(programme: Programme, kim: Caller) -> None:
    def send(key: str) -> Answer:
        return once(programme.call(kim), request(key), KEEP, lambda _: "")

    for number in range(12):
        send(f"old {number:02}")
        programme.clock.move(seconds=1)
    programme.clock.now = START + KEEP + timedelta(seconds=11)
    assert send("old 11").is_replay
    send("new 1")
    # Those of 48 h and of less stay.
    assert [row["key"] for row in programme.rows(idempotency_key)] == [
        "new 1",
        *(f"old {number}" for number in range(DROPPED_COUNT_MAX, 12)),
    ]
    programme.clock.now += TICK
    send("new 2")
    assert [row["key"] for row in programme.rows(idempotency_key)] == ["new 1", "new 2"]
    assert not send("old 11").is_replay


def test_a_key_that_is_dropped_while_it_is_asked_for_is_asked_for_again(
    programme: Programme, kim: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find_nothing_at_first(*_: Any) -> None:
        monkeypatch.undo()

    once(programme.call(kim), request(), KEEP, lambda _: "first")
    monkeypatch.setattr(idempotency, "find_first_request", find_nothing_at_first)
    answer = once(programme.call(kim), request(), KEEP, lambda _: "second")
    assert answer == Answer("first", is_replay=True)


def keyed_operations(programme: Programme, owner: int) -> dict[str, CarryOut]:
    """Each operation that takes keys, on a coupon that it finds."""
    code, claimed = programme.rows(coupon)[0]["code"], programme.rows(coupon)[1]["code"]
    account_id = programme.account(owner)
    return {
        "RedeemCoupon": lambda call: str(redeem_coupon(call, account_id, code)),
        "ClaimFeatureAdoptionCoupons": lambda call: str(
            claim_coupons(call, [AccountCoupon(account_id, claimed)])
        ),
        "DispatchCoupons": dispatching(owner),
        "DistributeCoupons": lambda call: str(
            distribute_coupons(call, Distribution(account_ids=[account_id], class_name="Spring"))
        ),
        "refused": dispatching(owner, "no such class"),
    }


OPERATIONS = [
    "RedeemCoupon",
    "ClaimFeatureAdoptionCoupons",
    "DispatchCoupons",
    "DistributeCoupons",
    "refused",
]


@pytest.mark.usefixtures("spring")
@pytest.mark.parametrize("name", OPERATIONS)
def test_a_fault_at_any_statement_leaves_nothing(
    programme: Programme, owner: int, kim: Caller, name: str
) -> None:
    carry_out = keyed_operations(programme, owner)[name]
    once(programme.call(kim), request("old"), KEEP, lambda _: "")
    programme.clock.move(hours=49)
    answers = []
    statements_count = require_all_or_nothing(
        programme,
        lambda: answers.append(once(programme.call(kim), request(), KEEP, carry_out)),
    )
    # The key is taken and an old one dropped; its answer is stored.
    assert statements_count > 3
    assert len(answers) == 1
    assert [row["key"] for row in programme.rows(idempotency_key)] == ["key 1"]
    assert once(programme.call(kim), request(), KEEP, carry_out).is_replay


@pytest.mark.usefixtures("spring")
def test_a_key_that_is_taken_apart_would_be_noticed(
    programme: Programme, owner: int, kim: Caller
) -> None:
    carry_out = dispatching(owner)
    with pytest.raises(AssertionError):
        require_all_or_nothing(
            programme,
            lambda: once_with_key_apart(programme.call(kim), request(), KEEP, carry_out),
        )
