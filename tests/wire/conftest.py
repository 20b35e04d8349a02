"""A service for each test of the wire."""

from decimal import Decimal

import pytest

from service.domain.coupons import Coupon, CouponClaimInfo, CouponRedemption
from service.operations.claim_coupons import ClaimOutcome
from service.soap import customer_billing
from tests.wire.harness import NOON, WireService


@pytest.fixture
def make_service(monkeypatch):
    """Make a service with the settings of the endpoint."""

    def make(**settings):
        service = WireService(settings)
        service.answers |= {
            "RedeemCoupon": NOON,
            "SearchCoupons": [],
            "DispatchCoupons": [],
            "ClaimFeatureAdoptionCoupons": ClaimOutcome(),
            "CheckFeatureAdoptionCouponEligibility": [],
            "DistributeCoupons": [],
            "GetCouponInfo": [],
        }
        for function, name in {
            "redeem_coupon": "RedeemCoupon",
            "search_coupons": "SearchCoupons",
            "dispatch_coupons": "DispatchCoupons",
            "claim_coupons": "ClaimFeatureAdoptionCoupons",
            "check_eligibility": "CheckFeatureAdoptionCouponEligibility",
            "distribute_coupons": "DistributeCoupons",
            "get_coupon_info": "GetCouponInfo",
        }.items():
            monkeypatch.setattr(customer_billing, function, service.operation(name))
        return service

    return make


@pytest.fixture
def service(make_service):
    """A service with the settings as they come."""
    return make_service()


@pytest.fixture
def coupon():
    """Make a coupon, some of its members as a test wants them."""

    def make(**members):
        return Coupon(
            **{
                "coupon_code": "SUN-7QX",
                "class_name": "Summer",
                "coupon_type": "Acquisition",
                "amount": Decimal(100),
                "spend_threshold": Decimal("25.50"),
                "currency_code": "USD",
                "percent_off": Decimal("12.5"),
                "active_duration": 90,
                "expiration_date": None,
                "start_date": NOON,
                "end_date": NOON,
                "send_to_email": "ann@example.com",
                "send_to_date": NOON,
                "is_redeemed": True,
                "redemption_info": CouponRedemption(
                    1001, "F100ABCD", Decimal(0), Decimal(100), "USD", NOON, NOON, None
                ),
                "claim_info": CouponClaimInfo(1001, "F100ABCD", NOON),
            }
            | members
        )

    return make
