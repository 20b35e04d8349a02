"""One coupon as it would be if callers came one after the other, and histories held against it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

DONE = "done"


class State(NamedTuple):
    """A coupon of a feature, and its class."""

    redeemed_by: int | None = None
    claimed_by: int | None = None
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
    answer: str | State


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


def retire(state: State, _deed: Deed) -> tuple[str, State]:
    if state.is_retired:
        return "CouponClassRetired", state
    return DONE, state._replace(is_retired=True)


def look(state: State, _deed: Deed) -> tuple[State, State]:
    return state, state


def _refusal(state: State, deed: Deed) -> str:
    reasons = {
        "CouponAlreadyRedeemed": state.redeemed_by is not None,
        "CouponClassRetired": state.is_retired,
        "CouponClaimedByAnotherAccount": state.claimed_by not in {None, deed.account},
        "CouponEnded": deed.is_late,
    }
    return next((symbol for symbol, is_so in reasons.items() if is_so), "")


MODEL: dict[str, Callable[[State, Deed], tuple[str | State, State]]] = {
    "redeem": redeem,
    "claim": claim,
    "retire": retire,
    "look": look,
}


NEW = State()


def is_linearizable(history: Sequence[Event], state: State = NEW) -> bool:
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
