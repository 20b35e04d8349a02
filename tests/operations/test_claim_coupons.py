"""ClaimFeatureAdoptionCoupons: a coupon is booked for one account, one of a feature for each."""

from collections.abc import Callable
from datetime import timedelta
from itertools import islice

import pytest
from sqlalchemy import Connection, update

from service.domain.claims import Claim
from service.domain.error_rows import ErrorRow
from service.domain.errors import (
    ACCOUNT_ID_INVALID,
    BATCH_TOO_LARGE,
    COUPON_ALREADY_REDEEMED,
    COUPON_CLAIMED_BY_ANOTHER_ACCOUNT,
    COUPON_CLASS_RETIRED,
    COUPON_ENDED,
    COUPON_EXPIRED,
    COUPON_NOT_FOUND,
    COUPON_WITHOUT_FEATURE,
    CURRENCY_MISMATCH,
    FEATURE_ALREADY_CLAIMED,
    LIST_EMPTY,
    NOT_AUTHORIZED,
    NULL_PARAMETER,
)
from service.domain.refusals import ServiceError, ServiceTroubleError
from service.domain.roles import COMMAND_LINE, Caller, Role
from service.operations.attempts import ATTEMPTS_MAX
from service.operations.claim_coupons import AccountCoupon, ClaimOutcome, claim_coupons
from service.operations.classes import retire_class
from service.operations.dispatch_coupons import dispatch_coupons
from service.operations.redeem_coupon import redeem_coupon
from service.storage import claims
from service.storage.tables import audit, coupon, coupon_class
from tests.operations.faults import require_all_or_nothing
from tests.programme import START, Programme, member

TICK = timedelta(microseconds=1)
FEATURE = 7
Pair = tuple[int | None, str | None]


def claim(programme: Programme, *pairs: Pair, caller: Caller = COMMAND_LINE) -> ClaimOutcome:
    return claim_coupons(programme.call(caller), [AccountCoupon(*pair) for pair in pairs])


def refusal(programme: Programme, *pair: object, caller: Caller = COMMAND_LINE) -> ErrorRow:
    """Why a pair fails; whatever fails leaves no trace."""
    before = [programme.rows(table) for table in (coupon, audit)]
    outcome = claim_coupons(programme.call(caller), [AccountCoupon(*pair)])  # type: ignore[arg-type]
    assert [programme.rows(table) for table in (coupon, audit)] == before
    assert outcome.claims == []
    (error,) = outcome.errors
    assert error.account_id == (pair[0] or 0)
    assert error.details.startswith(f"{pair[0] or 0}: {error.row.symbol}")
    return error.row


@pytest.fixture
def code(programme: Programme, owner: int) -> str:
    """The code of a coupon of the feature."""
    return programme.coupon(owner, feature_id=FEATURE)


def test_a_claim_is_stored_whole(programme: Programme, owner: int, account: int, code: str) -> None:
    call = programme.call(member(owner))
    outcome = claim_coupons(call, [AccountCoupon(account, f" {code.lower()} ")])
    (stored,) = programme.rows(coupon)
    assert outcome == ClaimOutcome([Claim(stored["coupon_id"], account, FEATURE, START)], [])
    assert (
        stored["claimed_account_id"],
        stored["claimed_at"],
        stored["claimed_feature_id"],
    ) == (account, START, FEATURE)
    (entry,) = [row for row in programme.rows(audit) if row["action"] == "claim"]
    assert (entry["entity"], entry["entity_id"]) == ("coupon", stored["coupon_id"])
    assert (entry["user_id"], entry["tracking_id"]) == (7, call.tracking_id)
    assert entry["after"] == {"claimed_account_id": account, "claimed_at": START.isoformat()}


def test_only_the_account_that_claimed_redeems(
    programme: Programme, owner: int, account: int, code: str
) -> None:
    claim(programme, (account, code))
    with pytest.raises(ServiceError) as error:
        redeem_coupon(programme.call(), programme.account(owner), code)
    assert error.value.row is COUPON_CLAIMED_BY_ANOTHER_ACCOUNT
    assert redeem_coupon(programme.call(), account, code) == START


def test_the_same_again_answers_the_first_date(
    programme: Programme, owner: int, account: int, code: str
) -> None:
    first = claim(programme, (account, code))
    programme.clock.move(days=1)
    assert claim(programme, (account, code)) == first
    redeem_coupon(programme.call(), account, code)
    retire_class(programme.call(), owner, programme.rows(coupon_class)[0]["name"])
    assert claim(programme, (account, code), (account, code)).claims == first.claims * 2
    assert [row["action"] for row in programme.rows(audit)].count("claim") == 1


