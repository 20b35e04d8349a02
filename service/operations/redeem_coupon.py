"""RedeemCoupon."""

from datetime import datetime

from service.operations.calls import Call


def redeem_coupon(call: Call, account_id: int | None, coupon_code: str | None) -> datetime:
    """Bind a coupon to an account; answers the redemption date."""
    raise NotImplementedError
