"""Coupon codes: how they are folded, and how they are drawn from a pattern.

Codes come from the operating system's random source, every code of a pattern
equally likely. There is no key whose leak would tell them.
"""

import os
import unicodedata
from collections.abc import Iterator
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

SLICE_LENGTH = 2**20
"""How many codes of a nearly used pattern are brought into random order at a time."""

_UINT64_COUNT = 2**64
_DRAW_LENGTH = 2**20

Numbers = NDArray[np.uint64]
Codes = NDArray[np.uint8]
"""Codes as rows of ASCII characters; a code that is shorter than others ends in zeros."""


def fold_code(text: str) -> str:
    """The one form of a code in which it is stored, compared and shown."""
    return unicodedata.normalize("NFKC", text).strip().upper()


@dataclass(frozen=True, slots=True)
class CodePattern:
    """Literal text and ``#`` places, each filled with a character of the alphabet.

    Make one with ``check_pattern``. The codes of a pattern are numbered from 0 in
    ascending order; the number's digits, in the base of the alphabet's length, are
    its places. When there are 2^64 codes or more, the first places alone are numbered.
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

    @property
    def numbers_count(self) -> int:
        """How many numbers there are: the capacity, or less when that is 2^64 or more."""
        return int(len(self.alphabet) ** self._numbered_places)

    @property
    def _numbered_places(self) -> int:
        places = self.places
        while len(self.alphabet) ** places >= _UINT64_COUNT:
            places -= 1
        return places

    def density(self, coupons_count: int) -> int:
        """Codes of the pattern per coupon: how many guesses find one, on average."""
        return self.capacity // max(coupons_count, 1)

    def draw(self, count: int) -> list[str]:
        """Draw ``count`` codes, independently; the same may come more than once."""
        numbers = _draw_below(self.numbers_count, count)
        return self.numbered(numbers)

    def numbered(self, numbers: Numbers) -> list[str]:
        """The codes with these numbers, as texts."""
        return texts_of(self.render(numbers))

    def draw_numbers(self, count: int) -> Numbers:
        """Draw ``count`` numbers, independently; what comes more than once is left out.

        Returns:
            They, in ascending order.
        """
        drawn = _draw_below(self.numbers_count, count)
        drawn.sort()
        # Of equal neighbours the last one stays. np.unique of numpy 2.4 takes 15 times as long.
        is_last = np.ones(count, dtype=np.bool_)
        np.not_equal(drawn[1:], drawn[:-1], out=is_last[:-1])
        return drawn[is_last]

    def every_number(self) -> Iterator[Numbers]:
        """Every number once: in slices of ``SLICE_LENGTH`` in random order, each shuffled.

        Only for a capacity below 2^64.
        """
        slices_count = -(-self.capacity // SLICE_LENGTH)
        for slice_number in _in_random_order(slices_count):
            first = slice_number * SLICE_LENGTH
            length = min(SLICE_LENGTH, self.capacity - first)
            yield shuffled(length).astype(np.uint64) + np.uint64(first)

    def render(self, numbers: Numbers) -> Codes:
        """The codes with these numbers: ascending when the numbers are.

        Places that have no part in the numbers are drawn: the same number then gives
        another code each time.
        """
        letters = np.frombuffer("".join(sorted(self.alphabet)).encode(), dtype=np.uint8)
        base = np.uint64(len(letters))
        codes = np.empty((len(numbers), len(self.text)), dtype=np.uint8)
        codes[:] = np.frombuffer(self.text.encode(), dtype=np.uint8)
        columns = [column for column, character in enumerate(self.text) if character == PLACE]
        numbered = self._numbered_places
        for column in columns[numbered:]:
            codes[:, column] = letters[_draw_below(len(letters), len(numbers))]
        for column in reversed(columns[:numbered]):
            numbers, digits = np.divmod(numbers, base)
            codes[:, column] = letters[digits]
        return codes


def texts_of(codes: Codes) -> list[str]:
    """The codes as texts."""
    count, length = codes.shape
    texts = np.ascontiguousarray(codes).view(f"S{length}").reshape(count)
    return [text.decode("ascii") for text in texts.tolist()]


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


def _in_random_order(count: int) -> Iterator[int]:
    """As ``shuffled``; when there are too many for memory, from a random one on, in turn."""
    if count <= SLICE_LENGTH:
        yield from shuffled(count).tolist()
        return
    first = int(_draw_below(count, 1)[0])
    for number in range(count):
        yield (first + number) % count


def _draw_below(bound: int, count: int) -> Numbers:
    """Numbers below ``bound`` without bias: what lies past its last multiple is drawn again."""
    highest = np.uint64(_UINT64_COUNT - _UINT64_COUNT % bound - 1)
    drawn = _draw_uint64(count)
    while (rejected := drawn > highest).any():
        drawn[rejected] = _draw_uint64(int(rejected.sum()))
    drawn %= np.uint64(bound)
    return drawn


def _draw_uint64(count: int) -> Numbers:
    drawn = np.empty(count, dtype=np.uint64)
    for start in range(0, count, _DRAW_LENGTH):
        piece = drawn[start : start + _DRAW_LENGTH]
        piece[:] = np.frombuffer(os.urandom(piece.nbytes), dtype=np.uint64)
    return drawn
