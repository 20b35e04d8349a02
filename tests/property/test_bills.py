"""Whatever is billed and taken back in whatever order, bills and a model of them agree."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from service.domain.bills import BillLine
from service.domain.discount_errors import BILL_REFERENCE_TAKEN
from service.domain.discounted_bills import BillRequest
from service.domain.errors import ENTITY_NOT_EXISTENT
from service.domain.parent_coupons import CouponDiscount
from service.domain.refusals import ServiceError
from service.operations.bills import apply_coupons_to_bill, rollback_bill
from service.operations.check_database import check_database
from service.operations.redeem_coupon import redeem_coupon
from service.operations.subscription_coupons import apply_coupon
from service.storage import bills as storage
from service.storage.discount_tables import coupon_instance
from service.storage.engine import Database
from service.storage.tables import redemption
from tests.operations.simple_coupons import new_coupon, subscription
from tests.programme import Programme
from tests.storage.engines import ON_SQLITE

PERCENT = Decimal("12.5")
USES_COUNT = 2
GRANTED = Decimal("1.00")
CENT = Decimal("0.01")

Step = tuple[str, int | None]
"""A reference, and the cents of its bill, or None to roll it back."""
STEPS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.none() | st.sampled_from([0, 1, 4, 60, 100])),
    max_size=12,
)


@pytest.fixture(autouse=True)
def _hurry(database: Database) -> None:
    if database.engine.dialect.name == "sqlite":
        event.listen(database.engine, "connect", _do_not_wait_for_the_disk)


def _do_not_wait_for_the_disk(connection: Any, _record: object) -> None:
    # That a commit survives a power cut is another matter.
    connection.execute("PRAGMA synchronous = OFF")


@dataclass
class Model:
    """What bills of one subscription come to: discount, drawn and whether it stands, by name."""

    uses: int = USES_COUNT
    balance: Decimal = GRANTED
    costs: dict[str, Decimal] = field(default_factory=dict)
    given: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    standing: set[str] = field(default_factory=set)

    def bill(self, name: str, cost: Decimal) -> object:
        if name in self.costs:
            return self.given[name] if self.costs[name] == cost else BILL_REFERENCE_TAKEN
        share = (cost * PERCENT / 100).quantize(CENT, rounding=ROUND_HALF_UP)
        discount = share if self.uses else Decimal(0)
        drawn = min(self.balance, cost - discount)
        self.uses -= bool(discount)
        self.balance -= drawn
        self.costs[name], self.given[name] = cost, (discount, drawn)
        self.standing.add(name)
        return self.given[name]

    def roll_back(self, name: str) -> object:
        if name not in self.costs:
            return ENTITY_NOT_EXISTENT
        discount, drawn = self.given[name]
        if name in self.standing:
            self.standing.remove(name)
            self.uses += bool(discount)
            self.balance += drawn
        return self.given[name]


@dataclass
class Life:
    """One subscription of an account of its own, with a claim and a redeemed coupon."""

    programme: Programme
    order: str = field(init=False)

    def __post_init__(self) -> None:
        owner = self.programme.customer()
        account_id = self.programme.account(owner)
        code = self.programme.coupon(owner, amount=GRANTED)
        redeem_coupon(self.programme.call(), account_id, code)
        self.order = subscription(self.programme, account_id)
        discounts = (CouponDiscount(percentage=PERCENT),)
        code = self.order.replace(" ", "-")
        new_coupon(
            self.programme, owner, coupon_code=code, uses_max=USES_COUNT, discounts=discounts
        )
        apply_coupon(self.programme.call(), self.order, code)

    def take(self, step: Step) -> object:
        name, cents = step
        call = self.programme.call()
        try:
            if cents is None:
                billed = rollback_bill(call, self.order, name)
            else:
                billed = apply_coupons_to_bill(call, self.request(name, cents))
        except ServiceError as refusal:
            return refusal.row
        return billed.discount, billed.drawn

    def request(self, name: str, cents: int) -> BillRequest:
        line = BillLine(component_id="support", given_cost=cents * CENT)
        return BillRequest(
            subscription_reference=self.order, currency_code="USD", lines=(line,), reference=name
        )

    def figures(self) -> tuple[int, int, Decimal, Decimal]:
        """Of the claim and the redeemed coupon: uses left, used, given, balance."""
        instance = self.programme.rows(coupon_instance)[-1]
        balance = self.programme.rows(redemption)[-1]["balance"]
        counts = instance["remaining_uses"], instance["used_count"]
        return *counts, instance["discount_value"], balance


def live(programme: Programme, steps: Sequence[Step]) -> None:
    life, model = Life(programme), Model()
    for name, cents in steps:
        expected = model.roll_back(name) if cents is None else model.bill(name, cents * CENT)
        assert life.take((name, cents)) == expected
    discounts = [model.given[name][0] for name in model.standing]
    used = sum(bool(discount) for discount in discounts)
    assert used == USES_COUNT - model.uses
    assert life.figures() == (model.uses, used, sum(discounts), model.balance)


def try_lives(
    programme: Programme, examples_count: int, phases: Iterable[Phase] = tuple(Phase)
) -> None:
    @settings(
        max_examples=examples_count,
        deadline=None,
        database=None,
        phases=phases,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(STEPS)
    def agree(steps: Sequence[Step]) -> None:
        live(programme, steps)

    agree()


@pytest.mark.prove
def test_bills_and_model_agree_for_long(programme: Programme) -> None:
    try_lives(programme, 300)
    assert check_database(programme.call()).is_clean


@ON_SQLITE
def test_bills_and_model_agree(programme: Programme) -> None:
    try_lives(programme, 8)


@ON_SQLITE
def test_a_use_that_is_not_given_back_is_found(
    programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "give_back_uses", lambda _connection, _number: {})
    with pytest.raises(AssertionError):
        try_lives(programme, 300, [Phase.generate])
