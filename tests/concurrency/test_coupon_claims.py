"""However many claim a simple coupon at once, as many do as it has claims.

Each race has its control: a claim, or a statement, as ours must not be, with which the outcome
is another.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest
from sqlalchemy import Connection, select, update

from service.domain.discount_errors import (
    CLAIM_LIMIT_REACHED,
    COUPON_ALREADY_APPLIED,
    COUPON_CODE_TAKEN,
    COUPON_RETIRED,
    STATE_INVALID,
)
from service.domain.error_rows import ErrorRow
from service.domain.parent_coupons import LimitScope
from service.operations.calls import Call
from service.operations.parent_coupons import add_coupon, retire_coupon
from service.operations.subscription_coupons import apply_coupon, remove_coupon
from service.operations.subscriptions import end_subscription
from service.operations.unique_codes import generate_unique_codes
from service.storage import parent_coupons
from service.storage.discount_tables import coupon_instance, parent_coupon, unique_code
from service.storage.tables import audit
from tests.concurrency.race import race
from tests.concurrency.waiting import answer_after_wait
from tests.operations.simple_coupons import half_price, new_coupon, subscription
from tests.programme import Programme
from tests.reliability.two_steps import apply_in_two_steps
from tests.storage.engines import ON_POSTGRESQL

CLAIMS_COUNT = 10
ROUNDS_MAX = 20
QUICK_THREADS_COUNT, THREADS_COUNT = 20, 64

Apply = Callable[[Call, str, str], object]
DONE = "done"
Outcomes = "Counter[str | ErrorRow]"


def rush(
    programme: Programme,
    operation: Apply,
    code: str,
    threads_count: int,
    *,
    generators_count: int = 0,
) -> Outcomes:
    """Claim a code in threads, a subscription each; in some, generate a code instead."""
    account_id = programme.account(int(programme.rows(parent_coupon)[0]["customer_id"]))
    references = [subscription(programme, account_id) for _ in range(threads_count)]

    def action(call: Call, number: int) -> Callable[[], str]:
        def run() -> str:
            if number < generators_count:
                generate_unique_codes(call, "SUMMER", 1)
            else:
                operation(call, references[number], code)
            return DONE

        return run

    return Counter(race([action(programme.call(), number) for number in range(threads_count)]))


@pytest.fixture
def owner(programme: Programme) -> int:
    return programme.customer()


@pytest.mark.parametrize("generators_count", [0, 6])
@pytest.mark.parametrize(
    "threads_count",
    [QUICK_THREADS_COUNT, pytest.param(THREADS_COUNT, marks=pytest.mark.prove)],
)
def test_as_many_claim_as_there_are_claims(
    programme: Programme, owner: int, threads_count: int, generators_count: int
) -> None:
    new_coupon(programme, owner, coupons_max=CLAIMS_COUNT)
    answers = rush(
        programme, apply_coupon, "SUMMER", threads_count, generators_count=generators_count
    )
    refused_count = threads_count - CLAIMS_COUNT
    assert answers == {DONE: CLAIMS_COUNT, CLAIM_LIMIT_REACHED: refused_count}
    claims, codes = programme.rows(coupon_instance), programme.rows(unique_code)
    assert len(claims) + len(codes) == CLAIMS_COUNT
    assert [row["claims_count"] for row in programme.rows(parent_coupon)] == [CLAIMS_COUNT]
    told = Counter(row["action"] for row in programme.rows(audit) if row["action"] != "add")
    assert told == Counter({"claim": len(claims), "generate": len(codes)})


def test_a_claim_in_two_steps_would_be_noticed(programme: Programme) -> None:
    for _ in range(ROUNDS_MAX):
        owner = programme.customer()
        new_coupon(programme, owner, coupon_code=f"SUMMER{owner}", coupons_max=CLAIMS_COUNT)
        code = f"SUMMER{owner}"
        if rush(programme, apply_in_two_steps, code, QUICK_THREADS_COUNT)[DONE] > CLAIMS_COUNT:
            return
    pytest.fail("nobody claimed what was claimed already")


@pytest.mark.parametrize(
    ("limit_scope", "expected"), [(LimitScope.COUPON, 1), (LimitScope.CODE, 3)]
)
def test_a_unique_code_is_claimed_as_often_as_it_may(
    programme: Programme, owner: int, limit_scope: LimitScope, expected: int
) -> None:
    new_coupon(programme, owner, coupons_max=3, limit_scope=limit_scope)
    (code,) = generate_unique_codes(programme.call(), "SUMMER", 1)
    answers = rush(programme, apply_coupon, code, QUICK_THREADS_COUNT)
    refused_count = QUICK_THREADS_COUNT - expected
    assert answers == {DONE: expected, CLAIM_LIMIT_REACHED: refused_count}
    assert len(programme.rows(coupon_instance)) == expected


# Two of whom the second waits for the first.


@dataclass(frozen=True)
class Scene:
    """A coupon with a unique code, and two subscriptions without a claim."""

    programme: Programme
    code: str
    references: tuple[str, str]

    def apply(self, call: Call, code: str, place: int = 0) -> object:
        return apply_coupon(call, self.references[place], code)

    def lasting_claims(self) -> int:
        rows = self.programme.rows(coupon_instance)
        return len([row for row in rows if row["removed_at"] is None])


Step = Callable[[Scene, Call], object]


@pytest.fixture
def scene(programme: Programme, owner: int) -> Scene:
    """One claim of the coupon is left, and one of the code."""
    new_coupon(programme, owner, coupons_max=2)
    (code,) = generate_unique_codes(programme.call(), "SUMMER", 1)
    account_id = programme.account(owner)
    first, second = (subscription(programme, account_id) for _ in range(2))
    return Scene(programme, code, (first, second))


def after_wait(scene: Scene, first: Step, second: Step, *, is_kept: bool = True) -> object:
    """What the second step answers, or why it is refused, when it has waited for the first."""
    steps = partial(first, scene), partial(second, scene)
    return answer_after_wait(scene.programme, *steps, is_kept=is_kept)


def by_parent(place: int) -> Step:
    return lambda scene, call: scene.apply(call, "SUMMER", place)


def by_code(place: int) -> Step:
    return lambda scene, call: scene.apply(call, scene.code, place)


def generate(_scene: Scene, call: Call) -> object:
    return generate_unique_codes(call, "SUMMER", 1)


def retire_parent(_scene: Scene, call: Call) -> object:
    return retire_coupon(call, "SUMMER")


def retire_code(scene: Scene, call: Call) -> object:
    return retire_coupon(call, scene.code)


def end(scene: Scene, call: Call) -> object:
    return end_subscription(call, scene.references[0])


def add_winter(scene: Scene, call: Call) -> object:
    (row,) = scene.programme.rows(parent_coupon)
    new = half_price(int(row["customer_id"]), coupon_code="WINTER")
    return add_coupon(call, new)


@ON_POSTGRESQL
@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        pytest.param(by_parent(0), by_parent(1), CLAIM_LIMIT_REACHED, id="parent, parent"),
        pytest.param(by_parent(0), generate, CLAIM_LIMIT_REACHED, id="parent, generate"),
        pytest.param(generate, by_parent(0), CLAIM_LIMIT_REACHED, id="generate, parent"),
        pytest.param(by_code(0), by_code(1), CLAIM_LIMIT_REACHED, id="code, code"),
        pytest.param(by_code(0), by_parent(0), COUPON_ALREADY_APPLIED, id="code, same"),
        pytest.param(retire_parent, by_parent(0), COUPON_RETIRED, id="retire, parent"),
        pytest.param(retire_parent, by_code(0), COUPON_RETIRED, id="retire, code"),
        pytest.param(retire_parent, generate, COUPON_RETIRED, id="retire, generate"),
        pytest.param(retire_code, by_code(0), COUPON_RETIRED, id="retire code, code"),
        pytest.param(end, by_parent(0), STATE_INVALID, id="end, parent"),
        pytest.param(add_winter, add_winter, COUPON_CODE_TAKEN, id="add, add"),
    ],
)
def test_who_waits_decides_on_what_there_is_then(
    scene: Scene, first: Step, second: Step, expected: ErrorRow
) -> None:
    assert after_wait(scene, first, second) is expected


@ON_POSTGRESQL
@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(by_parent(0), by_parent(1), id="parent, parent"),
        pytest.param(generate, by_parent(0), id="generate, parent"),
        pytest.param(by_code(0), by_code(1), id="code, code"),
        pytest.param(retire_parent, by_code(0), id="retire, code"),
        pytest.param(retire_code, by_code(0), id="retire code, code"),
    ],
)
def test_who_waits_gets_what_is_left_undone(scene: Scene, first: Step, second: Step) -> None:
    assert not isinstance(after_wait(scene, first, second, is_kept=False), ErrorRow)
    assert scene.lasting_claims() == 1


@ON_POSTGRESQL
def test_retiring_a_code_ends_the_claim_that_it_waited_for(scene: Scene) -> None:
    after_wait(scene, by_code(0), retire_code)
    assert scene.lasting_claims() == 0


@ON_POSTGRESQL
def test_a_claim_that_is_removed_twice_is_removed_once(scene: Scene) -> None:
    scene.apply(scene.programme.call(), "SUMMER")

    def remove(scene: Scene, call: Call) -> object:
        return remove_coupon(call, scene.references[0], "SUMMER")

    assert not isinstance(after_wait(scene, remove, remove), ErrorRow)
    assert [row["action"] for row in scene.programme.rows(audit)].count("remove") == 1


def read_then_write(connection: Connection, number: int, count: int) -> bool:
    """Take claims as one must not: see that they are left, and count on from what was seen."""
    is_meant = parent_coupon.c.coupon_id == number
    seen = connection.execute(select(parent_coupon).where(is_meant)).one()
    if seen.claims_count + count > seen.coupons_max:
        return False
    counted = {"claims_count": seen.claims_count + count}
    connection.execute(update(parent_coupon).where(is_meant).values(counted))
    return True


def take_blindly(connection: Connection, number: int, _claims_max: int | None) -> bool:
    """Take a claim of a unique code as one must not: whatever became of the code."""
    is_meant = unique_code.c.coupon_id == number
    connection.execute(update(unique_code).where(is_meant).values(claims_count=1))
    return True


@ON_POSTGRESQL
@pytest.mark.parametrize(
    ("statement", "first", "second"),
    [
        (read_then_write, by_parent(0), by_parent(1)),
        (read_then_write, generate, by_parent(0)),
        (take_blindly, by_code(0), by_code(1)),
        (take_blindly, retire_code, by_code(0)),
    ],
)
def test_without_a_verdict_who_waits_would_get_too_much(
    scene: Scene,
    monkeypatch: pytest.MonkeyPatch,
    statement: Callable[..., bool],
    first: Step,
    second: Step,
) -> None:
    name = "take_claims" if statement is read_then_write else "take_code_claim"
    monkeypatch.setattr(parent_coupons, name, statement)
    assert not isinstance(after_wait(scene, first, second), ErrorRow)


@ON_POSTGRESQL
def test_without_keeping_the_parent_nobody_waits_for_who_retires_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parent_coupons, "keep_parent_in_use", lambda *_: True)
    with pytest.raises(AssertionError, match="it did not wait"):
        after_wait(scene, retire_parent, by_code(0))
