"""The rules of coupons and spend, written a second time and as plainly as can be.

Nothing here is the service's: lists, decimals, and money that flows past the coupons
one minor unit after the other. What is slow here and cannot be mistaken is what the
service's arithmetic is held against.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

NO_END = datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone.utc)
UNITS = {"USD": Decimal("0.01"), "JPY": Decimal(1)}


class RefusedError(Exception):
    """The rules do not allow it; the first argument is the symbol."""


@dataclass
class Account:
    """Who redeems and spends; ``customer`` is a number that means nothing."""

    account_id: int
    number: str
    customer: int
    currency: str
    features_claimed: set[int] = field(default_factory=set)


@dataclass
class CouponClass:
    """A class whose terms never change."""

    name: str
    customer: int
    kind: str
    currency: str
    amount: Decimal
    percent: Decimal | None
    threshold: Decimal
    days: int | None
    start: datetime | None
    end: datetime | None
    expires: datetime | None
    feature: int | None
    is_retired: bool = False


@dataclass
class Coupon:
    """A coupon; from ``account`` on, what it has from its redemption."""

    coupon_id: int
    code: str
    terms: CouponClass
    sent: tuple[str, datetime] | None = None
    claimed: tuple[Account, datetime] | None = None
    account: Account | None = None
    redeemed_at: datetime = NO_END
    expires_at: datetime = NO_END
    activated_at: datetime | None = None
    is_active: bool = False
    counted: Decimal = Decimal(0)
    left: Decimal = Decimal(0)

    @property
    def holder_customer(self) -> int | None:
        """Whose account redeemed or claimed it."""
        holder = self.account or (self.claimed and self.claimed[0])
        return holder.customer if holder else None

    @property
    def taken_at(self) -> datetime:
        """When it was claimed, or redeemed without a claim."""
        return self.claimed[1] if self.claimed else self.redeemed_at

    @property
    def is_bounded(self) -> bool:
        return self.terms.percent is None or self.terms.amount > 0

    @property
    def is_used_up(self) -> bool:
        return self.is_bounded and self.left == 0

    @property
    def missing(self) -> Decimal:
        """What is still to be spent before it can be drawn."""
        return max(self.terms.threshold - self.counted, Decimal(0))

    def status(self, now: datetime) -> int:
        """The byte that GetCouponInfo shows."""
        if self.account is None:
            ends = [end for end in (self.terms.end, self.terms.expires) if end is not None]
            return 5 if any(now > end for end in ends) else 1
        if self.is_used_up:
            return 4
        if now > self.expires_at:
            return 5
        return 3 if self.is_active else 2


@dataclass
class Spend:
    """A spend, and what it did: counted and drawn by code; and the coupons that it woke."""

    account: Account
    reference: str
    amount: Decimal
    spent_at: datetime
    effects: dict[str, tuple[Decimal, Decimal]]
    woken: set[str]
    ended: set[str]
    is_reversed: bool = False

    @property
    def concerned(self) -> set[str]:
        """The coupons that it changed in any way."""
        return self.effects.keys() | self.woken | self.ended


@dataclass
class Model:
    """A programme: what it holds, and what its operations do or refuse."""

    accounts: list[Account] = field(default_factory=list)
    classes: list[CouponClass] = field(default_factory=list)
    coupons: list[Coupon] = field(default_factory=list)
    spends: dict[tuple[int, str], Spend] = field(default_factory=dict)

    def of_account(self, account: Account) -> list[Coupon]:
        """What the account redeemed, oldest first."""
        mine = [coupon for coupon in self.coupons if coupon.account is account]
        return sorted(mine, key=lambda coupon: (coupon.redeemed_at, coupon.coupon_id))

    def dispatch(self, terms: CouponClass, emails: list[str], now: datetime) -> list[Any]:
        """Places and symbols of the addresses that got nothing."""
        if terms.is_retired:
            raise RefusedError("CouponClassRetired")
        served: set[str] = set()
        errors = []
        for place, email in enumerate(emails):
            if "@" not in email:
                errors.append((place, "EmailInvalid"))
            elif email in served:
                errors.append((place, "EmailDuplicate"))
            else:
                served.add(email)
                if not self._send(terms, email, now):
                    errors.append((place, "NoCouponAvailable"))
        return errors

    def _send(self, terms: CouponClass, email: str, now: datetime) -> bool:
        for coupon in self.coupons:
            is_unused = coupon.sent is coupon.claimed is coupon.account is None
            ends = (terms.end or NO_END, terms.expires or NO_END)
            if coupon.terms is terms and is_unused and now <= min(ends):
                coupon.sent = (email, now)
                return True
        return False

    def claim(self, account: Account, coupon: Coupon, now: datetime) -> datetime:
        if coupon.claimed and coupon.claimed[0] is account:
            return coupon.claimed[1]
        if coupon.terms.feature is None:
            raise RefusedError("CouponWithoutFeature")
        self._require_available(account, coupon, now)
        if coupon.terms.feature in account.features_claimed:
            raise RefusedError("FeatureAlreadyClaimed")
        account.features_claimed.add(coupon.terms.feature)
        coupon.claimed = (account, now)
        return now

    def redeem(self, account: Account, coupon: Coupon, now: datetime) -> datetime:
        if coupon.account is account:
            return coupon.redeemed_at
        self._require_available(account, coupon, now, is_redemption=True)
        if coupon.terms.kind == "Acquisition":
            self._require_new_customer(account.customer, now)
        coupon.account, coupon.redeemed_at, coupon.left = account, now, coupon.terms.amount
        ends = [coupon.terms.expires or NO_END]
        if coupon.terms.days is not None:
            ends.append(now + timedelta(days=coupon.terms.days))
        coupon.expires_at = min(ends)
        if coupon.terms.threshold == 0:
            self._flow(account, Decimal(0), now)
        return now

    def _require_available(
        self, account: Account, coupon: Coupon, now: datetime, *, is_redemption: bool = False
    ) -> None:
        terms = coupon.terms
        if coupon.account is not None:
            raise RefusedError("CouponAlreadyRedeemed")
        if terms.is_retired:
            raise RefusedError("CouponClassRetired")
        if coupon.claimed and coupon.claimed[0] is not account:
            raise RefusedError("CouponClaimedByAnotherAccount")
        if is_redemption and terms.start is not None and now < terms.start:
            raise RefusedError("CouponNotStarted")
        if terms.end is not None and now > terms.end:
            raise RefusedError("CouponEnded")
        if terms.expires is not None and now > terms.expires:
            raise RefusedError("CouponExpired")
        if terms.currency != account.currency:
            raise RefusedError("CurrencyMismatch")

    def _require_new_customer(self, customer: int, now: datetime) -> None:
        long_ago = now - timedelta(days=30)
        for spend in self.spends.values():
            is_of_customer = spend.account.customer == customer
            if is_of_customer and not spend.is_reversed and spend.spent_at < long_ago:
                raise RefusedError("AcquisitionNotEligible")
        for coupon in self.coupons:
            is_of_customer = coupon.account is not None and coupon.account.customer == customer
            if is_of_customer and coupon.terms.kind == "Acquisition":
                raise RefusedError("AcquisitionNotEligible")

    def record(
        self,
        account: Account,
        amount: Decimal,
        reference: str,
        spent_at: datetime | None,
        now: datetime,
    ) -> Spend:
        if spent_at is not None and spent_at > now:
            raise RefusedError("ApiInputValidationError")
        if amount <= 0 or amount % UNITS[account.currency]:
            raise RefusedError("ApiInputValidationError")
        first = self.spends.get((account.customer, reference))
        if first is not None:
            is_same_date = spent_at in {None, first.spent_at}
            if first.account is account and first.amount == amount and is_same_date:
                return first
            raise RefusedError("SpendReferenceTaken")
        at = spent_at or now
        spend = Spend(account, reference, amount, at, *self._flow(account, amount, at))
        self.spends[account.customer, reference] = spend
        return spend

    def reverse(self, account: Account, reference: str) -> Spend:
        spend = self.spends.get((account.customer, reference))
        if spend is None or spend.account is not account:
            raise RefusedError("EntityNotExistent")
        if spend.is_reversed:
            return spend
        spend.is_reversed = True
        for coupon in self.coupons:
            counted, drawn = spend.effects.get(coupon.code, (Decimal(0), Decimal(0)))
            coupon.counted -= counted
            coupon.left += drawn if coupon.is_bounded else 0
            if coupon.code in spend.concerned and coupon.missing:
                coupon.is_active, coupon.activated_at = False, None
        self._put_to_sleep(spend)
        self._wake_again(spend)
        return spend

    def _put_to_sleep(self, spend: Spend) -> None:
        """Coupons that the spend woke sleep again, unless a later spend drew on them."""
        order = list(self.spends.values())
        drawing = {
            code: order.index(other)
            for other in order
            if not other.is_reversed
            for code, (_, drawn) in other.effects.items()
            if drawn
        }
        for coupon in self.coupons:
            if coupon.code in spend.woken and drawing.get(coupon.code, -1) < order.index(spend):
                coupon.is_active = False
                if coupon.code not in drawing:
                    coupon.activated_at = None

    def _wake_again(self, spend: Spend) -> None:
        """Without an active coupon, the oldest that the spend concerned and that was one is."""
        queue = self.of_account(spend.account)
        if any(coupon.is_active for coupon in queue):
            return
        for coupon in queue:
            was_active = coupon.activated_at is not None and not coupon.is_used_up
            if coupon.code in spend.concerned and was_active:
                coupon.is_active = True
                return

    @property
    def drawn(self) -> Decimal:
        """What coupons gave for all the spend that stands."""
        return sum(
            (
                drawn
                for spend in self.spends.values()
                if not spend.is_reversed
                for _, drawn in spend.effects.values()
            ),
            Decimal(0),
        )

    def month(self, account: Account, instant: datetime) -> Decimal:
        """What the account spent in the month of the instant."""
        return sum(
            (
                spend.amount
                for spend in self.spends.values()
                if spend.account is account
                and not spend.is_reversed
                and (spend.spent_at.year, spend.spent_at.month) == (instant.year, instant.month)
            ),
            Decimal(0),
        )

    def _flow(
        self, account: Account, amount: Decimal, at: datetime
    ) -> tuple[dict[str, tuple[Decimal, Decimal]], set[str], set[str]]:
        """Let money flow past the account's coupons.

        Answers what each counted and gave, which of them it woke, and which it found expired.
        """
        queue = self.of_account(account)
        ended = {it.code for it in queue if it.is_active and at > it.expires_at}
        for coupon in queue:
            coupon.is_active = coupon.is_active and coupon.code not in ended
        active = next((coupon for coupon in queue if coupon.is_active), None)
        is_late = active is not None and at < active.activated_at
        present = [
            coupon
            for coupon in queue
            if coupon.redeemed_at <= at <= coupon.expires_at and not coupon.is_used_up
        ]
        before = {coupon.code: (coupon.counted, coupon.left) for coupon in present}
        gifts = {coupon.code: Decimal(0) for coupon in present}
        stream = _Stream(present, at, UNITS[account.currency], active)
        for _ in range(int(amount / stream.unit)):
            if not is_late:
                stream.draw()
            stream.count()
        if not is_late:
            stream.close()
            gifts = stream.gifts
        effects = {
            coupon.code: effect
            for coupon in present
            if any(effect := (coupon.counted - before[coupon.code][0], gifts[coupon.code]))
        }
        return effects, stream.woken, ended


class _Stream:
    """A flow of money past coupons, unit by unit."""

    def __init__(
        self, coupons: list[Coupon], at: datetime, unit: Decimal, active: Coupon | None
    ) -> None:
        self.coupons, self.at, self.unit, self.active = coupons, at, unit, active
        self.gifts = {coupon.code: Decimal(0) for coupon in coupons}
        self.units_count = 0
        self.woken: set[str] = set()

    def count(self) -> None:
        """A unit counts for each coupon that is below its threshold."""
        for coupon in self.coupons:
            if coupon.missing:
                coupon.counted += self.unit

    def draw(self) -> None:
        """The active coupon gives for a unit."""
        self._choose()
        if self.active is None:
            return
        self.units_count += 1
        # A coupon is used up by what it gives exactly; only what it shows is rounded.
        given = self._exact_gift() * Fraction(self.unit)
        if self.active.is_bounded and given >= Fraction(self.active.left):
            self._settle()

    def close(self) -> None:
        """The flow ends: what a percentage gives is rounded half up, once."""
        if self.active is not None and self.units_count:
            self._settle()
        self._choose()

    def _choose(self) -> None:
        """The oldest of those that have reached their threshold follows one that is used up."""
        if self.active is None:
            ready = [it for it in self.coupons if not it.missing and not it.is_used_up]
            if ready:
                self.active = ready[0]
                self.active.is_active = True
                self.active.activated_at = self.active.activated_at or self.at
                self.woken.add(self.active.code)
                self.units_count = 0

    def _exact_gift(self) -> Fraction:
        percent = self.active.terms.percent
        return self.units_count * (Fraction(1) if percent is None else Fraction(percent) / 100)

    def _settle(self) -> None:
        coupon = self.active
        gift = floor(self._exact_gift() + Fraction(1, 2)) * self.unit
        if coupon.is_bounded:
            gift = min(gift, coupon.left)
            coupon.left -= gift
        self.gifts[coupon.code] += gift
        self.units_count = 0
        if coupon.is_used_up:
            coupon.is_active, self.active = False, None
