"""A service that can be stopped in the middle of a redemption."""

import os
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from service.soap import customer_billing

SETTING = "HOLD_FILE"
"""Names the file, as a setting of the service."""
_POLL_S = 0.01


def hold_redemptions() -> None:
    """Let each RedeemCoupon wait, once it has done its work, while the file is there."""
    file = Path(os.environ[f"COUPON_BILLING_{SETTING}"])
    redeem_coupon = customer_billing.redeem_coupon

    def hold(*arguments: Any) -> datetime:
        redeemed_at = redeem_coupon(*arguments)
        while file.exists():
            arrival_of(file).touch()
            time.sleep(_POLL_S)
        return redeemed_at

    customer_billing.redeem_coupon = hold


def arrival_of(file: Path) -> Path:
    """The file that is there when a redemption waits."""
    return file.with_suffix(".arrived")
