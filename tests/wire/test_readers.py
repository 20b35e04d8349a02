"""Readers get back, through the gate and the schema, what a slow writer has written."""

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from service.soap.contract import COUPON_MANAGEMENT
from service.soap.readers import arguments_reader
from service.soap.validation import Validator
from tests.wire.declared_values import (
    REQUESTS,
    names_by_content,
    namespace_of,
    values_of,
    write_slowly,
)

# Its schema imports that of the customer billing service.
VALIDATOR = Validator(COUPON_MANAGEMENT)


def plain(value):
    """A value without its classes; what is unset in the request is unset or zero here."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if hasattr(value, "__dict__"):
        return {name: plain(item) for name, item in vars(value).items()}
    if hasattr(value, "__slots__"):
        return {name: plain(getattr(value, name)) for name in value.__slots__}
    return "NaN" if isinstance(value, float) and math.isnan(value) else value


@pytest.mark.parametrize("name", names_by_content(REQUESTS))
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_reader_reads_what_was_written(name, data):
    declared = REQUESTS[name]
    value = data.draw(values_of(declared))
    read = arguments_reader(declared)

    first = write_slowly(f"{{{namespace_of(name)}}}{name}", declared, value)
    assert VALIDATOR.first_error(first) is None
    once = read(etree.fromstring(etree.tostring(first)))
    again = type(value)(**dict(zip(vars(value), once, strict=True)))
    second = write_slowly(f"{{{namespace_of(name)}}}{name}", declared, again)

    # An instant that was unset comes back as one in UTC.
    unset = (b">0001-01-01T00:00:00<", b">0001-01-01T00:00:00Z<")
    assert etree.tostring(second) == etree.tostring(first).replace(*unset)
    assert plain(read(second)) == plain(once)
