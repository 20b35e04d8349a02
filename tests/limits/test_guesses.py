"""Who guesses codes and accounts is held back, whatever it would have been answered."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from statistics import quantiles
from time import perf_counter

import pytest

from service.domain.error_rows import ErrorRow
from service.domain.errors import (
    CALL_RATE_EXCEEDED,
    COUPON_CLAIMED_BY_ANOTHER_ACCOUNT,
    COUPON_NOT_FOUND,
    INVALID_CREDENTIALS,
    NOT_AUTHORIZED,
)
from service.domain.idempotency import KeyedRequest
from service.domain.limits import FAILURES_PER_MINUTE
from service.domain.refusals import ServiceError
from service.domain.roles import COMMAND_LINE, Caller, Credentials, Role
from service.operations import authentication, guesses
from service.operations.authentication import DEVELOPER, Authenticator
from service.operations.claim_coupons import AccountCoupon, claim_coupons
from service.operations.idempotency import once
from service.operations.redeem_coupon import redeem_coupon
from service.operations.users import add_user, issue_token
from tests.programme import Programme

UNKNOWN = "NO-SUCH-COUPON"
PAIRS_COUNT = 500
GUESSERS_COUNT = 16
NOBODYS_ACCOUNT = 10**9


class Shop:
    """A customer's user, who may redeem coupons for one account."""

    def __init__(self, programme: Programme) -> None:
        self.programme = programme
        customer_id = programme.customer()
        self.account = programme.account(customer_id)
        self.others_account = programme.account(programme.customer())
        self.coupon = programme.coupon(customer_id)
        user_id = add_user(programme.call(), "Kim", Role.STANDARD, customer_id)
        self.user = Caller(user_id, "Kim", {customer_id: Role.STANDARD})

    def redeem(self, code: str, account: int | None = None, user: Caller | None = None) -> object:
        """The date, or why not."""
        call = self.programme.call(user or self.user)
        try:
            return redeem_coupon(call, account or self.account, code)
        except ServiceError as error:
            return error.row

    def claim(self, *codes: str) -> list[ErrorRow]:
        """Claim for the account; why not."""
        pairs = [AccountCoupon(self.account, code) for code in codes]
        return [it.row for it in claim_coupons(self.programme.call(self.user), pairs).errors]


@pytest.fixture
def shop(programme: Programme) -> Shop:
    return Shop(programme)


def test_after_ten_failures_a_minute_nothing_is_looked_at(shop: Shop) -> None:
    answers = [shop.redeem(f"{UNKNOWN}-{n}") for n in range(FAILURES_PER_MINUTE + 2)]
    assert answers == [COUPON_NOT_FOUND] * FAILURES_PER_MINUTE + [CALL_RATE_EXCEEDED] * 2
    assert shop.redeem(shop.coupon) is CALL_RATE_EXCEEDED
    another = Caller(99, "Jo", shop.user.roles)
    assert shop.redeem(UNKNOWN, user=another) is COUPON_NOT_FOUND
    shop.programme.clock.move(seconds=59, milliseconds=999)
    assert shop.redeem(shop.coupon) is CALL_RATE_EXCEEDED
    shop.programme.clock.move(milliseconds=1)
    assert shop.redeem(shop.coupon) == shop.programme.clock.now


def test_of_many_guesses_at_once_no_more_are_answered(shop: Shop) -> None:
    with ThreadPoolExecutor(GUESSERS_COUNT) as pool:
        answers = list(pool.map(shop.redeem, [UNKNOWN] * 2 * GUESSERS_COUNT))
    assert answers.count(COUPON_NOT_FOUND) == FAILURES_PER_MINUTE
    assert answers.count(CALL_RATE_EXCEEDED) == 2 * GUESSERS_COUNT - FAILURES_PER_MINUTE


def test_what_is_another_s_counts_as_what_is_not_there(shop: Shop) -> None:
    claimed = shop.programme.coupon(shop.programme.customer())
    shop.programme.claim(claimed, shop.others_account)
    half = FAILURES_PER_MINUTE // 2
    assert {shop.redeem(shop.coupon, shop.others_account) for _ in range(half)} == {NOT_AUTHORIZED}
    answers = {shop.redeem(claimed) for _ in range(half)}
    assert answers == {COUPON_CLAIMED_BY_ANOTHER_ACCOUNT}
    assert shop.redeem(shop.coupon) is CALL_RATE_EXCEEDED


def test_what_succeeds_or_is_refused_otherwise_does_not_count(shop: Shop) -> None:
    in_euro = shop.programme.coupon(next(iter(shop.user.roles)), currency_code="EUR")
    for _ in range(FAILURES_PER_MINUTE):
        shop.redeem(shop.coupon)
        shop.redeem(in_euro)
    assert shop.redeem(UNKNOWN) is COUPON_NOT_FOUND


