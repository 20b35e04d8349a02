"""A call lets go of its request and reply by itself: looks for garbage stop all threads."""

import gc
from collections.abc import Iterator

import pytest
from spyne import MethodContext

from service.soap.exchange import Exchange
from tests.wire.harness import NOON, REDEEM, WireService, envelope


@pytest.fixture
def no_look_for_garbage() -> Iterator[None]:
    """What others have left is gone, and nothing is looked for meanwhile."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_look_for_garbage")
@pytest.mark.parametrize(
    ("content", "status"),
    [
        pytest.param(envelope(REDEEM), 200, id="answered"),
        pytest.param(
            envelope("<b:RedeemCouponRequest><b/></b:RedeemCouponRequest>"), 500, id="invalid"
        ),
        pytest.param(envelope("<b:NoSuchRequest/>"), 500, id="unknown operation"),
        pytest.param(b"<broken", 500, id="malformed"),
    ],
)
def test_nothing_of_a_call_stays(service: WireService, content: bytes, status: int) -> None:
    service.answers["RedeemCoupon"] = NOON
    before = _held_count()

    assert service.post(content).status == status

    assert _held_count() == before


def _held_count() -> int:
    return sum(isinstance(it, MethodContext | Exchange) for it in gc.get_objects())
