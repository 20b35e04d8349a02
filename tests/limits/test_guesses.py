"""Who guesses codes and accounts is held back, whatever it would have been answered."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from statistics import quantiles
from threading import BoundedSemaphore
from time import perf_counter

import pytest

from service.domain.error_rows import ErrorRow
from service.domain.errors import (
    CALL_RATE_EXCEEDED,
    COUPON_CLAIMED_BY_ANOTHER_ACCOUNT,
    COUPON_NOT_FOUND,
    INVALID_CREDENTIALS,
    NOT_AUTHORIZED,
    SERVICE_BUSY,
)
from service.domain.idempotency import KeyedRequest
from service.domain.limits import FAILURES_PER_MINUTE
from service.domain.refusals import ServiceError, ServiceTroubleError
from service.domain.roles import COMMAND_LINE, Caller, Credentials, Role
from service.operations import authentication, guesses, secrets
from service.operations.authentication import DEVELOPER, Authenticator
from service.operations.idempotency import once
from service.operations.redeem_coupon import redeem_coupon
from service.operations.users import add_user, issue_token
from tests.limits.shop import Shop
from tests.programme import Programme

UNKNOWN = "NO-SUCH-COUPON"
PAIRS_COUNT = 500
GUESSERS_COUNT = 16
NOBODYS_ACCOUNT = 10**9


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


def test_a_developer_guesses_no_more_passwords_and_holds_back_nobody_else(
    programme: Programme,
) -> None:
    authenticate = Authenticator(programme.database, programme.clock)
    developers = {}
    for name in ("Kim", "Mallory"):
        add_user(programme.call(), name, Role.STANDARD, programme.customer(), "right")
        developers[name] = issue_token(programme.call(), name, DEVELOPER).text

    def answer(developer: str, name: str, password: str) -> ErrorRow | None:
        try:
            authenticate(Credentials(developers[developer], None, name, password), "a TrackingId")
        except ServiceError as error:
            return error.row
        return None

    names = ["Kim", *(f"user {n}" for n in range(FAILURES_PER_MINUTE))]
    wrong = [answer("Mallory", name, "wrong") for name in names]
    assert wrong == [INVALID_CREDENTIALS] * FAILURES_PER_MINUTE + [CALL_RATE_EXCEEDED]
    assert answer("Mallory", "Kim", "right") is CALL_RATE_EXCEEDED
    assert answer("Kim", "Kim", "right") is None
    programme.clock.move(minutes=1)
    assert answer("Mallory", "Kim", "right") is None


def test_passwords_wait_for_others_but_not_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    checked_by_others = BoundedSemaphore(1)
    monkeypatch.setattr(secrets, "_checks", checked_by_others)
    monkeypatch.setattr(secrets, "PASSWORD_WAIT_S_MAX", 0.01)
    with checked_by_others, pytest.raises(ServiceTroubleError) as refused:
        secrets.is_password(None, "any")
    assert refused.value.row is SERVICE_BUSY
    # Whether it was right or wrong, its place is free for the next.
    stored_hash = secrets.hash_password("right")
    assert [secrets.is_password(stored_hash, it) for it in ("wrong", "right")] == [False, True]


def test_a_password_that_is_right_counts_for_nothing_when_others_failed_meanwhile(
    programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    user_id = add_user(programme.call(), "Kim", Role.STANDARD, programme.customer(), "right")
    developer = issue_token(programme.call(), "Kim", DEVELOPER).text
    authenticate = Authenticator(programme.database, programme.clock)
    check = authentication.is_password

    def check_slowly(stored_hash: str | None, password: str) -> bool:
        for _ in range(FAILURES_PER_MINUTE):
            subject = guesses.developer_guesser(user_id)
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
