"""Bills as they are asked for and answered: what coupons took off, and why."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext

from service.domain.bills import EXACT, BillLine
from service.domain.definitions import ModifierDomain, Operand
from service.domain.discounts import apportion
from service.domain.money import minor_unit

BILL_REFERENCE_LENGTH_MAX = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class BillRequest:
    """What is to be billed.

    Attributes:
        subscription_reference: Who is billed.
        currency_code: Of the bill, which is that of the subscription.
        reference: Names the bill in the customer, 1 to 128 characters; None to estimate.
        billed_at: When, not in the future; None for now. Coupons are those in effect then.
        coupon_codes: To estimate: codes that are reckoned with as if they were claimed now.
        includes_applied: To estimate: whether coupons that are claimed already count.
    """

    subscription_reference: str
    currency_code: str
    lines: tuple[BillLine, ...]
    reference: str | None = None
    billed_at: datetime | None = None
    coupon_codes: tuple[str, ...] = ()
    includes_applied: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledLine:
    """What a line comes to.

    Attributes:
        cost: Before any discount.
        discount: What instances take off.
    """

    component_id: str
    cost: Decimal
    discount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountedUnits:
    """Neighbouring units of one price that a discount looks at, counted from 1."""

    component_id: str
    first: int
    last: int
    unit_price: Decimal
    tier_id: str | None = None

    @property
    def count(self) -> int:
        """How many units they are."""
        return self.last - self.first + 1

    @property
    def cost(self) -> Decimal:
        """Of all of them, not rounded."""
        return self.count * self.unit_price


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledDiscount:
    """What one modifier of one instance took off.

    Attributes:
        instance_id: None for a code that an estimate reckons with as if it were claimed.
        component_id: The pricing component, or unit of measure, that it is for; None for the
            whole bill.
        base: Unaltered cost of what it looks at.
        size: Money or percent, as ``operand`` says.
        asked: What it comes to.
        amount: What it took off: less than asked where no more was left.
        explanation: The same in words.
    """

    instance_id: str | None
    coupon_code: str | None
    definition_name: str
    domain: ModifierDomain
    component_id: str | None
    operand: Operand
    size: Decimal
    base: Decimal
    asked: Decimal
    amount: Decimal
    units: tuple[DiscountedUnits, ...]
    explanation: str

    @property
    def unit_range(self) -> tuple[int, int] | tuple[None, None]:
        """The first and the last unit; None without units, and for those of several components."""
        if len({units.component_id for units in self.units}) != 1:
            return None, None
        return min(units.first for units in self.units), max(units.last for units in self.units)

    def unit_shares(self, currency_code: str) -> list[Decimal]:
        """What the discount takes off each of its units, in proportion to what they cost.

        Args:
            currency_code: Of the bill; each share is a multiple of its minor unit.
        """
        with localcontext(EXACT):
            costs = [units.cost for units in self.units]
            rooms = [self.amount] * len(costs)
            return apportion(self.amount, costs, rooms, minor_unit(currency_code))


@dataclass(frozen=True, slots=True, kw_only=True)
class BillDraw:
    """What a redeemed coupon of the account paid of what the discounts left."""

    coupon_code: str
    amount: Decimal
    explanation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A coupon that had no part in the bill, and why."""

    instance_id: str | None
    coupon_code: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountedBill:
    """A bill with all that coupons did to it.

    Attributes:
        reference: None for an estimate.
        cost: Before any discount.
        discount: What instances took off.
        drawn: What redeemed coupons paid of the rest.
        rolled_back_at: When it was taken back; None while it stands.
    """

    reference: str | None
    subscription_reference: str
    currency_code: str
    billed_at: datetime
    cost: Decimal
    discount: Decimal
    drawn: Decimal
    lines: tuple[BilledLine, ...]
    discounts: tuple[BilledDiscount, ...]
    draws: tuple[BillDraw, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    rolled_back_at: datetime | None = None

    @property
    def due(self) -> Decimal:
        """What is to be paid."""
        return self.cost - self.discount - self.drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedBill:
    """A bill in a list; what is said of ``DiscountedBill`` holds.

    Attributes:
        number: Of its own, in the service.
    """

    number: int
    reference: str
    currency_code: str
    cost: Decimal
    discount: Decimal
    drawn: Decimal
    billed_at: datetime
    rolled_back_at: datetime | None

    @property
    def due(self) -> Decimal:
        """What is to be paid."""
        return self.cost - self.discount - self.drawn
