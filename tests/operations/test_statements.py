"""How many SQL statements operations take: a slower path fails here, on any machine.

They do not grow with how much is there, or is asked for. SQLite begins a transaction by one,
PostgreSQL locks a class by one.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event, text

from service.domain.bills import BillLine
from service.domain.discounted_bills import BillRequest
from service.domain.refusals import ServiceError
from service.domain.search import Paging, Predicate, SearchRequest
from service.operations.bills import apply_coupons_to_bill, estimate_discounts, rollback_bill
from service.operations.check_eligibility import check_eligibility
from service.operations.claim_coupons import AccountCoupon, claim_coupons
from service.operations.dispatch_coupons import dispatch_coupons
from service.operations.get_account_monthly_spend import get_account_monthly_spend
from service.operations.get_coupon_info import get_coupon_info
from service.operations.mint_coupons import mint_coupons
from service.operations.record_spend import record_spend, reverse_spend
from service.operations.redeem_coupon import redeem_coupon
from service.operations.search_coupons import search_coupons
from service.operations.subscription_coupons import apply_coupon, remove_coupon
from service.storage.engine import Database
from tests.operations.simple_coupons import new_coupon, subscription
from tests.programme import START, Programme
from tests.storage.engines import ON_SQLITE

FEATURE_ID = 7
STATEMENTS_OF_CLAIMS = 8


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements that are executed meanwhile."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


class Scene:
    """A programme in which each operation can be called: these prepare it, and call it."""

    def __init__(self, programme: Programme, size: int) -> None:
        self.programme = programme
        self.owner = programme.customer()
        self.account = programme.account(self.owner)
        for number in range(size):
            programme.coupon_class(self.owner, f"Class {number}")
        programme.coupon_class(self.owner, feature_id=FEATURE_ID)
        self.codes = programme.mint(self.owner, count=20 * size)
        self.order = subscription(programme, self.account)

    def call(self, operation: Callable[..., object], *arguments: object, **more: object) -> object:
        return operation(self.programme.call(), *arguments, **more)

    def refused(self, operation: Callable[..., object], *arguments: object) -> None:
        with pytest.raises(ServiceError):
            self.call(operation, *arguments)

    def search(self, *predicates: Predicate) -> object:
        asked = [Predicate("CustomerId", "Equals", str(self.owner)), *predicates]
        return self.call(search_coupons, SearchRequest(asked, None, Paging(0, 10)))

    def redeem(self) -> object:
        return self.call(redeem_coupon, self.account, self.codes[0])

    def spend(self) -> object:
        return self.call(record_spend, self.account, Decimal(500), "invoice")

    def dispatch(self, count: int) -> object:
        emails = [f"kim{number}@example.com" for number in range(count)]
        return self.call(dispatch_coupons, emails, self.owner, "Spring")

    def bill(self, operation: Callable[..., object], **changes: object) -> object:
        line = BillLine(component_id="support", given_cost=Decimal(100))
        values: dict[str, Any] = {"currency_code": "USD", "lines": (line,), **changes}
        return self.call(operation, BillRequest(subscription_reference=self.order, **values))

    def apply(self) -> object:
        return self.call(apply_coupon, self.order, "SUMMER")

    def claimed(self) -> None:
        new_coupon(self.programme, self.owner)
        self.apply()


def nothing(_scene: Scene) -> None:
    """What needs no preparation."""


Prepare = Callable[[Scene], object]
# What prepares it, what is counted, and how many: on SQLite, on PostgreSQL.
BUDGETS: dict[str, tuple[Prepare, Prepare, tuple[int, int]]] = {
    "SearchCoupons": (nothing, Scene.search, (4, 2)),
    "SearchCoupons, redeemed": (
        Scene.redeem,
        lambda scene: scene.search(Predicate("IsRedeemed", "Equals", "true")),
        (6, 4),
    ),
    "RedeemCoupon": (nothing, Scene.redeem, (8, 6)),
    "RedeemCoupon, repeated": (Scene.redeem, Scene.redeem, (2, 2)),
    "RedeemCoupon, a fault": (
        nothing,
        lambda scene: scene.refused(redeem_coupon, scene.account, "NO-SUCH-COUPON"),
        (2, 2),
    ),
    "GetCouponInfo": (Scene.redeem, lambda scene: scene.call(get_coupon_info, scene.owner), (2, 1)),
    "GetAccountMonthlySpend": (
        Scene.spend,
        lambda scene: scene.call(get_account_monthly_spend, scene.account, START),
        (3, 2),
    ),
    "CheckFeatureAdoptionCouponEligibility": (
        nothing,
        lambda scene: scene.call(check_eligibility, FEATURE_ID, [scene.account]),
        (4, 3),
    ),
    "DispatchCoupons, 1": (nothing, lambda scene: scene.dispatch(1), (9, 9)),
    "DispatchCoupons, 10": (nothing, lambda scene: scene.dispatch(10), (9, 9)),
    "MintCoupons, 100": (
        nothing,
        lambda scene: scene.call(mint_coupons, scene.owner, "Spring", 100),
        (9, 8),
    ),
    "RecordSpend": (Scene.redeem, Scene.spend, (11, 10)),
    "ReverseSpend": (
        lambda scene: (scene.redeem(), scene.spend()),
        lambda scene: scene.call(reverse_spend, scene.account, "invoice"),
        (14, 13),
    ),
    "ApplyCouponToSubscription": (
        lambda scene: new_coupon(scene.programme, scene.owner),
        Scene.apply,
        (22, 21),
    ),
    "RemoveCouponFromSubscription": (
        Scene.claimed,
        lambda scene: scene.call(remove_coupon, scene.order, "SUMMER"),
        (20, 19),
    ),
    "EstimateDiscounts": (Scene.claimed, lambda scene: scene.bill(estimate_discounts), (10, 9)),
    "ApplyCouponsToBill": (
        Scene.claimed,
        lambda scene: scene.bill(apply_coupons_to_bill, reference="january"),
        (19, 18),
    ),
    "ApplyCouponsToBill, redeemed": (
        lambda scene: (scene.claimed(), scene.redeem()),
        lambda scene: scene.bill(apply_coupons_to_bill, reference="january"),
        (23, 22),
    ),
    "RollbackBill": (
        lambda scene: (scene.claimed(), scene.bill(apply_coupons_to_bill, reference="january")),
        lambda scene: scene.call(rollback_bill, scene.order, "january"),
        (17, 16),
    ),
}


@pytest.mark.parametrize("operation", BUDGETS)
@pytest.mark.parametrize("size", [pytest.param(1, marks=pytest.mark.prove), 10])
def test_an_operation_keeps_to_its_statements(
    programme: Programme, engine_name: str, operation: str, size: int
) -> None:
    prepare, carry_out, budgets = BUDGETS[operation]
    budget = dict(zip(("sqlite", "postgresql"), budgets, strict=True))[engine_name]
    scene = Scene(programme, size)
    prepare(scene)
    with counted(programme.database) as statements:
        carry_out(scene)
    assert len(statements) == budget, "\n".join(statements)


@pytest.mark.parametrize("count", [1, 5])
def test_claims_take_as_many_statements_as_one(programme: Programme, count: int) -> None:
    scene = Scene(programme, 1)
    accounts = [programme.account(scene.owner) for _ in range(count)]
    pairs = [AccountCoupon(*pair) for pair in zip(accounts, scene.codes, strict=False)]
    with counted(programme.database) as statements:
        assert scene.call(claim_coupons, pairs)
    assert len(statements) == STATEMENTS_OF_CLAIMS


@ON_SQLITE
def test_one_more_is_noticed(programme: Programme) -> None:
    scene = Scene(programme, 1)
    with counted(programme.database) as statements:
        scene.redeem()
        with programme.database.reading() as connection:
            connection.execute(text("SELECT 1"))
    assert len(statements) > BUDGETS["RedeemCoupon"][2][0]
