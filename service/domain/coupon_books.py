"""Coupon books: packs of coupon instances that are sold as one, and what kinds there are."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from service.domain.definitions import UNITS_MAX, LifeState, Period, require_in_use
from service.domain.discount_errors import BOOK_SIZE_INVALID
from service.domain.money import AMOUNT_MAX, STORED_UNIT, is_whole
from service.domain.refusals import ServiceError
from service.domain.texts import require, require_reference, require_text
from service.domain.traces import Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class BookDefinition:
    """A kind of books: which sizes they come in, and of what their coupons are.

    Attributes:
        minimum, maximum, step: Sizes are ``minimum``, then always ``step`` more, up to
            ``maximum``: 100, 150 and 10 are six sizes.
        instance_duration, instance_duration_period: Kept, and without any effect.
    """

    customer_id: int
    definition_id: str
    name: str
    minimum: int
    maximum: int
    step: int
    valid_from: datetime
    valid_till: datetime | None = None
    book_definition_id: str | None = None
    crm_id: str | None = None
    description: str = ""
    instance_duration: int | None = None
    instance_duration_period: Period | None = None
    state: LifeState = LifeState.PRODUCTION
    trace: Trace | None = None

    def require_valid(self) -> None:
        """Refuse a kind of which there can be no book; raises ``DiscountInvalid``."""
        require_reference("Id", self.book_definition_id)
        require_text("Name", self.name, is_needed=True)
        require_text("CrmID", self.crm_id)
        require(1 <= self.minimum <= UNITS_MAX, f"Minimum must be 1 to {UNITS_MAX}")
        require(
            self.minimum <= self.maximum <= UNITS_MAX,
            f"Maximum must be Minimum ({self.minimum}) to {UNITS_MAX}",
        )
        require(1 <= self.step <= UNITS_MAX, f"Step must be 1 to {UNITS_MAX}")
        require(
            self.valid_till is None or self.valid_from <= self.valid_till,
            "DefinitionValidTill must not be before DefinitionValidFrom",
        )
        require(
            self.instance_duration_period is not Period.PERIODS,
            "InstanceDurationPeriod of a book is no periods",
        )
        duration = self.instance_duration
        require(
            duration is None or 0 <= duration <= UNITS_MAX,
            f"InstanceDuration must be 0 to {UNITS_MAX}",
        )

    def require_usable(self, now: datetime) -> None:
        """Let coupons be put into effect only in production and within the window.

        Raises:
            ServiceError: ``StateInvalid``.
        """
        what = f"book definition {self.name}"
        require_in_use(what, self.state, now, since=self.valid_from, till=self.valid_till)

    def require_size(self, size: int) -> None:
        """Refuse a size that is not one of this kind.

        Raises:
            ServiceError: ``BookSizeInvalid``.
        """
        is_size = self.minimum <= size <= self.maximum and (size - self.minimum) % self.step == 0
        if not is_size:
            sizes = f"{self.minimum}, then {self.step} more each, up to {self.maximum}"
            raise ServiceError(BOOK_SIZE_INVALID, f"{size} is none of {sizes}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponBook:
    """A pack of coupons.

    Attributes:
        book_code: By which its coupons are put into effect; None for a book without one.
        cost: For which it was sold; kept, and without any effect.
        max_remaining_coupons: Its size.
        remaining_coupons: How many coupons are left.
        maximum_coupon_uses: How many uses each of them has.
    """

    customer_id: int
    book_definition_id: str
    name: str
    max_remaining_coupons: int
    remaining_coupons: int
    maximum_coupon_uses: int
    cost: Decimal = Decimal(0)
    book_code: str | None = None
    book_id: str | None = None
    crm_id: str | None = None
    is_deleted: bool = False
    trace: Trace | None = None

    def require_valid(self) -> None:
        """Refuse a book that cannot be; raises ``DiscountInvalid``."""
        require_reference("Id", self.book_id)
        require_text("Name", self.name, is_needed=True)
        require_text("CrmID", self.crm_id)
        require(
            self.cost.is_finite()
            and 0 <= self.cost <= AMOUNT_MAX
            and is_whole(self.cost, STORED_UNIT),
            f"Cost must be 0 to {AMOUNT_MAX} with at most 6 decimals",
        )
        require(
            0 <= self.remaining_coupons <= self.max_remaining_coupons,
            f"RemainingCoupons must be 0 to MaxRemainingCoupons ({self.max_remaining_coupons})",
        )
        require(
            1 <= self.maximum_coupon_uses <= UNITS_MAX,
            f"MaximumCouponUses must be 1 to {UNITS_MAX}",
        )
