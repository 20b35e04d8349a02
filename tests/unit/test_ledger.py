"""What a spend does to the coupons of its account."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.ledger import (
    Line,
    Movement,
    RedeemedCoupon,
    Spend,
    draw,
    reversal_movement,
    reversal_movements,
    spend_movements,
)
from tests.programme import START

TICK = timedelta(microseconds=1)
LATER = START + timedelta(days=1)


def redeemed(coupon_id: int = 1, **changes: Any) -> RedeemedCoupon:
    """A coupon of 50 USD, redeemed at the start, without a threshold."""
    granted = changes.pop("granted", "50")
    values = {
        "coupon_id": coupon_id,
        "currency_code": "USD",
        "percent_off": None,
        "granted": Decimal(granted),
        "balance": Decimal(changes.pop("balance", granted)),
        "spend_threshold": Decimal(changes.pop("threshold", 0)),
        "spend_to_threshold": Decimal(changes.pop("progress", 0)),
        "redeemed_at": START,
        "expires_at": START + timedelta(days=30),
    }
    return RedeemedCoupon(**{**values, **changes})


def active(coupon_id: int = 1, **changes: Any) -> RedeemedCoupon:
    return redeemed(coupon_id, **{"activated_at": START, "is_active": True, **changes})


def told(movements: list[Movement]) -> list[tuple[int, str, str, bool]]:
    """Coupon, towards its threshold, drawn, and whether it is active afterwards."""
    return [
        (it.coupon.coupon_id, str(it.towards_threshold), str(it.drawn), it.is_active)
        for it in movements
    ]


def spent(*coupons: RedeemedCoupon, amount: str, at: datetime = LATER) -> list[Movement]:
    return spend_movements(coupons, Decimal(amount), at)


def test_spend_below_the_threshold_only_counts() -> None:
    assert told(spent(redeemed(threshold=25), amount="10")) == [(1, "10", "0", False)]


def test_spend_that_reaches_the_threshold_exactly_activates() -> None:
    (movement,) = spent(redeemed(threshold=25, progress=5), amount="20")
    assert told([movement]) == [(1, "20", "0", True)]
    assert movement.activated_at == LATER


def test_what_lies_beyond_the_threshold_is_drawn() -> None:
    assert told(spent(redeemed(threshold=25), amount="40")) == [(1, "25", "15", True)]


def test_an_amount_coupon_gives_until_it_is_used_up() -> None:
    (movement,) = spent(active(balance="30"), amount="100")
    assert told([movement]) == [(1, "0", "30", False)]
    assert movement.balance == 0
    assert movement.activated_at == START


def test_a_used_up_coupon_takes_no_part() -> None:
    assert spent(redeemed(balance="0", activated_at=START), amount="100") == []


@pytest.mark.parametrize(
    ("percent", "amount", "drawn"),
    [
        ("12.5", "100", "12.50"),
        ("10", "0.05", "0.01"),  # half a cent goes up
        ("10", "0.04", "0.00"),
        ("33.333333", "100", "33.33"),
        ("100", "0.01", "0.01"),
    ],
)
def test_percentages_are_rounded_half_up_to_the_minor_unit(
    percent: str, amount: str, drawn: str
) -> None:
    coupon = active(percent_off=Decimal(percent), granted="0")
    assert draw(coupon, Decimal(amount))[0] == Decimal(drawn)


def test_yen_have_no_smaller_unit() -> None:
    coupon = active(percent_off=Decimal(10), granted="0", currency_code="JPY")
    assert draw(coupon, Decimal(105)) == (Decimal(11), Decimal(105))


def test_a_percentage_without_bound_stays_active_at_balance_0() -> None:
    (movement,) = spent(active(percent_off=Decimal(10), granted="0"), amount="1000")
    assert told([movement]) == [(1, "0", "100.00", True)]
    assert movement.balance == 0


def test_a_percentage_with_a_bound_is_used_up_and_the_rest_goes_on() -> None:
    first = active(1, percent_off=Decimal(10), granted="5")
    second = redeemed(2)
    # 50 of the spend use up the first coupon's 5; the second draws the other 30.
    assert told(spent(first, second, amount="80")) == [
        (1, "0", "5", False),
        (2, "0", "30.00", True),
    ]


def test_the_oldest_redemption_that_is_ready_goes_first() -> None:
    older = redeemed(2, redeemed_at=START - timedelta(days=1))
    assert told(spent(redeemed(1), older, amount="10")) == [(2, "0", "10", True)]


def test_of_two_redeemed_at_one_instant_the_lower_number_goes_first() -> None:
    assert told(spent(redeemed(2), redeemed(1), amount="10")) == [(1, "0", "10", True)]


def test_who_reaches_its_threshold_first_goes_first() -> None:
    older, younger = redeemed(1, threshold=60), redeemed(2, threshold=10, granted="20")
    # 10 wake the younger, which draws 20; 60 wake the older, which draws the last 40.
    expected = [(1, "60", "40", True), (2, "10", "20", False)]
    assert told(spent(older, younger, amount="100")) == expected


def test_one_that_is_active_is_not_overtaken() -> None:
    older = redeemed(1, threshold=5, progress=4)
    assert told(spent(older, active(2), amount="10")) == [
        (1, "1", "0", False),
        (2, "0", "10", True),
    ]


def test_one_that_is_used_up_to_the_cent_wakes_the_next() -> None:
    movements = spent(active(1, balance="10"), redeemed(2), amount="10")
    assert told(movements) == [(1, "0", "10", False), (2, "0", "0", True)]
    assert movements[1].activated_at == LATER


def test_one_that_has_expired_makes_room() -> None:
    first = active(1, expires_at=LATER - TICK)
    assert told(spent(first, redeemed(2), amount="10")) == [
        (1, "0", "0", False),
        (2, "0", "10", True),
    ]


@pytest.mark.parametrize(
    ("at", "counts"),
    [
        (START - TICK, False),
        (START, True),
        (START + timedelta(days=30), True),
        (START + timedelta(days=30) + TICK, False),
    ],
)
def test_spend_counts_from_redemption_to_expiry_both_included(at: datetime, counts: bool) -> None:
    assert bool(spent(redeemed(), amount="10", at=at)) is counts


def test_spend_older_than_the_activation_draws_nothing() -> None:
    first = active(1, activated_at=LATER + TICK)
    waiting = redeemed(2, threshold=5)
    assert told(spent(first, waiting, amount="10")) == [(2, "5", "0", False)]


def test_spend_of_nothing_wakes_the_oldest_that_is_ready() -> None:
    coupons = redeemed(1, threshold=5), redeemed(2), redeemed(3)
    assert told(spent(*coupons, amount="0")) == [(2, "0", "0", True)]


def test_a_reversal_restores_progress_and_balance() -> None:
    coupon = active(threshold=5, progress=5, balance="20")
    movement = reversal_movement(coupon, Line(1, "A", Decimal(0), Decimal(30)))
    assert told([movement]) == [(1, "0", "-30", True)]
    assert movement.balance == 50


def test_a_reversal_below_the_threshold_is_as_if_it_had_not_been_reached() -> None:
    coupon = active(threshold=5, progress=5)
    movement = reversal_movement(coupon, Line(1, "A", Decimal(1), Decimal(0)))
    assert told([movement]) == [(1, "-1", "0", False)]
    assert movement.activated_at is None


def test_a_reversal_does_not_wake_a_coupon_that_was_used_up() -> None:
    coupon = redeemed(balance="0", activated_at=START)
    movement = reversal_movement(coupon, Line(1, "A", Decimal(0), Decimal(50)))
    assert (movement.is_active, movement.activated_at, movement.balance) == (False, START, 50)


def after(coupon: RedeemedCoupon, movement: Movement | None) -> RedeemedCoupon:
    if movement is None:
        return coupon
    changes = {
        "balance": movement.balance,
        "spend_to_threshold": coupon.spend_to_threshold + movement.towards_threshold,
        "activated_at": movement.activated_at,
        "is_active": movement.is_active,
    }
    values = {name: getattr(coupon, name) for name in RedeemedCoupon.__dataclass_fields__}
    return RedeemedCoupon(**{**values, **changes})


@dataclass
class Books:
    """The coupons of an account and what was spent, as an operation would keep them."""

    coupons: list[RedeemedCoupon]
    spends: list[Spend] = field(default_factory=list)

    def record(self, amount: Decimal) -> None:
        movements = spend_movements(self.coupons, amount, LATER)
        lines = tuple(
            Line(it.coupon.coupon_id, "", it.towards_threshold, it.drawn, it.is_activation)
            for it in movements
        )
        number = len(self.spends) + 1
        self.spends.append(Spend(number, 1, str(number), amount, LATER, LATER, None, lines))
        self.carry_out(movements)

    def reverse_last(self) -> None:
        *standing, last = self.spends
        concerned = {line.coupon_id for line in last.lines}
        last_draws = {
            line.coupon_id: other.spend_id
            for other in standing
            for line in other.lines
            if line.drawn
        }
        others = [it for it in self.coupons if it.is_active and it.coupon_id not in concerned]
        self.carry_out(
            reversal_movements(
                [it for it in self.coupons if it.coupon_id in concerned],
                last,
                {code: last_draws[code] for code in concerned & last_draws.keys()},
                has_other_active=bool(others),
            )
        )
        self.spends = standing

    def carry_out(self, movements: list[Movement]) -> None:
        by_coupon = {it.coupon.coupon_id: it for it in movements}
        self.coupons = [after(it, by_coupon.get(it.coupon_id)) for it in self.coupons]


CENTS = st.integers(1, 20_000).map(lambda cents: Decimal(cents) / 100)
AMOUNT_COUPONS = st.lists(
    st.tuples(CENTS, st.one_of(st.just(Decimal(0)), CENTS)), min_size=1, max_size=5
).map(
    lambda figures: [
        redeemed(number, granted=granted, threshold=threshold)
        for number, (granted, threshold) in enumerate(figures, 1)
    ]
)


@given(coupons=AMOUNT_COUPONS, parts=st.lists(CENTS, min_size=1, max_size=6))
def test_amount_coupons_see_no_difference_between_one_sum_and_its_parts(
    coupons: list[RedeemedCoupon], parts: list[Decimal]
) -> None:
    def spend(state: list[RedeemedCoupon], amount: Decimal) -> list[RedeemedCoupon]:
        movements = {it.coupon.coupon_id: it for it in spend_movements(state, amount, LATER)}
        return [after(coupon, movements.get(coupon.coupon_id)) for coupon in state]

    in_parts = coupons
    for part in parts:
        in_parts = spend(in_parts, part)
    at_once = spend(coupons, sum(parts, Decimal(0)))
    assert at_once == in_parts
    assert sum(coupon.is_active for coupon in at_once) <= 1


PERCENT_COUPONS = st.lists(
    st.tuples(
        st.sampled_from([None, Decimal(10), Decimal("33.333333")]),
        st.one_of(st.just(Decimal(0)), CENTS),
        CENTS,
    ),
    max_size=3,
).map(
    lambda figures: [
        redeemed(number, percent_off=percent, granted=granted if percent is None else "1.5")
        if threshold < 100
        else redeemed(number, percent_off=Decimal(10), granted="0", threshold=threshold)
        for number, (percent, threshold, granted) in enumerate(figures, 10)
    ]
)


@given(
    coupons=st.tuples(AMOUNT_COUPONS, PERCENT_COUPONS).map(lambda them: them[0] + them[1]),
    amounts=st.lists(CENTS, min_size=1, max_size=6),
    taken_back=CENTS,
)
def test_taking_the_last_spend_back_leaves_everything_as_it_was(
    coupons: list[RedeemedCoupon], amounts: list[Decimal], taken_back: Decimal
) -> None:
    books = Books(coupons)
    for amount in amounts:
        books.record(amount)
    before = books.coupons
    books.record(taken_back)
    books.reverse_last()
    assert books.coupons == before
