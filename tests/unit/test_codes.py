"""Coupon codes: folding, patterns, and drawing without bias."""

import math
import os
import string
from collections import Counter
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain import codes
from service.domain.codes import (
    DEFAULT_ALPHABET,
    DEFAULT_PATTERN,
    SLICE_LENGTH,
    CodePattern,
    check_pattern,
    fold_code,
    shuffled,
    texts_of,
)
from service.domain.errors import PATTERN_INVALID
from service.domain.refusals import ServiceError


@pytest.mark.parametrize(
    "text",
    [
        *("AB12-CD34", "ab12-cd34", "Ab12-cD34", "  AB12-CD34\t\r\n", "\u00a0AB12-CD34\u3000"),
        "\uff21\uff22\uff11\uff12\uff0d\uff23\uff24\uff13\uff14",  # full width
        "\uff41\uff42\uff11\uff12-\uff43\uff44\uff13\uff14",
        "\u24b6\u24b7\u2460\u2461-\u24b8\u24b9\u2462\u2463",  # circled
        "AB\u00b9\u00b2-CD\u2083\u2084",  # raised and lowered
    ],
)
def test_one_code_is_written_in_many_ways(text: str) -> None:
    assert fold_code(text) == "AB12-CD34"


@pytest.mark.parametrize("text", ["AB12CD34", "AB12-CD35", "AB12 CD34", "AB12\u2014CD34", "", "  "])
def test_other_codes_stay_others(text: str) -> None:
    assert fold_code(text) != "AB12-CD34"


@given(st.text(string.printable))
def test_a_folded_code_stays_as_it_is(text: str) -> None:
    assert fold_code(fold_code(text)) == fold_code(text)


def test_the_default_pattern_is_valid_and_hard_to_guess() -> None:
    pattern = check_pattern(DEFAULT_PATTERN)
    assert (pattern.places, pattern.capacity) == (12, 32**12)
    assert pattern.density(5_000_000) > 10**11
    assert not set("IO01") & set(DEFAULT_ALPHABET)


@pytest.mark.parametrize(
    ("text", "alphabet", "expected"),
    [
        ("ab#", "xy", CodePattern("AB#", "XY")),
        ("###", "01", CodePattern("###", "01")),
        (" a-# ", " 01 ", CodePattern("A-#", "01")),
        ("\uff21-#", "\uff10\uff11", CodePattern("A-#", "01")),
        ("#" * 100, "01", CodePattern("#" * 100, "01")),
        ("!~#", "!~", CodePattern("!~#", "!~")),
    ],
)
def test_patterns_are_folded_like_codes(text: str, alphabet: str, expected: CodePattern) -> None:
    assert check_pattern(text, alphabet) == expected


LENGTH = "a pattern has 3 to 100 characters"
NO_PLACE = "a pattern has at least one place, #"
TOO_FEW = "an alphabet has two or more different characters"
INVISIBLE = "only visible ASCII characters, and # only for places"


@pytest.mark.parametrize(
    ("text", "alphabet", "reason"),
    [
        ("", "01", LENGTH),
        ("A#", "01", LENGTH),
        ("  A#  ", "01", LENGTH),
        ("#" * 101, "01", LENGTH),
        ("ABC", "01", NO_PLACE),
        ("A#B C", "01", INVISIBLE),
        ("A#\u00e9", "01", INVISIBLE),
        ("A#\x7f", "01", INVISIBLE),
        ("A#\x00", "01", INVISIBLE),
        ("A##", "", TOO_FEW),
        ("A##", "0", TOO_FEW),
        ("A##", "00", TOO_FEW),
        ("A##", "aA", TOO_FEW),
        ("A##", "0#", INVISIBLE),
        ("A##", "0 1", INVISIBLE),
        ("A##", "0\u00e9", INVISIBLE),
        ("A##", "0\u00df", TOO_FEW),
    ],
)
def test_other_patterns_are_refused(text: str, alphabet: str, reason: str) -> None:
    with pytest.raises(ServiceError) as refusal:
        check_pattern(text, alphabet)
    assert (refusal.value.row, refusal.value.details) == (PATTERN_INVALID, reason)


@pytest.mark.parametrize(("coupons_count", "expected"), [(0, 9), (1, 9), (2, 4), (9, 1), (10, 0)])
def test_density_is_codes_per_coupon(coupons_count: int, expected: int) -> None:
    assert check_pattern("A##", "XYZ").density(coupons_count) == expected


@pytest.mark.parametrize(
    ("text", "alphabet"), [("A#-", "01"), ("#A#", "XYZ"), ("####", "ABCDE"), ("#-#", "0123456789")]
)
def test_numbers_and_codes_match_one_to_one(text: str, alphabet: str) -> None:
    pattern = check_pattern(text, alphabet)
    codes = pattern.numbered(np.arange(pattern.capacity, dtype=np.uint64))
    assert len(set(codes)) == len(codes) == pattern.capacity
    assert codes == sorted(codes)
    assert all(_is_of(pattern, code) for code in codes)


def _is_of(pattern: CodePattern, code: str) -> bool:
    return len(code) == len(pattern.text) and all(
        found in pattern.alphabet if place == "#" else found == place
        for place, found in zip(pattern.text, code, strict=True)
    )


