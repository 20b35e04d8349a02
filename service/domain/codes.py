"""Coupon codes: how they are folded, and how they are drawn from a pattern.

Codes come from the operating system's random source, every code of a pattern
equally likely. There is no key whose leak would tell them.
"""

import os
import unicodedata
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.domain.errors import PATTERN_INVALID
from service.domain.refusals import ServiceError

DEFAULT_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Letters and digits that are not mistaken for one another (no I, O, 0, 1)."""
DEFAULT_PATTERN = "####-####-####"
PLACE = "#"
ALPHABET_LENGTH_MIN = 2
PATTERN_LENGTH_MIN = 3
PATTERN_LENGTH_MAX = 100
DENSITY_MIN = 10**8
"""Codes of the pattern per coupon below which guessing one gets easy."""

_UINT64_COUNT = 2**64

Numbers = NDArray[np.uint64]


def fold_code(text: str) -> str:
    """The one form of a code in which it is stored, compared and shown."""
    return unicodedata.normalize("NFKC", text).strip().upper()


@dataclass(frozen=True, slots=True)
class CodePattern:
    """Literal text and ``#`` places, each filled with a character of the alphabet.

    Make one with ``check_pattern``. The codes of a pattern are numbered from 0;
    the number's digits, in the base of the alphabet's length, are its places.
    """

    text: str
    alphabet: str

    @property
    def places(self) -> int:
        """How many places the pattern has."""
        return self.text.count(PLACE)

    @property
    def capacity(self) -> int:
        """How many different codes the pattern has."""
        return int(len(self.alphabet) ** self.places)

    def density(self, coupons_count: int) -> int:
        """Codes of the pattern per coupon: how many guesses find one, on average."""
        return self.capacity // max(coupons_count, 1)

    def draw(self, count: int) -> list[str]:
        """Draw ``count`` codes, independently; the same may come more than once."""
        columns = [_draw_digits(len(self.alphabet), count) for _ in range(self.places)]
        return self._render(columns, count)

    def numbered(self, numbers: Numbers) -> list[str]:
        """The codes with these numbers; only for a capacity below 2^64."""
        base = np.uint64(len(self.alphabet))
        columns = []
        for _ in range(self.places):
            columns.append(numbers % base)
            numbers = numbers // base
        return self._render(columns[::-1], len(numbers))

    def _render(self, columns: list[Numbers], count: int) -> list[str]:
        letters = np.array(list(self.alphabet))
        matrix = np.empty((count, len(self.text)), dtype="U1")
        filled = iter(columns)
        for place, character in enumerate(self.text):
            matrix[:, place] = letters[next(filled)] if character == PLACE else character
        return [str(code) for code in matrix.view(f"U{len(self.text)}").ravel()]


def check_pattern(text: str, alphabet: str = DEFAULT_ALPHABET) -> CodePattern:
    """Fold and check a pattern and its alphabet.

    Raises:
        ServiceError: ``PatternInvalid``: fewer than 3 or more than 100 characters,
            no place, an alphabet with fewer than two different characters, with
            ``#``, or with one that is not a visible ASCII character.
    """
    folded, letters = fold_code(text), fold_code(alphabet)
    if not PATTERN_LENGTH_MIN <= len(folded) <= PATTERN_LENGTH_MAX:
        text = f"a pattern has {PATTERN_LENGTH_MIN} to {PATTERN_LENGTH_MAX} characters"
        raise ServiceError(PATTERN_INVALID, text)
    if PLACE not in folded:
        raise ServiceError(PATTERN_INVALID, f"a pattern has at least one place, {PLACE}")
    if len(letters) != len(set(letters)) or len(letters) < ALPHABET_LENGTH_MIN:
        raise ServiceError(PATTERN_INVALID, "an alphabet has two or more different characters")
    if PLACE in letters or not all(_is_visible_ascii(character) for character in folded + letters):
        raise ServiceError(PATTERN_INVALID, "only visible ASCII characters, and # only for places")
    return CodePattern(folded, letters)


def _is_visible_ascii(character: str) -> bool:
    return "!" <= character <= "~"


def shuffled(count: int) -> NDArray[np.int64]:
    """The numbers from 0 to ``count`` - 1 in random order, every order equally likely."""
    seed = int.from_bytes(os.urandom(32), "big")
    return np.random.default_rng(seed).permutation(count)


def _draw_digits(base: int, count: int) -> Numbers:
    """Numbers below ``base`` without bias: what lies past its last multiple is drawn again."""
    highest = np.uint64(_UINT64_COUNT - _UINT64_COUNT % base - 1)
    drawn = _draw_uint64(count)
    while (rejected := drawn > highest).any():
        drawn[rejected] = _draw_uint64(int(rejected.sum()))
    digits: Numbers = drawn % np.uint64(base)
    return digits


def _draw_uint64(count: int) -> Numbers:
    drawn: Numbers = np.frombuffer(os.urandom(8 * count), dtype=np.uint64).copy()
    return drawn
