"""However many claim a coupon at once, one gets it; and an account gets one of a feature.

Each race has its control: a claim in two steps, as ours must not be. It wins too
often under the same race, which shows that the race would notice.
"""

from collections import Counter
from collections.abc import Callable

import pytest

from service.domain.error_rows import ErrorRow
from service.domain.errors import (
    COUPON_CLAIMED_BY_ANOTHER_ACCOUNT,
    FEATURE_ALREADY_CLAIMED,
)
from service.operations.calls import Call
from service.operations.claim_coupons import AccountCoupon, ClaimOutcome, claim_coupons
from service.operations.distribute_coupons import Distribution, distribute_coupons
from service.storage.tables import audit, coupon
from tests.concurrency.race import race
from tests.programme import Programme
from tests.reliability.two_steps import claim_in_two_steps

THREADS_COUNT = 16
ROUNDS_MAX = 20
FEATURE = 7

Outcome = tuple[int, str] | ErrorRow
"""The account and the code that it got, or why it got none."""
Claim = Callable[[Call, list[AccountCoupon]], ClaimOutcome]


def claim_one(operation: Claim, call: Call, account_id: int, code: str) -> Outcome:
    outcome = operation(call, [AccountCoupon(account_id, code)])
    return outcome.errors[0].row if outcome.errors else (account_id, code)


def rush_for_one_code(programme: Programme, operation: Claim) -> list[Outcome]:
    """Claim one code for as many accounts as there are threads."""
    owner = programme.customer()
    code = programme.coupon(owner, feature_id=FEATURE)
    account_ids = [programme.account(owner) for _ in range(THREADS_COUNT)]

    def action(call: Call, account_id: int) -> Callable[[], Outcome]:
        return lambda: claim_one(operation, call, account_id, code)

    return race([action(programme.call(), account_id) for account_id in account_ids])


def rush_for_two_codes(programme: Programme, operation: Claim) -> list[Outcome]:
    """Claim two codes of a feature for one account, each in half the threads."""
    owner = programme.customer()
    codes = [programme.coupon(owner, feature_id=FEATURE) for _ in range(2)]
    account_id = programme.account(owner)

    def action(call: Call, number: int) -> Callable[[], Outcome]:
        return lambda: claim_one(operation, call, account_id, codes[number % 2])

    return race([action(programme.call(), number) for number in range(THREADS_COUNT)])


def winners(outcomes: list[Outcome]) -> set[Outcome]:
    """Who got what; the winner of a code may be told so more than once."""
    return {outcome for outcome in outcomes if isinstance(outcome, tuple)}


def test_one_of_16_accounts_claims_a_code(programme: Programme) -> None:
    answers = Counter(rush_for_one_code(programme, claim_coupons))
    (winner,) = winners(list(answers))
    assert answers == {winner: 1, COUPON_CLAIMED_BY_ANOTHER_ACCOUNT: THREADS_COUNT - 1}
    (stored,) = programme.rows(coupon)
    assert (stored["claimed_account_id"], stored["code"]) == winner
    (entry,) = [row for row in programme.rows(audit) if row["action"] == "claim"]
    assert entry["after"]["claimed_account_id"] == stored["claimed_account_id"]


def test_an_account_claims_one_of_two_codes_of_a_feature(programme: Programme) -> None:
    answers = Counter(rush_for_two_codes(programme, claim_coupons))
    (winner,) = winners(list(answers))
    half = THREADS_COUNT // 2
    assert answers == {winner: half, FEATURE_ALREADY_CLAIMED: half}
    stored = [(row["claimed_account_id"], row["code"]) for row in programme.rows(coupon)]
    assert stored.count(winner) == 1
    assert [account_id for account_id, _ in stored].count(None) == 1
    assert [row["action"] for row in programme.rows(audit)].count("claim") == 1


@pytest.mark.parametrize("rush", [rush_for_one_code, rush_for_two_codes])
def test_two_steps_would_be_noticed(
    programme: Programme, rush: Callable[[Programme, Claim], list[Outcome]]
) -> None:
    rounds = (len(winners(rush(programme, claim_in_two_steps))) for _ in range(ROUNDS_MAX))
    assert any(winners_count > 1 for winners_count in rounds)


def test_coupons_that_are_distributed_and_claimed_at_once_are_booked_once(
    programme: Programme,
) -> None:
    owner = programme.customer()
    class_id = programme.coupon_class(owner, feature_id=FEATURE)
    codes = programme.mint(owner, count=THREADS_COUNT)
    account_ids = [programme.account(owner) for _ in range(THREADS_COUNT)]

    def distribution(call: Call, number: int) -> Callable[[], set[int]]:
        # Every account is in two distributions.
        asked = [account_ids[(number + step) % THREADS_COUNT] for step in range(4)]
        request = Distribution(account_ids=asked, class_name="Spring")
        return lambda: set(asked) - {it.account_id for it in distribute_coupons(call, request)}

    def own_claim(call: Call, number: int) -> Callable[[], set[int]]:
        pair = AccountCoupon(account_ids[number], codes[number])
        return lambda: {it.account_id for it in claim_coupons(call, [pair]).claims}

    actions = [
        (own_claim if number % 2 else distribution)(programme.call(), number)
        for number in range(THREADS_COUNT)
    ]
    # Who claims the code that it was given in the same moment is told so twice.
    served = {it for answer in race(actions) if isinstance(answer, set) for it in answer}
    booked = Counter(
        filter(None, (row["claimed_account_id"] for row in programme.coupons(class_id)))
    )
    assert booked == dict.fromkeys(served, 1)
    assert len(served) > THREADS_COUNT // 2