def test_each_pair_is_decided_on_what_the_one_before_left(
    programme: Programme, owner: int, account: int, code: str
) -> None:
    second, other = programme.coupon(owner, feature_id=FEATURE), programme.account(owner)
    third = programme.coupon(owner, feature_id=FEATURE + 1)
    outcome = claim(
        programme,
        (account, code),
        (account, second),
        (other, code),
        (other, second),
        (account, third),
    )
    assert [(it.account_id, it.feature_id) for it in outcome.claims] == [
        (account, FEATURE),
        (other, FEATURE),
        (account, FEATURE + 1),
    ]
    assert [(error.account_id, error.row) for error in outcome.errors] == [
        (account, FEATURE_ALREADY_CLAIMED),
        (other, COUPON_CLAIMED_BY_ANOTHER_ACCOUNT),
    ]


def test_a_pair_that_fails_does_not_count(
    programme: Programme, owner: int, account: int, code: str
) -> None:
    ended = programme.coupon(owner, feature_id=FEATURE, end_date=START - TICK)
    outcome = claim(programme, (account, ended), (account, code))
    assert [error.row for error in outcome.errors] == [COUPON_ENDED]
    assert [it.account_id for it in outcome.claims] == [account]


def test_one_coupon_of_a_feature_ever(
    programme: Programme, owner: int, account: int, code: str
) -> None:
    claim(programme, (account, code))
    second = programme.coupon(programme.customer(), feature_id=FEATURE)
    assert refusal(programme, account, second) is FEATURE_ALREADY_CLAIMED


def test_a_coupon_that_was_sent_can_be_claimed(programme: Programme, owner: int) -> None:
    programme.coupon_class(owner, feature_id=FEATURE)
    (code,) = programme.mint(owner)
    dispatch_coupons(programme.call(), ["kim@example.com"], owner, "Spring")
    assert claim(programme, (programme.account(owner), code)).errors == []


@pytest.mark.parametrize(
    ("changes", "row"),
    [
        ({"feature_id": None}, COUPON_WITHOUT_FEATURE),
        ({"end_date": START - TICK}, COUPON_ENDED),
        ({"expiration_date": START - TICK}, COUPON_EXPIRED),
        ({"currency_code": "EUR"}, CURRENCY_MISMATCH),
    ],
)
def test_the_terms_decide(
    programme: Programme, owner: int, account: int, changes: dict[str, object], row: ErrorRow
) -> None:
    code = programme.coupon(owner, **{"feature_id": FEATURE, **changes})
    assert refusal(programme, account, code) is row


def test_bounds_are_included(programme: Programme, owner: int, account: int) -> None:
    code = programme.coupon(owner, feature_id=0, end_date=START, expiration_date=START)
    assert claim(programme, (account, code)).errors == []
    assert programme.rows(coupon)[0]["claimed_feature_id"] == 0


def test_a_coupon_that_somebody_has_is_refused(
    programme: Programme, owner: int, account: int, code: str
) -> None:
    other = programme.account(owner)
    redeemed = programme.coupon(owner, feature_id=FEATURE)
    redeem_coupon(programme.call(), account, redeemed)
    for account_id in (account, other):
        assert refusal(programme, account_id, redeemed) is COUPON_ALREADY_REDEEMED
    claim(programme, (other, code))
    assert refusal(programme, account, code) is COUPON_CLAIMED_BY_ANOTHER_ACCOUNT


def test_a_retired_class_is_refused(
    programme: Programme, owner: int, account: int, code: str
) -> None:
    retire_class(programme.call(), owner, programme.rows(coupon_class)[0]["name"])
    assert refusal(programme, account, code) is COUPON_CLASS_RETIRED


@pytest.mark.parametrize("unknown", ["NO-SUCH-CODE", "X" * 5000])
def test_an_unknown_code_is_refused(programme: Programme, account: int, unknown: str) -> None:
    assert refusal(programme, account, unknown) is COUPON_NOT_FOUND
    (error,) = claim(programme, (account, unknown)).errors
    assert len(error.details) < 200


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_a_code_is_required(programme: Programme, account: int, nothing: str | None) -> None:
    assert refusal(programme, account, nothing) is NULL_PARAMETER