def test_the_last_numbers_below_two_to_the_64_have_codes() -> None:
    pattern = check_pattern("#" * 63, "01")
    numbers = np.array([0, 1, 2**63 - 1], dtype=np.uint64)
    assert pattern.numbered(numbers) == ["0" * 63, "0" * 62 + "1", "1" * 63]


@given(st.integers(0, 200), st.sampled_from(["A#-#", "####-####", "#" * 100]))
def test_drawn_codes_are_of_the_pattern(count: int, text: str) -> None:
    pattern = check_pattern(text)
    codes = pattern.draw(count)
    assert len(codes) == count
    assert all(_is_of(pattern, code) for code in codes)


def chi_square(observed: Iterable[object], cells_count: int) -> float:
    """How far counts are from equal, against what chance explains once in 10^9 times.

    The bound is the Wilson-Hilferty approximation; 6 standard deviations leave
    10^-9 above them. A value above 1 is no chance.
    """
    counts = Counter(observed)
    total = sum(counts.values())
    expected = total / cells_count
    missing = (cells_count - len(counts)) * expected
    found = sum((count - expected) ** 2 / expected for count in counts.values()) + missing
    freedom = cells_count - 1
    spread = 2 / (9 * freedom)
    return float(found / (freedom * (1 - spread + 6 * math.sqrt(spread)) ** 3))


@pytest.mark.parametrize("alphabet", [DEFAULT_ALPHABET, DEFAULT_ALPHABET[:31], "XYZ"])
def test_every_code_of_a_pattern_is_equally_likely(alphabet: str) -> None:
    pattern = check_pattern("-##", alphabet)
    assert chi_square(pattern.draw(40_000), pattern.capacity) < 1


def test_a_biased_draw_would_be_noticed() -> None:
    bytes_of_94 = (byte % 94 for byte in os.urandom(40_000))
    assert chi_square(bytes_of_94, 94) > 1


def test_what_lies_past_the_last_multiple_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    # 2^64 is 1 more than a multiple of 3: of all 64-bit numbers only the last is refused.
    last, before_last, four = 2**64 - 1, 2**64 - 2, 4
    script = [[before_last, last, 0], [last], [four]]

    def scripted(length: int) -> bytes:
        numbers = np.array(script.pop(0), dtype=np.uint64)
        assert length == numbers.nbytes
        return numbers.tobytes()

    monkeypatch.setattr(os, "urandom", scripted)
    assert check_pattern("--#", "XYZ").draw(3) == ["--Z", "--Y", "--X"]
    assert not script


@pytest.mark.parametrize("text", ["A#-###", "####-####-####", "#" * 100])
def test_numbers_in_order_are_codes_in_order(text: str) -> None:
    pattern = check_pattern(text)
    numbers = pattern.draw_numbers(5_000)
    assert (np.diff(numbers.astype(object)) > 0).all()
    codes = texts_of(pattern.render(numbers))
    assert codes == sorted(codes)
    assert all(_is_of(pattern, code) for code in codes)


def test_what_is_drawn_twice_comes_once() -> None:
    numbers = check_pattern("A#-").draw_numbers(2_000)
    assert numbers.tolist() == list(range(32))


@pytest.mark.parametrize(("text", "alphabet"), [("A-######", DEFAULT_ALPHABET), ("#" * 20, "XYZ")])
def test_every_place_is_without_bias(text: str, alphabet: str) -> None:
    pattern = check_pattern(text, alphabet)
    codes = pattern.render(pattern.draw_numbers(40_000))
    for place, character in enumerate(text):
        if character == "#":
            assert chi_square(codes[:, place].tolist(), len(alphabet)) < 1


def test_every_place_is_without_bias_when_not_all_are_numbered() -> None:
    pattern = check_pattern("#" * 40)
    assert pattern.numbers_count < 2**64 <= pattern.numbers_count * 32
    codes = pattern.render(pattern.draw_numbers(20_000))
    for place in range(40):
        assert chi_square(codes[:, place].tolist(), 32) < 1
    assert len(set(texts_of(codes))) == len(codes)


@pytest.mark.parametrize(("text", "alphabet"), [("A#-#", "XYZ"), ("#####", "ABCDEFGHIJKLMNOPQRS")])
def test_every_number_comes_once(text: str, alphabet: str) -> None:
    pattern = check_pattern(text, alphabet)
    slices = list(pattern.every_number())
    numbers = np.concatenate(slices)
    assert len(numbers) == pattern.capacity
    assert (np.sort(numbers) == np.arange(pattern.capacity)).all()
    assert numbers.tolist() != sorted(numbers.tolist())


def test_slices_that_are_too_many_to_be_shuffled_each_come_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(codes, "SLICE_LENGTH", 5)
    slices = list(check_pattern("A##", "ABCDEFG").every_number())
    assert [len(it) for it in slices].count(5) == 9
    assert sorted(np.concatenate(slices).tolist()) == list(range(49))


def test_the_slices_of_a_huge_pattern_begin_anywhere() -> None:
    pattern = check_pattern("A-#########")
    first = next(pattern.every_number())
    assert len(first) == SLICE_LENGTH
    assert int(first.max()) < pattern.capacity


@pytest.mark.parametrize("count", [0, 1, 2, 1000])
def test_shuffling_keeps_every_number(count: int) -> None:
    assert sorted(shuffled(count)) == list(range(count))


def test_every_order_is_equally_likely() -> None:
    orders = (tuple(shuffled(4).tolist()) for _ in range(4_000))
    assert chi_square(orders, math.factorial(4)) < 1
