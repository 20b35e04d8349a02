"""Coupons as they would be if callers came one after the other, and histories held against them."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

DONE = "done"


class State(NamedTuple):
    """A coupon of a feature, and its class."""

    redeemed_by: int | None = None
    claimed_by: int | None = None
    is_retired: bool = False


class Stock(NamedTuple):
    """A class, and how many of its coupons nobody has."""

    left_count: int
    is_retired: bool = False


class Deed(NamedTuple):
    """What a caller does; ``is_late`` is after the coupon's EndDate."""

    name: str
    account: int = 0
    is_late: bool = False


class Event(NamedTuple):
    """A deed that was done between two instants, and what its caller was answered."""

    deed: Deed
    start: float
    end: float
    answer: str | State | Stock


def redeem(state: State, deed: Deed) -> tuple[str, State]:
    if state.redeemed_by == deed.account:
        return DONE, state
    reason = _refusal(state, deed)
    return (reason, state) if reason else (DONE, state._replace(redeemed_by=deed.account))


def claim(state: State, deed: Deed) -> tuple[str, State]:
    if state.claimed_by == deed.account:
        return DONE, state
    reason = _refusal(state, deed)
    return (reason, state) if reason else (DONE, state._replace(claimed_by=deed.account))


def hand_out(state: Stock, _deed: Deed) -> tuple[str, Stock]:
    if state.is_retired:
        return "CouponClassRetired", state
    if not state.left_count:
        return "NoCouponAvailable", state
    return DONE, state._replace(left_count=state.left_count - 1)


def retire(state: State | Stock, _deed: Deed) -> tuple[str, State | Stock]:
    if state.is_retired:
        return "CouponClassRetired", state
    return DONE, state._replace(is_retired=True)


def look(state: State | Stock, _deed: Deed) -> tuple[State | Stock, State | Stock]:
    return state, state


def _refusal(state: State, deed: Deed) -> str:
    reasons = {
        "CouponAlreadyRedeemed": state.redeemed_by is not None,
        "CouponClassRetired": state.is_retired,
        "CouponClaimedByAnotherAccount": state.claimed_by not in {None, deed.account},
        "CouponEnded": deed.is_late,
    }
    return next((symbol for symbol, is_so in reasons.items() if is_so), "")


MODEL: dict[str, Callable[[Any, Deed], tuple[str | State | Stock, State | Stock]]] = {
    "redeem": redeem,
    "claim": claim,
    "dispatch": hand_out,
    "distribute": hand_out,
    "retire": retire,
    "look": look,
}


NEW = State()


def is_linearizable(history: Sequence[Event], state: State | Stock = NEW) -> bool:
    """Whether the callers could have come one after the other.

    That is: in some order in which whoever had ended before another began comes first,
    the model gives each the answer that it was given.
    """
    if not history:
        return True
    first_end = min(event.end for event in history)
    for event in history:
        answer, after = MODEL[event.deed.name](state, event.deed)
        if event.start <= first_end and answer == event.answer:
            others = [other for other in history if other is not event]
            if is_linearizable(others, after):
                return True
    return False