@pytest.mark.parametrize(
    ("role", "may_claim"),
    [(Role.SUPER_ADMIN, True), (Role.STANDARD, True), (Role.READ_ONLY, False)],
)
def test_the_role_decides(
    programme: Programme, owner: int, code: str, role: Role, may_claim: bool
) -> None:
    account, caller = programme.account(owner), member(owner, role)
    if may_claim:
        assert claim(programme, (account, code), caller=caller).errors == []
    else:
        assert refusal(programme, account, code, caller=caller) is NOT_AUTHORIZED


def test_a_coupon_of_any_customer_is_claimed_for_an_account_of_ones_own(
    programme: Programme, code: str
) -> None:
    stranger = programme.customer()
    caller = member(stranger)
    assert claim(programme, (programme.account(stranger), code), caller=caller).errors == []


def test_a_foreign_account_looks_like_an_unknown_one(
    programme: Programme, account: int, code: str
) -> None:
    stranger = member(programme.customer())
    assert refusal(programme, account, code, caller=stranger) is NOT_AUTHORIZED
    assert refusal(programme, 1000, code, caller=stranger) is NOT_AUTHORIZED
    assert refusal(programme, 1000, code) is ACCOUNT_ID_INVALID


@pytest.mark.parametrize("account_id", [None, 0, -1])
def test_an_account_has_a_positive_number(
    programme: Programme, owner: int, code: str, account_id: int | None
) -> None:
    caller = member(owner)
    assert refusal(programme, account_id, code, caller=caller) is ACCOUNT_ID_INVALID


@pytest.mark.parametrize("pairs", [None, []])
def test_pairs_are_required(programme: Programme, pairs: list[AccountCoupon] | None) -> None:
    with pytest.raises(ServiceError) as error:
        claim_coupons(programme.call(), pairs)
    assert (error.value.row, error.value.details) == (LIST_EMPTY, "AccountCouponPairs")


def test_a_hundred_pairs_are_claimed_and_one_more_is_not(programme: Programme, owner: int) -> None:
    programme.coupon_class(owner, feature_id=FEATURE)
    codes = programme.mint(owner, count=100)
    pairs = [AccountCoupon(programme.account(owner), code) for code in codes]
    with pytest.raises(ServiceError) as error:
        claim_coupons(programme.call(), [*pairs, pairs[0]])
    assert error.value.row is BATCH_TOO_LARGE
    outcome = claim_coupons(programme.call(), pairs)
    assert [it.account_id for it in outcome.claims] == [pair.account_id for pair in pairs]
    assert {row["claimed_account_id"] for row in programme.rows(coupon)} == {
        pair.account_id for pair in pairs
    }


def test_a_fault_at_any_statement_leaves_nothing(
    programme: Programme, engine_name: str, owner: int, account: int, code: str
) -> None:
    pairs = [(account, code), (programme.account(owner), programme.coupon(owner, feature_id=8))]
    statements_count = require_all_or_nothing(programme, lambda: claim(programme, *pairs))
    # The beginning, accounts, coupons, features; then claims and audit. On PostgreSQL the
    # classes are kept in use first.
    assert statements_count == (8 if engine_name == "sqlite" else 9)


@pytest.fixture
def lost_races(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Lets the next claims find their coupon's class retired between reading and writing."""

    def lose(count: int) -> None:
        find, left = claims.find_claimable, iter(range(count))

        def overtaken(connection: Connection, codes: set[str]) -> object:
            found = find(connection, codes)
            for _ in islice(left, 1):
                connection.execute(update(coupon_class).values(retired_at=START))
            return found

        monkeypatch.setattr(claims, "find_claimable", overtaken)

    return lose


def test_whoever_loses_a_race_decides_again(
    programme: Programme, account: int, code: str, lost_races: Callable[[int], None]
) -> None:
    lost_races(ATTEMPTS_MAX - 1)
    assert claim(programme, (account, code)).errors == []
    # What the lost attempts did is undone.
    assert programme.rows(coupon_class)[0]["retired_at"] is None


def test_nobody_decides_for_ever(
    programme: Programme, account: int, code: str, lost_races: Callable[[int], None]
) -> None:
    lost_races(ATTEMPTS_MAX)
    with pytest.raises(ServiceTroubleError, match="ServiceBusy"):
        claim(programme, (account, code))
    assert programme.rows(coupon)[0]["claimed_at"] is None
