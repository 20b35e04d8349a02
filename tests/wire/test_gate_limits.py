"""The limits of the gate: the bound itself is allowed, one more is not."""

import pytest

from service.soap.gate import GateLimits
from tests.wire.harness import envelope


def nested(depth: int) -> bytes:
    """An envelope whose deepest element is at this depth."""
    inside = depth - 2
    return envelope(header="<a>" * inside + "</a>" * inside)


def with_elements(count: int) -> bytes:
    """An envelope of so many elements: five, and more in the header."""
    return envelope(header="<a/>" * (count - 5))


def with_attributes(count: int) -> bytes:
    return envelope(header="<a>" + '<c n=""/>' * count + "</a>")


def of_bytes(count: int) -> bytes:
    return envelope().ljust(count)


@pytest.mark.parametrize(
    ("setting", "make", "symbol"),
    [
        ("depth_max", nested, "TooDeep"),
        ("elements_count_max", with_elements, "TooManyElements"),
        ("attributes_count_max", with_attributes, "TooManyAttributes"),
        ("body_bytes_max", of_bytes, "BodyTooLarge"),
    ],
)
@pytest.mark.parametrize("limit", [None, 1500])
def test_a_limit_is_the_last_that_is_allowed(make_service, setting, make, symbol, limit):
    if limit is not None and setting == "depth_max":
        limit = 12
    limits = GateLimits(**({} if limit is None else {setting: limit}))
    bound = getattr(limits, setting)
    service = make_service(limits=limits)

    assert service.post(make(bound - 1)).status == 200
    assert service.post(make(bound)).status == 200
    answer = service.post(make(bound + 1))

    assert answer.symbol == symbol
    assert str(bound) in answer.fault_text


def test_a_thousand_addresses_are_no_trouble(service):
    addresses = "<r:string>someone@example.com</r:string>" * 1000
    body = (
        f"<b:DispatchCouponsRequest><b:SendToEmails>{addresses}</b:SendToEmails>"
        "</b:DispatchCouponsRequest>"
    )
    assert service.call(body).status == 200
    assert len(service.seen[0].arguments[0]) == 1000
