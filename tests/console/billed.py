"""An account that has lived: coupons, spend, subscriptions, and bills with discounts."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from service.domain.bills import BillLine, Tier
from service.domain.coupon_instances import CouponInstance, InstanceTarget
from service.domain.definitions import Modifier, Operand
from service.domain.discounted_bills import BillRequest, DiscountedBill
from service.domain.parent_coupons import CouponDiscount
from service.operations.bills import apply_coupons_to_bill, rollback_bill
from service.operations.coupon_instances import add_instance
from service.operations.definitions import add_definition
from service.operations.parties import add_account
from service.operations.record_spend import record_spend, reverse_spend
from service.operations.redeem_coupon import redeem_coupon
from service.operations.subscription_coupons import apply_coupon, remove_coupon
from service.operations.subscriptions import add_subscription, end_subscription
from tests.operations import handed_out
from tests.operations.simple_coupons import new_coupon
from tests.programme import Programme

SUBSCRIPTION = "order 7"
TENTH = Modifier(effect_amount=Decimal(10), operand=Operand.PERCENT)


@dataclass
class Billed:
    """Customer 1, whose account 1 has everything.

    Attributes:
        programme: An empty one.
    """

    programme: Programme

    def fill(self) -> None:
        """Make all of it."""
        call = self.programme.call()
        owner = self.programme.customer()
        add_account(call, owner, "X0000001", "USD", "finance@contoso.example")
        add_account(call, owner, "X0000002", "EUR")
        self._redeem(owner)
        self._spend()
        self._subscribe(owner)
        self._bill()

    def _redeem(self, owner: int) -> None:
        programme = self.programme
        for changes in (
            {"amount": Decimal(20)},
            {"amount": Decimal(100), "spend_threshold": Decimal(50), "active_duration": 90},
            {"percent_off": Decimal("12.5"), "amount": Decimal(0)},
            {"amount": Decimal(40), "spend_threshold": Decimal(200)},
        ):
            redeem_coupon(programme.call(), 1, programme.coupon(owner, **changes))
            programme.clock.move(hours=1)
        ended = programme.coupon(owner, end_date=programme.clock() + timedelta(days=1))
        programme.claim(ended, 1)
        programme.claim(programme.coupon(programme.customer()), 1)

    def _spend(self) -> None:
        clock = self.programme.clock
        for month in range(8):
            clock.move(days=30)
            for part in range(2):
                amount = Decimal(18 + month * 7 % 23 + part * 9)
                reference = f"invoice 2026-{month + 1:02}-{part + 1}"
                record_spend(self.programme.call(), 1, amount, reference)
        reverse_spend(self.programme.call(), 1, "invoice 2026-08-2")

    def _subscribe(self, owner: int) -> None:
        call = self.programme.call()
        for reference in (SUBSCRIPTION, "order 8"):
            add_subscription(call, 1, reference, product_id="Ads", rate_plan_id="monthly")
        end_subscription(call, "order 8")
        of_users = CouponDiscount(pricing_component="users", units_free=3)
        new_coupon(self.programme, owner, coupon_code="SUMMER", name="Summer sale")
        new_coupon(
            self.programme, owner, coupon_code="SEATS", name="Three seats", discounts=(of_users,)
        )
        new_coupon(self.programme, owner, coupon_code="WINTER", name="Winter sale")
        new_coupon(
            self.programme,
            owner,
            coupon_code="EARLY",
            name="Early bird",
            discounts=(CouponDiscount(cash=Decimal(25)),),
        )
        for code in ("SUMMER", "SEATS", "EARLY"):
            apply_coupon(call, SUBSCRIPTION, code)
        remove_coupon(call, SUBSCRIPTION, "EARLY")
        half = add_definition(call, handed_out.definition(owner, name="Thanks", modifiers=(TENTH,)))
        instance = CouponInstance(
            customer_id=owner,
            definition_id=half.definition_id or "",
            target=InstanceTarget.SUBSCRIPTION,
            target_id=SUBSCRIPTION,
            initialised_at=call.now,
            max_remaining_uses=6,
            remaining_uses=6,
        )
        add_instance(call, instance)

    def _bill(self) -> DiscountedBill:
        call = self.programme.call()
        for reference in ("2026-10", "2026-11"):
            lines = (
                BillLine(
                    component_id="users",
                    unit_of_measure="seat",
                    units=12,
                    tiers=(Tier(10, Decimal(5)), Tier(None, Decimal(4))),
                ),
                BillLine(component_id="support", given_cost=Decimal(40)),
            )
            answer = apply_coupons_to_bill(
                call,
                BillRequest(
                    subscription_reference=SUBSCRIPTION,
                    currency_code="USD",
                    lines=lines,
                    reference=reference,
                ),
            )
        rollback_bill(call, SUBSCRIPTION, "2026-11")
        return answer
