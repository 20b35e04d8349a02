"""When a mail is tried again, and how addresses go over the wire."""

from datetime import timedelta

import pytest

from service.domain.emails import wire_address
from service.domain.mail import BACK_OFF_MAX, BACK_OFF_MIN, back_off
from service.settings import Settings


@pytest.mark.parametrize(
    ("attempts_count", "minutes"),
    [(1, 1), (2, 2), (3, 4), (9, 256), (10, 360), (11, 360), (100, 360), (2**40, 360)],
)
def test_each_wait_doubles_up_to_a_bound(attempts_count, minutes):
    assert back_off(attempts_count) == timedelta(minutes=minutes)


def test_waits_have_bounds():
    assert (back_off(1), back_off(1000)) == (BACK_OFF_MIN, BACK_OFF_MAX)


def test_the_default_number_of_attempts_takes_about_two_days():
    attempts_max = Settings.model_fields["mail_attempts_max"].default
    waits = sum((back_off(count) for count in range(1, attempts_max)), timedelta())
    assert timedelta(hours=40) < waits < timedelta(hours=50)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("Anna@example.com", "Anna@example.com"),
        ("anna@bücher.example.com", "anna@xn--bcher-kva.example.com"),
        ("jürgen@bücher.example.com", "jürgen@bücher.example.com"),
    ],
)
def test_only_addresses_that_are_not_ascii_need_unicode(address, expected):
    assert wire_address(address) == expected
