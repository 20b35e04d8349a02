"""Thousands of guesses within a minute find nothing, and somebody is told."""

import re
from collections import Counter
from collections.abc import Sequence
from math import log2
from pathlib import Path

import pytest
import yaml

from service.domain.codes import DEFAULT_PATTERN, PATTERN_LENGTH_MIN, check_pattern
from service.domain.error_rows import ErrorRow
from service.domain.errors import CALL_RATE_EXCEEDED, COUPON_NOT_FOUND
from service.domain.limits import FAILURES_PER_MINUTE
from service.domain.roles import Caller
from service.operations import guesses
from service.operations.pattern_capacity import get_pattern_capacity
from tests.limits.shop import Shop
from tests.programme import Programme
from tests.reliability.proofs import GUESSES_OF_MANY, GUESSES_OF_ONE, Report
from tests.storage.engines import ON_SQLITE

TRIES_COUNT = 10_000
MINUTE_MS = 60_000
CODE_BITS_MIN = 60
SHORT_BITS_MIN = 50
RATED_OVER_S = 300
PROOFS = {1: GUESSES_OF_ONE, 100: GUESSES_OF_MANY}
RULES_FILE = Path(__file__).parents[2] / "deploy" / "prometheus" / "alerts.yml"
RATE = re.compile(r'sum\(rate\(coupon_billing_calls_total{outcome=~"([\w|]+)"}\[5m\]\)\)>(\d+)')


@pytest.fixture
def shop(programme: Programme) -> Shop:
    return Shop(programme)


def attacked(shop: Shop, guessers: Sequence[Caller], tries_count: int) -> Counter[ErrorRow]:
    """What the guessers are answered, who take turns, all within a minute."""
    answers: Counter[ErrorRow] = Counter()
    for number in range(tries_count):
        shop.programme.clock.move(milliseconds=MINUTE_MS / tries_count)
        user = guessers[number % len(guessers)]
        answers[shop.redeem(f"GUESS-{number}", user=user)] += 1
    return answers


def crowd(shop: Shop, count: int) -> list[Caller]:
    """Users of one customer."""
    return [Caller(1_000 + n, f"Guesser {n}", shop.user.roles) for n in range(count)]


def too_many(answers: Counter[ErrorRow], guessers_count: int) -> int:
    """How many tries were answered beyond those that may be."""
    return max(0, answers[COUPON_NOT_FOUND] - guessers_count * FAILURES_PER_MINUTE)


def alarming_rate(answers: Counter[ErrorRow]) -> tuple[float, float]:
    """What the alert looks at after so many calls and no others, and above which it fires."""
    rules = yaml.safe_load(RULES_FILE.read_text(encoding="utf-8"))["groups"][0]["rules"]
    (expression,) = (it["expr"] for it in rules if it["alert"] == "CouponBillingGuesses")
    outcomes, most = RATE.fullmatch("".join(expression.split())).groups()
    count = sum(answers[row] for row in answers if row.symbol in outcomes.split("|"))
    return count / RATED_OVER_S, float(most)


@pytest.mark.prove
@pytest.mark.timeout(900)
@ON_SQLITE
@pytest.mark.parametrize("guessers_count", PROOFS)
def test_of_ten_thousand_guesses_few_are_answered_and_somebody_is_told(
    shop: Shop, report: Report, guessers_count: int
) -> None:
    guessers = crowd(shop, guessers_count)
    answers = attacked(shop, guessers, TRIES_COUNT)
    rate, most = alarming_rate(answers)
    failures = too_many(answers, guessers_count)
    figures = f"the alert fires at {most:g} a second, and this is {rate:.0f}"
    report.proof(PROOFS[guessers_count], rounds=TRIES_COUNT, failures=failures, figures=figures)
    answered = guessers_count * FAILURES_PER_MINUTE
    assert answers == {COUPON_NOT_FOUND: answered, CALL_RATE_EXCEEDED: TRIES_COUNT - answered}
    assert {shop.redeem(shop.coupon, user=it) for it in guessers} == {CALL_RATE_EXCEEDED}
    assert rate > most


@ON_SQLITE
@pytest.mark.parametrize("guessers_count", PROOFS)
def test_guesses_that_nobody_counts_would_be_answered(
    shop: Shop, report: Report, guessers_count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guesses.sliding_windows, "count_one", lambda *_: True)
    tries_count = guessers_count * 2 * FAILURES_PER_MINUTE
    answers = attacked(shop, crowd(shop, guessers_count), tries_count)
    failures = too_many(answers, guessers_count)
    report.control(PROOFS[guessers_count], rounds=tries_count, failures=failures)
    assert failures == tries_count / 2


def test_a_slip_of_the_pen_now_and_then_alarms_nobody() -> None:
    rate, most = alarming_rate(Counter({COUPON_NOT_FOUND: 5 * FAILURES_PER_MINUTE}))
    assert rate < most


def test_codes_have_60_random_bits_unless_somebody_wants_fewer() -> None:
    assert log2(check_pattern(DEFAULT_PATTERN).capacity) >= CODE_BITS_MIN


def test_patterns_that_hide_a_million_coupons_badly_are_told() -> None:
    patterns = ["#" * places for places in range(PATTERN_LENGTH_MIN, 20)]
    hidden = [it for it in patterns if not get_pattern_capacity(it, None, 10**6).is_guessable]
    assert hidden == [it for it in patterns if log2(check_pattern(it).capacity) >= SHORT_BITS_MIN]
