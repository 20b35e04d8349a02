"""Coupon instances: coupons that were handed out, and what they are attached to."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum

from service.domain.definitions import UNITS_MAX
from service.domain.money import AMOUNT_MAX, STORED_UNIT, is_whole
from service.domain.texts import require, require_reference, require_text
from service.domain.traces import Trace


class InstanceTarget(str, Enum):
    """What an instance is attached to; ``NONE`` is stock that can be attached."""

    NONE = "none"
    SUBSCRIPTION = "subscription"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingValue:
    """How many units a subscription had of a pricing component when a coupon was attached.

    Attributes:
        component_id: The pricing component, whatever its version.
        units: 0 or more.
    """

    component_id: str
    units: int
    existing_value_id: str | None = None
    trace: Trace | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponInstance:
    """One coupon that was handed out.

    Attributes:
        instance_id: Its name in the service, 1 to 64 characters; None for one that is to be
            made without one.
        coupon_code: By which it can be attached; None for one without a code.
        parent_code: Of the simple coupon that it is a claim of; None for others.
        target_id: The reference of a subscription, or the number of an account; None for
            ``InstanceTarget.NONE``.
        initialised_at: When it was put into effect, or made.
        valid_till: The last instant of its effect, included; None for no end.
        removed_at: When it was removed from its target; None while it has its effect.
        max_remaining_uses: Uses that it began with; None for no bound.
        remaining_uses: Uses that are left; None for no bound.
        used_count: How many bills it has discounted, those taken back left out.
        discount_value: What it has given in all.
        instance_discount_value: Its own amount for the operands of an instance.
        periods_valid_for, total_periods: Kept, and without any effect.
        retired_at: When it was retired; None while it is not.
    """

    customer_id: int
    definition_id: str
    target: InstanceTarget
    initialised_at: datetime
    max_remaining_uses: int | None
    remaining_uses: int | None
    target_id: str | None = None
    coupon_code: str | None = None
    parent_code: str | None = None
    book_id: str | None = None
    valid_till: datetime | None = None
    removed_at: datetime | None = None
    used_count: int = 0
    discount_value: Decimal = Decimal(0)
    instance_discount_value: Decimal | None = None
    periods_valid_for: int | None = None
    total_periods: int | None = None
    existing_values: tuple[ExistingValue, ...] = ()
    instance_id: str | None = None
    crm_id: str | None = None
    retired_at: datetime | None = None
    trace: Trace | None = None

    def require_valid(self) -> None:
        """Refuse an instance that cannot be; raises ``DiscountInvalid``."""
        require_reference("Id", self.instance_id)
        require_text("CrmID", self.crm_id)
        require(
            (self.target is InstanceTarget.NONE) == (not self.target_id),
            "TargetID is needed for a Target, and for none there is none",
        )
        most = self.max_remaining_uses
        require(most is None or 0 <= most <= UNITS_MAX, f"MaxRemainingUses: 0 to {UNITS_MAX}")
        left = self.remaining_uses
        is_bounded_alike = (left is None) == (most is None)
        require(
            is_bounded_alike and (left is None or most is None or 0 <= left <= most),
            f"RemainingUses must be 0 to MaxRemainingUses ({most})",
        )
        require_valid_own_value(self.instance_discount_value)
        for name, count in (
            ("PeriodsValidFor", self.periods_valid_for),
            ("TotalPeriods", self.total_periods),
        ):
            require(count is None or 0 <= count <= UNITS_MAX, f"{name} must be 0 to {UNITS_MAX}")
        require_valid_values(self.existing_values)

    @property
    def is_attachable(self) -> bool:
        """Whether it is stock: neither retired nor attached, with uses left."""
        is_free = self.target is InstanceTarget.NONE and self.retired_at is None
        return is_free and self.remaining_uses != 0

    def is_in_effect_at(self, instant: datetime) -> bool:
        """Whether a bill of that instant may be discounted by it."""
        has_begun = self.target is not InstanceTarget.NONE and self.initialised_at <= instant
        is_valid = self.valid_till is None or instant <= self.valid_till
        # From the very instant on at which it is taken away it discounts nothing more.
        lasts = all(end is None or instant < end for end in (self.removed_at, self.retired_at))
        return has_begun and is_valid and lasts and self.remaining_uses != 0


def require_valid_own_value(own: Decimal | None) -> None:
    """Refuse what cannot be an instance's own amount; raises ``DiscountInvalid``."""
    require(
        own is None or (own.is_finite() and 0 <= own <= AMOUNT_MAX and is_whole(own, STORED_UNIT)),
        f"InstanceDiscountValue must be 0 to {AMOUNT_MAX} with at most 6 decimals",
    )


def require_valid_values(values: tuple[ExistingValue, ...]) -> None:
    """Refuse existing values that no instance can have; raises ``DiscountInvalid``."""
    components = [value.component_id for value in values]
    require(
        len(set(components)) == len(components),
        "CouponInstanceExistingValues has a LogicalComponentID twice",
    )
    for value in values:
        require_reference("CouponInstanceExistingValues.Id", value.existing_value_id)
        require_text("LogicalComponentID", value.component_id, is_needed=True)
        require(0 <= value.units <= UNITS_MAX, f"ExistingValue must be 0 to {UNITS_MAX}")
