"""Generated writers against a slow writer and the schema, on random values."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from service.soap.contract import COUPON_MANAGEMENT
from service.soap.namespaces import BILLING
from service.soap.validation import Validator
from service.soap.writers import element_writer, writer_source
from tests.wire.declared_values import (
    FAULTS,
    RESPONSES,
    as_data,
    names_by_content,
    namespace_of,
    values_of,
    write_slowly,
)

WRITTEN = RESPONSES | FAULTS
# Its schema imports that of the customer billing service.
VALIDATOR = Validator(COUPON_MANAGEMENT)


@pytest.mark.parametrize("name", names_by_content(WRITTEN))
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_writer_writes_what_a_slow_one_builds(name, data):
    declared, namespace = WRITTEN[name], namespace_of(name)
    value = data.draw(values_of(declared))

    written = etree.fromstring(element_writer(name, namespace, declared)(value))

    assert as_data(written) == as_data(write_slowly(f"{{{namespace}}}{name}", declared, value))
    assert VALIDATOR.first_error(written) is None


def test_the_source_is_plain_to_read():
    source = writer_source("RedeemCouponResponse", BILLING, RESPONSES["RedeemCouponResponse"])
    start, end = "<RedemptionDate>", "</RedemptionDate>"
    unset = f"'{start}0001-01-01T00:00:00{end}' if redemption_date is None"
    given = f"f'{start}{{write_date_time(redemption_date)}}{end}'"
    name = "RedeemCouponResponse"
    assert source.splitlines() == [
        "def write_RedeemCouponResponse(values):",
        "    redemption_date = values.redemption_date",
        f"    redemption_date = {unset} else {given}",
        "    return f'{redemption_date}'",
        "",
        "def write_element(values):",
        f"    return f'<{name} xmlns=\"{BILLING}\">{{write_{name}(values)}}</{name}>'",
    ]


def test_namespaces_are_declared_where_the_original_declares_them(service, coupon):
    service.answers["SearchCoupons"] = [coupon()]
    content = service.call("<b:SearchCouponsRequest/>").content
    assert (
        b'</s:Header><s:Body><SearchCouponsResponse xmlns="https://bingads.microsoft.com/Billing/v13">'
        b'<Coupons xmlns:a="https://bingads.microsoft.com/Customer/v13/Entities"'
        b' xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><a:Coupon><a:CouponCode>'
    ) in content
    assert content.count(b"xmlns") == 5


def test_an_empty_list_is_an_empty_element_and_not_nil(service):
    (coupons,) = service.call("<b:SearchCouponsRequest/>").payload
    assert (len(coupons), dict(coupons.attrib)) == (0, {})
