"""The checks of messages, which tests of wire and clients apply, notice what they should."""

import pytest

from service.domain import errors
from service.domain.refusals import ServiceError
from tests.conformance.broken_exchanges import BREAKS
from tests.conformance.checks import EXCHANGE_CHECKS, violations
from tests.wire.harness import envelope


@pytest.fixture
def exchanges(service):
    """One exchange of each outcome, of the real endpoint."""
    request = envelope(header="<b:UserName>ann</b:UserName>")
    service.post(request)
    service.answers["RedeemCoupon"] = ServiceError(errors.COUPON_NOT_FOUND)
    service.post(request)
    service.request("PUT", request)
    return dict(zip(("response", "fault", "other method"), service.exchanges, strict=True))


def test_what_the_service_answers_breaks_nothing(exchanges):
    assert [violations(exchange) for exchange in exchanges.values()] == [[], [], []]


def test_every_check_has_its_control():
    assert BREAKS.keys() == EXCHANGE_CHECKS.keys()


@pytest.mark.parametrize("number", BREAKS)
def test_a_broken_exchange_is_noticed(exchanges, number):
    outcome, change = BREAKS[number]
    assert list(EXCHANGE_CHECKS[number](change(exchanges[outcome])))
