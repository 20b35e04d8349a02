"""Coupons as those who run a programme search and see them."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum


class CouponStage(str, Enum):
    """How far a coupon has come: each has one, the latest that it reached."""

    UNUSED = "unused"
    """Nobody has it; it can still be redeemed."""
    DISPATCHED = "dispatched"
    """Sent to an address, and neither claimed nor redeemed."""
    CLAIMED = "claimed"
    """Booked for an account that has not redeemed it."""
    REDEEMED = "redeemed"
    """Redeemed, whatever is left of it."""
    EXPIRED = "expired"
    """Not redeemed, and past its EndDate or ExpirationDate."""
    DELETED = "deleted"
    """Never to be redeemed; its code stays taken."""


class CouponKind(str, Enum):
    """What a code is of."""

    CLASS = "class"
    """A coupon of a class."""
    PARENT = "parent coupon"
    UNIQUE = "unique code"
    INSTANCE = "instance"
    BOOK = "book"


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponSearch:
    """Which coupons are searched; what is None does not matter.

    Attributes:
        customer_id: Whose coupons; None for those of every customer that the caller may see.
        code: The whole code, in any spelling.
        code_start: What the code begins with.
        code_part: What stands anywhere in it. Such a search looks at code after code, and
            goes on from page to page.
        class_id: Of which class.
        email: Sent to this address.
        account_id: Claimed for this account, or redeemed by it.
        stage: How far it has come.
    """

    customer_id: int | None = None
    code: str | None = None
    code_start: str | None = None
    code_part: str | None = None
    class_id: int | None = None
    email: str | None = None
    account_id: int | None = None
    stage: CouponStage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCoupon:
    """A coupon in a list.

    Attributes:
        class_id: None for a code that discounts bills; ``name`` is that of what it is of then.
        name: Of the class.
        stage: None for a code that discounts bills: its own pages tell.
        account_id: Who redeemed it, else who claimed it; None when nobody did, or when that
            account bills to a customer that the caller may not see.
        balance: What is left to draw; None until it is redeemed.
        last_at: When it can be redeemed last, or, redeemed, drawn last; None for ever.
    """

    coupon_id: int
    code: str
    kind: CouponKind
    customer_id: int
    class_id: int | None
    name: str
    batch_id: int | None
    stage: CouponStage | None
    sent_to_email: str | None
    sent_at: datetime | None
    account_id: int | None
    account_number: str | None
    claimed_at: datetime | None
    redeemed_at: datetime | None
    deleted_at: datetime | None
    balance: Decimal | None
    currency_code: str | None
    last_at: datetime | None
