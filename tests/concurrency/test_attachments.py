"""However many attach at once, an instance is attached once, and a book gives what it has.

What is promised to whoever has an instance is not changed beneath them. The race has its
control: a drawing as ours must not be, with which the outcome is another.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from service.domain.coupon_instances import InstanceTarget
from service.domain.definitions import LifeState
from service.domain.discount_errors import BOOK_EMPTY, COUPON_RETIRED, STATE_INVALID
from service.domain.error_rows import ErrorRow
from service.domain.errors import NAME_TAKEN
from service.operations.calls import Call
from service.operations.coupon_books import (
    add_book,
    add_book_definition,
    retire_book,
    retire_book_definition,
)
from service.operations.coupon_instances import (
    Attachment,
    add_instance,
    attach_instance,
    retire_instance,
    update_instance,
)
from service.operations.definitions import add_definition, retire_definition, update_definition
from service.storage import coupon_books, coupon_instances, definitions
from service.storage.discount_tables import coupon_book, coupon_instance
from service.storage.tables import audit
from tests.concurrency.race import race
from tests.concurrency.waiting import answer_after_wait
from tests.operations.handed_out import HALF, book, book_definition, definition, stock
from tests.operations.simple_coupons import subscription
from tests.programme import Programme
from tests.storage.engines import ON_POSTGRESQL

SIZE, THREADS_COUNT = 4, 16
DONE = "done"


@dataclass(frozen=True)
class Scene:
    """The definition "D", the instance "S" in stock, a book, and two subscriptions."""

    programme: Programme
    owner: int
    references: tuple[str, str]

    def attach(self, call: Call, place: int = 0, **what: str) -> object:
        target = InstanceTarget.SUBSCRIPTION
        return attach_instance(
            call, Attachment(target=target, target_id=self.references[place], **what)
        )

    def attached_to(self) -> list[int | None]:
        """The subscriptions of the instances, in the order in which they were made."""
        return [row["subscription_id"] for row in self.programme.rows(coupon_instance)]


Step = Callable[[Scene, Call], object]


@pytest.fixture
def scene(programme: Programme) -> Scene:
    """The book "B" with the code "PACK" has as many coupons as its size."""
    owner, call = programme.customer(), programme.call()
    add_definition(call, definition(owner, definition_id="D"))
    kind = book_definition(owner, "D", book_definition_id="K", maximum=SIZE)
    add_book_definition(call, kind)
    sizes = {"max_remaining_coupons": SIZE, "remaining_coupons": SIZE}
    add_book(call, book(owner, "K", book_id="B", book_code="PACK", **sizes))
    add_instance(call, stock(owner, "D", instance_id="S"))
    account_id = programme.account(owner)
    first, second = (subscription(programme, account_id) for _ in range(2))
    return Scene(programme, owner, (first, second))


def rush(scene: Scene) -> "Counter[str | ErrorRow]":
    """Draw coupons of the book in threads."""

    def action(call: Call) -> Callable[[], str]:
        def run() -> str:
            scene.attach(call, book_code="PACK")
            return DONE

        return run

    return Counter(race([action(scene.programme.call()) for _ in range(THREADS_COUNT)]))


def test_a_book_gives_as_many_coupons_as_it_has(scene: Scene) -> None:
    assert rush(scene) == {DONE: SIZE, BOOK_EMPTY: THREADS_COUNT - SIZE}
    (stored,) = scene.programme.rows(coupon_book)
    assert stored["remaining_coupons"] == 0
    assert len(scene.attached_to()) == 1 + SIZE
    drawn = [row for row in scene.programme.rows(audit) if row["action"] == "draw"]
    assert len(drawn) == SIZE


def read_then_write(connection: Connection, number: int) -> bool:
    """Draw a coupon as one must not: see how many are left, and count on from what was seen."""
    is_meant = coupon_book.c.book_id == number
    left = connection.execute(select(coupon_book.c.remaining_coupons).where(is_meant)).scalar_one()
    if not left:
        return False
    connection.execute(update(coupon_book).where(is_meant).values(remaining_coupons=left - 1))
    return True


def attach_blindly(connection: Connection, number: int, columns: Any, *_: object) -> bool:
    """Attach an instance as one must not: whatever became of it."""
    is_meant = coupon_instance.c.instance_id == number
    connection.execute(update(coupon_instance).where(is_meant).values(columns))
    return True


def draw(scene: Scene, call: Call) -> object:
    return scene.attach(call, 1, book_code="PACK")


def draw_for_another(scene: Scene, call: Call) -> object:
    return scene.attach(call, 0, book_code="PACK")


def attach(place: int) -> Step:
    return lambda scene, call: scene.attach(call, place, instance_id="S")


def attach_by_update(scene: Scene, call: Call) -> object:
    target = {"target": InstanceTarget.SUBSCRIPTION, "target_id": scene.references[1]}
    return update_instance(call, stock(scene.owner, "D", instance_id="S", **target))


def retire_stock(_scene: Scene, call: Call) -> object:
    return retire_instance(call, "S")


def retire_the_book(_scene: Scene, call: Call) -> object:
    return retire_book(call, "B")


def retire_kind(_scene: Scene, call: Call) -> object:
    return retire_book_definition(call, "K")


def retire_it(_scene: Scene, call: Call) -> object:
    return retire_definition(call, "D")


def promise_less(scene: Scene, call: Call) -> object:
    less = replace(HALF, effect_amount=Decimal(1))
    return update_definition(call, definition(scene.owner, definition_id="D", modifiers=(less,)))


def stop(scene: Scene, call: Call) -> object:
    stopped = definition(scene.owner, definition_id="D", state=LifeState.DEVELOPMENT)
    return update_definition(call, stopped)


def add_another(scene: Scene, call: Call) -> object:
    return add_definition(call, definition(scene.owner, definition_id="E"))


def after_wait(scene: Scene, first: Step, second: Step, *, is_kept: bool = True) -> object:
    """What the second step answers, or why it is refused, when it has waited for the first."""
    steps = partial(first, scene), partial(second, scene)
    return answer_after_wait(scene.programme, *steps, is_kept=is_kept)


@ON_POSTGRESQL
@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        pytest.param(attach(0), attach(1), STATE_INVALID, id="attach, attach"),
        pytest.param(attach(0), attach_by_update, STATE_INVALID, id="attach, update"),
        pytest.param(attach_by_update, attach(0), STATE_INVALID, id="update, attach"),
        pytest.param(attach(0), promise_less, STATE_INVALID, id="attach, promise less"),
        pytest.param(draw, promise_less, STATE_INVALID, id="draw, promise less"),
        pytest.param(attach_by_update, promise_less, STATE_INVALID, id="update, promise less"),
        pytest.param(stop, attach(0), STATE_INVALID, id="stop, attach"),
        pytest.param(stop, attach_by_update, STATE_INVALID, id="stop, update"),
        pytest.param(retire_it, draw, STATE_INVALID, id="retire definition, draw"),
        pytest.param(retire_kind, draw, STATE_INVALID, id="retire kind, draw"),
        pytest.param(retire_the_book, draw, COUPON_RETIRED, id="retire book, draw"),
        pytest.param(retire_stock, attach(0), COUPON_RETIRED, id="retire, attach"),
        pytest.param(add_another, add_another, NAME_TAKEN, id="add, add"),
    ],
)
def test_who_waits_decides_on_what_there_is_then(
    scene: Scene, first: Step, second: Step, expected: ErrorRow
) -> None:
    assert after_wait(scene, first, second) is expected


@ON_POSTGRESQL
def test_the_same_attachment_twice_is_one(scene: Scene) -> None:
    answer = after_wait(scene, attach(0), attach(0))
    assert not isinstance(answer, ErrorRow)
    actions = [row["action"] for row in scene.programme.rows(audit)]
    assert actions.count("attach") == 1


@ON_POSTGRESQL
@pytest.mark.parametrize("is_broken", [False, True])
def test_who_waits_for_a_coupon_takes_another(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, is_broken: bool
) -> None:
    if is_broken:
        monkeypatch.setattr(coupon_books, "draw_coupon", read_then_write)
    draws = [after_wait(scene, draw, draw_for_another) for _ in range(SIZE // 2)]
    assert not any(isinstance(answer, ErrorRow) for answer in draws)
    (stored,) = scene.programme.rows(coupon_book)
    # Each of the two counts on from what it saw before it waited.
    assert stored["remaining_coupons"] == (SIZE // 2 if is_broken else 0)


@ON_POSTGRESQL
def test_without_a_verdict_an_instance_would_be_attached_twice(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coupon_instances, "attach_instance", attach_blindly)
    assert not isinstance(after_wait(scene, attach(0), attach(1)), ErrorRow)


@ON_POSTGRESQL
def test_without_keeping_the_definition_nobody_waits_for_who_attaches(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(definitions, "lock_definition", lambda *_, **__: None)
    with pytest.raises(AssertionError, match="it did not wait"):
        after_wait(scene, attach(0), promise_less)


@ON_POSTGRESQL
def test_who_waits_gets_what_is_left_undone(scene: Scene) -> None:
    assert not isinstance(after_wait(scene, attach(0), attach(1), is_kept=False), ErrorRow)
    second = scene.attached_to()
    scene.attach(scene.programme.call(), 1, instance_id="S")
    assert scene.attached_to() == second
