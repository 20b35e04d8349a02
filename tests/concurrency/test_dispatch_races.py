"""However many dispatch at once, each coupon goes to one address.

The control dispatches in two steps, and hands coupons out twice under the same
race.
"""

from collections import Counter
from collections.abc import Callable

from service.domain.errors import NO_COUPON_AVAILABLE
from service.domain.refusals import BatchError
from service.operations.calls import Call
from service.operations.dispatch_coupons import dispatch_coupons
from service.storage.tables import audit, coupon, outbox
from tests.concurrency.race import race
from tests.programme import Programme
from tests.reliability.two_steps import dispatch_in_two_steps

THREADS_COUNT = 16
COUPONS_COUNT = 100
ADDRESSES_COUNT = 8
ROUNDS_MAX = 20

Dispatch = Callable[[Call, list[str | None], int, str], list[BatchError]]


def rush(programme: Programme, operation: Dispatch) -> list[str]:
    """Dispatch the last coupons of a class in every thread; answers the addresses served."""
    owner = programme.customer()
    name = f"Class of {owner}"
    programme.coupon_class(owner, name)
    programme.mint(owner, name, COUPONS_COUNT)

    def action(number: int) -> Callable[[], list[str]]:
        call = programme.call()
        emails = [f"kim{number}.{place}@example.com" for place in range(ADDRESSES_COUNT)]

        def dispatch() -> list[str]:
            errors = operation(call, list(emails), owner, name)
            assert {error.row for error in errors} <= {NO_COUPON_AVAILABLE}
            unserved = {error.index for error in errors}
            return [email for index, email in enumerate(emails) if index not in unserved]

        return dispatch

    answers = race([action(number) for number in range(THREADS_COUNT)])
    return [email for served in answers if isinstance(served, list) for email in served]


def test_the_last_coupons_are_handed_out_once_each(programme: Programme) -> None:
    assert THREADS_COUNT * ADDRESSES_COUNT > COUPONS_COUNT
    served = rush(programme, dispatch_coupons)
    assert len(served) == COUPONS_COUNT
    stored = [row["sent_to_email"] for row in programme.rows(coupon)]
    assert Counter(stored) == Counter(served)
    assert Counter(row["recipient"] for row in programme.rows(outbox)) == Counter(served)
    entries = [row["entity_id"] for row in programme.rows(audit) if row["action"] == "dispatch"]
    assert len(entries) == len(set(entries)) == COUPONS_COUNT


def test_two_steps_would_be_noticed(programme: Programme) -> None:
    rounds = (len(rush(programme, dispatch_in_two_steps)) for _ in range(ROUNDS_MAX))
    assert any(served_count > COUPONS_COUNT for served_count in rounds)
