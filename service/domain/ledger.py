"""What an account's spend does to the coupons that it redeemed.

Spend is a flow of money. Since its redemption every coupon counts it towards its
own spend threshold. The one active coupon of the account draws on it; the others
wait, oldest redemption first, and one that has reached its threshold becomes
active where the one before it is used up. Reporting a spend in one sum or in
parts comes to the same, but for the rounding of percentages.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, Decimal

from service.domain.money import WHOLE_PERCENT, ZERO, minor_unit, round_to_minor_unit


@dataclass(frozen=True, slots=True, kw_only=True)
class RedeemedCoupon:
    """A redeemed coupon as the ledger has it.

    Attributes:
        percent_off: Of each spend, in percent; None for an amount coupon.
        granted: The most that it gives in all; 0 for a percentage coupon means no bound.
        balance: What is left of ``granted``.
        spend_threshold: What must be spent before it can be drawn.
        spend_to_threshold: What has been spent towards that; never more than it.
        activated_at: When it became active; None before.
        is_active: Whether it is the one of its account that draws.
    """

    coupon_id: int
    currency_code: str
    percent_off: Decimal | None
    granted: Decimal
    balance: Decimal
    spend_threshold: Decimal
    spend_to_threshold: Decimal
    redeemed_at: datetime
    expires_at: datetime
    activated_at: datetime | None = None
    is_active: bool = False

    @property
    def is_bounded(self) -> bool:
        """Whether it gives at most ``granted``."""
        return self.percent_off is None or self.granted > 0

    @property
    def is_used_up(self) -> bool:
        """Whether nothing is left of it."""
        return self.is_bounded and self.balance == 0

    def is_usable_at(self, instant: datetime) -> bool:
        """Whether spend at the instant counts for it."""
        return self.redeemed_at <= instant <= self.expires_at and not self.is_used_up


@dataclass(slots=True)
class Movement:
    """What one spend, or its reversal, does to one coupon.

    Attributes:
        towards_threshold: How much of it counts towards the spend threshold;
            below 0 for a reversal.
        drawn: How much the coupon gives; below 0 for a reversal.
        activated_at: When the coupon first became active; None when it never did.
        is_active: Whether the coupon is active after it.
        is_activation: Whether the coupon became active by it, if only for a moment.
    """

    coupon: RedeemedCoupon
    activated_at: datetime | None
    is_active: bool
    towards_threshold: Decimal = ZERO
    drawn: Decimal = ZERO
    is_activation: bool = False

    @property
    def changes_anything(self) -> bool:
        """Whether the coupon is another after the spend."""
        return bool(
            self.towards_threshold
            or self.drawn
            or self.is_activation
            or self.is_active != self.coupon.is_active
        )

    @property
    def balance(self) -> Decimal:
        """What is left of the coupon after the spend."""
        return self.coupon.balance - self.drawn if self.coupon.is_bounded else ZERO


@dataclass(frozen=True, slots=True)
class Line:
    """What one spend did to one coupon, as the ledger keeps it."""

    coupon_id: int
    coupon_code: str
    towards_threshold: Decimal
    drawn: Decimal
    is_activation: bool = False


@dataclass(frozen=True, slots=True)
class Spend:
    """A spend of an account, in the account's currency.

    Attributes:
        reference: The name that its reporter gave it, unique in the bill-to customer.
        reversed_at: When it was taken back; None while it stands.
        lines: What it did to the account's coupons.
    """

    spend_id: int
    account_id: int
    reference: str
    amount: Decimal
    spent_at: datetime
    recorded_at: datetime
    reversed_at: datetime | None
    lines: tuple[Line, ...]

    @property
    def drawn(self) -> Decimal:
        """How much coupons gave for it."""
        return sum((line.drawn for line in self.lines), ZERO)


def spend_movements(
    coupons: Iterable[RedeemedCoupon], amount: Decimal, spent_at: datetime
) -> list[Movement]:
    """What a spend does to the coupons of its account, in order of redemption.

    Args:
        coupons: Every redeemed coupon of the account.
        amount: The spend, above 0, in the account's currency.
        spent_at: When it was spent. Only coupons that were redeemed by then and
            have not expired take part.

    Returns:
        A movement for each coupon that the spend changes.
    """
    queue = sorted(coupons, key=lambda coupon: (coupon.redeemed_at, coupon.coupon_id))
    movements = [Movement(coupon, coupon.activated_at, coupon.is_active) for coupon in queue]
    for movement in movements:
        if movement.is_active and spent_at > movement.coupon.expires_at:
            movement.is_active = False
    usable = [movement for movement in movements if movement.coupon.is_usable_at(spent_at)]
    reached_at = [_reach(movement.coupon) for movement in usable]
    for movement, reach in zip(usable, reached_at, strict=True):
        movement.towards_threshold = min(amount, reach)
    if not _draws_later(movements, spent_at):
        _draw(usable, reached_at, amount, spent_at)
    return [movement for movement in movements if movement.changes_anything]


def _reach(coupon: RedeemedCoupon) -> Decimal:
    """How much of the flow is still wanted for the coupon's threshold."""
    return max(coupon.spend_threshold - coupon.spend_to_threshold, ZERO)


