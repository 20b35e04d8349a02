"""Calls that are validated at the same time are each told what is wrong with their own document."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import pytest
from lxml import etree

from service.soap.contract import CUSTOMER_BILLING
from service.soap.validation import Validator

CALLS_AT_ONCE = 4
ROUNDS_COUNT = 30_000


@pytest.fixture
def hurried() -> Iterator[None]:
    """Let threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def told_of_others(validator: Validator) -> int:
    """How many errors were not those of the document, when several are validated at once."""

    def ask(number: int) -> int:
        name = f"Unknown{number}"
        document = etree.Element(name)
        wrong_count = 0
        for _ in range(ROUNDS_COUNT):
            try:
                error = validator.first_error(document)
            except IndexError:
                # The log was another one's, who had nothing to say yet.
                error = None
            wrong_count += name not in str(error)
        return wrong_count

    with ThreadPoolExecutor(CALLS_AT_ONCE) as pool:
        return sum(pool.map(ask, range(CALLS_AT_ONCE)))


@pytest.mark.usefixtures("hurried")
def test_each_is_told_its_own_error() -> None:
    assert told_of_others(Validator(CUSTOMER_BILLING)) == 0


@pytest.mark.usefixtures("hurried")
def test_without_a_lock_they_are_told_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    validator = Validator(CUSTOMER_BILLING)
    monkeypatch.setattr(validator, "_lock", nullcontext())
    assert told_of_others(validator) > 0
