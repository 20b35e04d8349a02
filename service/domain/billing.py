"""From coupon instances to a discounted bill: which have a part in it, and what is told of them."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256

from service.domain.bills import BillLine
from service.domain.coupon_instances import CouponInstance
from service.domain.coupon_rules import RuleFacts, check_rules
from service.domain.definitions import CouponDefinition, ModifierDomain
from service.domain.discounted_bills import (
    BilledDiscount,
    BilledLine,
    BillRequest,
    DiscountedUnits,
    LeftOut,
)
from service.domain.discounts import AppliedDiscounts, Discount, Offer, discount_bill
from service.domain.explanations import explain
from service.domain.money import ZERO, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An instance that may have a part in a bill.

    Attributes:
        instance: Attached to the subscription that is billed, or to its account, and neither
            removed nor retired when that is billed.
        definition: Of the instance.
        number: Of its row; None for one that is only reckoned with, as if it were claimed.
    """

    instance: CouponInstance
    definition: CouponDefinition
    number: int | None

    @property
    def instance_id(self) -> str | None:
        """What the answer calls it."""
        return None if self.number is None else self.instance.instance_id

    def offer(self) -> Offer:
        """What it offers to a bill."""
        return Offer(
            instance_id=self.instance_id or "",
            coupon_code=self.instance.coupon_code,
            name=self.definition.name,
            modifiers=self.definition.modifiers,
            own_value=self.instance.instance_discount_value,
            existing_units={
                value.component_id: value.units for value in self.instance.existing_values
            },
        )

    def reason_against(
        self, currency_code: str, billed_at: datetime, facts: RuleFacts
    ) -> str | None:
        """Why it has no part in a bill, as a sentence; None when it has one.

        Args:
            currency_code: Of the bill.
            billed_at: When it is billed.
            facts: What the rules of the definition are held against.
        """
        if not self.instance.is_in_effect_at(billed_at):
            return _outside_its_effect(self.instance, billed_at)
        if self.definition.currency_code not in {None, currency_code}:
            return f"The coupon is in {self.definition.currency_code}, not in {currency_code}."
        rules = self.definition.rules
        broken = check_rules(rules, facts, is_initialisation=False).broken_rules
        return f"A rule is not satisfied: {broken[0].sentence}." if broken else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Billed:
    """What candidates come to on a bill.

    Attributes:
        given: What each candidate takes off in all, by its place among them; those that take
            nothing off are missing.
    """

    cost: Decimal
    discount: Decimal
    lines: tuple[BilledLine, ...]
    discounts: tuple[BilledDiscount, ...]
    left_out: tuple[LeftOut, ...]
    given: Mapping[int, Decimal]


def content_digest(request: BillRequest) -> bytes:
    """SHA-256 of what is asked, by which a repeat is known from another bill.

    How numbers are written makes no difference. The reference is left out, and the instant,
    which need not be named again.
    """
    content = asdict(request)
    del content["reference"], content["billed_at"]
    text = json.dumps(content, default=plain, ensure_ascii=False, sort_keys=True)
    return sha256(text.encode()).digest()


def units_of(lines: Sequence[BillLine]) -> dict[str, int]:
    """How many units are billed, by unit of measure."""
    units: Counter[str] = Counter()
    for line in lines:
        if line.unit_of_measure is not None:
            units[line.unit_of_measure] += line.units or 0
    return dict(units)


def steps_count(lines: Sequence[BillLine], candidates: Iterable[Candidate]) -> int:
    """How much there is to reckon: each modifier may look at each price of each line."""
    prices_count = sum(max(1, len(line.tiers)) for line in lines)
    return prices_count * sum(len(it.definition.modifiers) for it in candidates)


def discount(
    lines: Sequence[BillLine],
    currency_code: str,
    billed_at: datetime,
    candidates: Sequence[Candidate],
    facts: RuleFacts,
) -> Billed:
    """Let the candidates discount a bill.

    Args:
        lines: What is charged for; valid.
        currency_code: Of the bill.
        billed_at: When it is billed.
        candidates: In the order in which they were put into effect.
        facts: What the rules of their definitions are held against.
    """
    reasons = [
        candidate.reason_against(currency_code, billed_at, facts) for candidate in candidates
    ]
    takers = [place for place, reason in enumerate(reasons) if reason is None]
    offers = {place: candidates[place].offer() for place in takers}
    applied = discount_bill(lines, currency_code, offers.values())
    given = {place: _given(applied, offer) for place, offer in offers.items()}
    return Billed(
        cost=applied.cost,
        discount=applied.discount,
        lines=_billed_lines(lines, applied),
        discounts=tuple(_billed_discount(one, lines, currency_code) for one in applied.discounts),
        left_out=_left_out(candidates, reasons),
        given={place: amount for place, amount in given.items() if amount},
    )


def _given(applied: AppliedDiscounts, offer: Offer) -> Decimal:
    return sum((one.amount for one in applied.discounts if one.offer is offer), ZERO)


def _billed_lines(lines: Sequence[BillLine], applied: AppliedDiscounts) -> tuple[BilledLine, ...]:
    return tuple(
        BilledLine(component_id=line.component_id, cost=cost, discount=cost - net_cost)
        for line, cost, net_cost in zip(lines, applied.costs, applied.net_costs, strict=True)
    )


def _billed_discount(
    one: Discount, lines: Sequence[BillLine], currency_code: str
) -> BilledDiscount:
    modifier = one.modifier
    is_of_bill = modifier.domain is ModifierDomain.PRODUCT
    return BilledDiscount(
        instance_id=one.offer.instance_id or None,
        coupon_code=one.offer.coupon_code,
        definition_name=one.offer.name,
        domain=modifier.domain,
        component_id=None if is_of_bill else modifier.specifier,
        operand=modifier.operand,
        size=one.size,
        base=one.base,
        asked=one.asked,
        amount=one.amount,
        units=_discounted_units(one, lines),
        explanation=explain(one, currency_code),
    )


def _discounted_units(one: Discount, lines: Sequence[BillLine]) -> tuple[DiscountedUnits, ...]:
    return tuple(
        DiscountedUnits(
            component_id=lines[chosen.line].component_id,
            first=units.first,
            last=units.last,
            unit_price=units.unit_price,
            tier_id=units.tier_id,
        )
        for chosen in one.selections
        for units in chosen.units
    )


def _left_out(
    candidates: Sequence[Candidate], reasons: Sequence[str | None]
) -> tuple[LeftOut, ...]:
    return tuple(
        LeftOut(
            instance_id=candidate.instance_id,
            coupon_code=candidate.instance.coupon_code,
            reason=reason,
        )
        for candidate, reason in zip(candidates, reasons, strict=True)
        if reason is not None
    )


def _outside_its_effect(instance: CouponInstance, billed_at: datetime) -> str:
    if billed_at < instance.initialised_at:
        return f"The coupon has an effect only from {instance.initialised_at.isoformat()} on."
    if instance.valid_till is not None and billed_at > instance.valid_till:
        return f"The coupon had an effect only till {instance.valid_till.isoformat()}."
    return "The coupon has no use left."