def _draws_later(movements: Iterable[Movement], spent_at: datetime) -> bool:
    """Whether the spend is older than the activation of the active coupon: it draws nothing."""
    return any(
        movement.is_active
        and movement.coupon.activated_at is not None
        and spent_at < movement.coupon.activated_at
        for movement in movements
    )


def _draw(
    usable: Sequence[Movement], reached_at: Sequence[Decimal], amount: Decimal, spent_at: datetime
) -> None:
    """Let one coupon after the other draw on the flow, from its beginning to its end."""
    waiting = [
        (reach, movement)
        for reach, movement in zip(reached_at, usable, strict=True)
        if not movement.is_active
    ]
    active = next((movement for movement in usable if movement.is_active), None)
    position = ZERO
    while True:
        if active is None:
            # The first to have reached its threshold here; of several, the oldest redemption.
            ready = [item for item in waiting if item[0] <= amount]
            if not ready:
                return
            chosen = min(ready, key=lambda item: max(item[0], position))
            waiting.remove(chosen)
            position = max(position, chosen[0])
            active = chosen[1]
            active.is_active = active.is_activation = True
            active.activated_at = active.activated_at or spent_at
        drawn, taken = draw(active.coupon, amount - position)
        active.drawn = drawn
        position += taken
        if not active.coupon.is_bounded or drawn < active.coupon.balance:
            return
        active.is_active = False
        active = None


def draw(coupon: RedeemedCoupon, flow: Decimal) -> tuple[Decimal, Decimal]:
    """What a coupon gives for a spend, and how much of the spend it takes for that."""
    if coupon.percent_off is None:
        drawn = min(coupon.balance, flow)
        return drawn, drawn
    drawn = round_to_minor_unit(flow * coupon.percent_off / WHOLE_PERCENT, coupon.currency_code)
    if not coupon.is_bounded or drawn < coupon.balance:
        return drawn, flow
    taken = coupon.balance * WHOLE_PERCENT / coupon.percent_off
    unit = minor_unit(coupon.currency_code)
    return coupon.balance, min(flow, taken.quantize(unit, rounding=ROUND_CEILING))


def reversal_movements(
    coupons: Iterable[RedeemedCoupon],
    spend: Spend,
    last_draws: Mapping[int, int],
    *,
    has_other_active: bool,
) -> list[Movement]:
    """What taking a spend back does to the coupons that it concerned, in order of redemption.

    What other spends drew stays drawn. A coupon that the spend made active is
    active no more, unless a later spend drew on it; the one that was active before
    is so again. Taking back the last spend of an account leaves everything as it
    was before that spend.

    Args:
        coupons: The coupons that have a line in the spend, as they are now.
        spend: What is taken back.
        last_draws: For coupons on which other spends drew that stand, the number of
            the last of these.
        has_other_active: Whether a coupon is active that the spend did not concern.
    """
    lines = {line.coupon_id: line for line in spend.lines}
    queue = sorted(coupons, key=lambda coupon: (coupon.redeemed_at, coupon.coupon_id))
    movements = [reversal_movement(coupon, lines[coupon.coupon_id]) for coupon in queue]
    for movement in movements:
        coupon_id = movement.coupon.coupon_id
        is_drawn_later = last_draws.get(coupon_id, 0) > spend.spend_id
        if lines[coupon_id].is_activation and not is_drawn_later:
            movement.is_active = False
            movement.activated_at = movement.activated_at if coupon_id in last_draws else None
    if not has_other_active and not any(movement.is_active for movement in movements):
        _reactivate(movements)
    return movements


def _reactivate(movements: Iterable[Movement]) -> None:
    """Let the oldest coupon that was active before, and has something left, be so again."""
    for movement in movements:
        is_used_up = movement.coupon.is_bounded and movement.balance == 0
        if movement.activated_at is not None and not is_used_up:
            movement.is_active = True
            return


def reversal_movement(coupon: RedeemedCoupon, line: Line) -> Movement:
    """Restore what a spend counted and drew; below its threshold a coupon was never active."""
    movement = Movement(
        coupon,
        coupon.activated_at,
        coupon.is_active,
        towards_threshold=-line.towards_threshold,
        drawn=-line.drawn,
    )
    if coupon.spend_to_threshold - line.towards_threshold < coupon.spend_threshold:
        movement.is_active, movement.activated_at = False, None
    return movement