def test_operators_see_every_coupon_and_are_not_held_back(shop: Shop) -> None:
    operator = Caller(5, "Op", {}, is_operator=True)
    for user in (operator, COMMAND_LINE):
        answers = {shop.redeem(UNKNOWN, user=user) for _ in range(FAILURES_PER_MINUTE + 1)}
        assert answers == {COUPON_NOT_FOUND}


def test_pairs_of_one_request_are_guesses_each(shop: Shop) -> None:
    codes = [f"{UNKNOWN}-{n}" for n in range(FAILURES_PER_MINUTE + 1)]
    answers = shop.claim(*codes, shop.coupon)
    assert answers == [COUPON_NOT_FOUND] * FAILURES_PER_MINUTE + [CALL_RATE_EXCEEDED] * 2
    with pytest.raises(ServiceError) as refused:
        shop.claim(shop.coupon)
    assert refused.value.row is CALL_RATE_EXCEEDED
    assert shop.redeem(shop.coupon) is CALL_RATE_EXCEEDED


def test_guesses_under_keys_count(shop: Shop) -> None:
    for number in range(FAILURES_PER_MINUTE):
        request = KeyedRequest(f"key {number}", "RedeemCoupon", bytes([number]) * 32)
        call = shop.programme.call(shop.user)
        answer = once(
            call,
            request,
            timedelta(hours=1),
            lambda joined: str(redeem_coupon(joined, shop.account, UNKNOWN)),
        )
        assert answer.error is not None
        assert answer.error.row is COUPON_NOT_FOUND
    assert shop.redeem(shop.coupon) is CALL_RATE_EXCEEDED


@pytest.mark.prove
def test_an_account_of_others_takes_as_long_as_none(shop: Shop) -> None:
    took: dict[int, list[float]] = {shop.others_account: [], NOBODYS_ACCOUNT: []}
    for number in range(PAIRS_COUNT):
        for account in sorted(took, reverse=number % 2 == 0):
            shop.programme.clock.move(minutes=1)
            start = perf_counter()
            assert shop.redeem(shop.coupon, account) is NOT_AUTHORIZED
            took[account].append(perf_counter() - start)
    # What a busy machine adds is in the slower ones.
    others, nobodys = (quantiles(times, n=10)[0] for times in took.values())
    assert abs(others - nobodys) < 0.001


def test_passwords_over_soap_are_guessed_no_more_often(
    programme: Programme, quick_passwords: None
) -> None:
    customer_id = programme.customer()
    add_user(programme.call(), "Kim", Role.STANDARD, customer_id, "right")
    developer = issue_token(programme.call(), "Kim", DEVELOPER).text
    authenticate = Authenticator(programme.database, programme.clock)

    def answer(password: str) -> ErrorRow | None:
        try:
            authenticate(Credentials(developer, None, "Kim", password), "a TrackingId")
        except ServiceError as error:
            return error.row
        return None

    wrong = [answer("wrong") for _ in range(FAILURES_PER_MINUTE + 1)]
    assert wrong == [INVALID_CREDENTIALS] * FAILURES_PER_MINUTE + [CALL_RATE_EXCEEDED]
    assert answer("right") is CALL_RATE_EXCEEDED
    programme.clock.move(minutes=1)
    assert answer("right") is None


def test_a_password_that_is_right_counts_for_nothing_when_others_failed_meanwhile(
    programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_user(programme.call(), "Kim", Role.STANDARD, programme.customer(), "right")
    developer = issue_token(programme.call(), "Kim", DEVELOPER).text
    authenticate = Authenticator(programme.database, programme.clock)
    check = authentication.is_password

    def check_slowly(stored_hash: str | None, password: str) -> bool:
        for _ in range(FAILURES_PER_MINUTE):
            subject = guesses.subject_of("name", "Kim")
            guesses.count_failures(
                programme.database, [subject], FAILURES_PER_MINUTE, programme.clock()
            )
        return check(stored_hash, password)

    monkeypatch.setattr(authentication, "is_password", check_slowly)
    with pytest.raises(ServiceError) as refused:
        authenticate(Credentials(developer, None, "Kim", "right"), "a TrackingId")
    assert refused.value.row is CALL_RATE_EXCEEDED


def test_a_name_that_nobody_can_have_is_not_kept_in_mind(programme: Programme) -> None:
    developer = issue_token_of_a_new_user(programme)
    known = guesses.subject_of.cache_info().misses
    with pytest.raises(ServiceError) as refused:
        Authenticator(programme.database, programme.clock)(
            Credentials(developer, None, "x" * 256, "wrong"), "a TrackingId"
        )
    assert refused.value.row is INVALID_CREDENTIALS
    assert guesses.subject_of.cache_info().misses == known


def issue_token_of_a_new_user(programme: Programme) -> str:
    add_user(programme.call(), "Lea", Role.STANDARD, programme.customer(), "right")
    return issue_token(programme.call(), "Lea", DEVELOPER).text
