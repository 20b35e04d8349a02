"""RedeemCoupon."""

from datetime import datetime

from sqlalchemy import Connection

from service.domain.codes import fold_code
from service.domain.errors import (
    ACCOUNT_ID_INVALID,
    COUPON_NOT_FOUND,
    NOT_AUTHORIZED,
    NULL_PARAMETER,
)
from service.domain.redemption import NewRedemption, RedeemingAccount, redeem
from service.domain.refusals import ServiceError
from service.domain.terms import CouponType
from service.operations.attempts import decide
from service.operations.calls import Call
from service.operations.guesses import guesser_of, guessing, require_few
from service.operations.movements import promote_waiting
from service.storage import audit, redemptions
from service.storage.redemptions import RedeemableCoupon
from service.storage.trouble import LostRaceError


def redeem_coupon(call: Call, account_id: int | None, coupon_code: str | None) -> datetime:
    """Bind a coupon to an account; answers the redemption date.

    The same account and code again are answered the first date, so that a call
    can be repeated when its answer was lost.

    Raises:
        ServiceError: ``AccountIdInvalid``, ``NullParameter`` (CouponCode),
            ``UserIsNotAuthorized``, ``CouponNotFound``, or why the account cannot
            redeem this coupon (see ``service.domain.redemption.redeem``);
            ``CallRateExceeded`` when too many of the caller's guesses failed.
    """
    if account_id is None or account_id <= 0:
        raise ServiceError(ACCOUNT_ID_INVALID, f"AccountId is {account_id or 0}")
    code = fold_code(coupon_code or "")
    if not code:
        raise ServiceError(NULL_PARAMETER, "CouponCode")

    def attempt(connection: Connection) -> datetime:
        return _attempt(connection, call, account_id, code)

    return guessing(call, lambda: decide(call.database, attempt, is_small=True))


def _attempt(connection: Connection, call: Call, account_id: int, code: str) -> datetime:
    redemptions.lock_parties(connection, account_id, code, call.caller.writable_customers)
    account, found, failures = redemptions.find_parties(
        connection, account_id, code, guesser_of(call)
    )
    require_few(call, failures)
    if account is None or not call.caller.may_write(account.customer_id):
        # Others cannot tell whether it exists.
        row = ACCOUNT_ID_INVALID if call.caller.is_operator else NOT_AUTHORIZED
        raise ServiceError(row, f"account {account_id}")
    if found is None:
        raise ServiceError(COUPON_NOT_FOUND, f"coupon {code[:100]}")
    if found.redeemed_at is not None and found.state.redeemed_account_id == account_id:
        return found.redeemed_at
    new = redeem(found.state, account, call.now)
    _record(connection, call, found, account, new)
    return new.redeemed_at


def _record(
    connection: Connection,
    call: Call,
    found: RedeemableCoupon,
    account: RedeemingAccount,
    new: NewRedemption,
) -> None:
    is_acquisition = found.state.terms.coupon_type is CouponType.ACQUISITION
    customer_id = account.customer_id if is_acquisition else None
    after = {
        "account_id": account.account_id,
        "redeemed_at": new.redeemed_at.isoformat(),
        "expires_at": new.expires_at.isoformat(),
        "balance": str(new.granted),
    }
    change = audit.Change("redeem", "coupon", found.coupon_id, after=after)
    line = audit.line(call.author, change)
    if not redemptions.record_redemption(
        connection, found, account.account_id, new, customer_id, line=line
    ):
        raise LostRaceError
    if not found.state.terms.spend_threshold:
        promote_waiting(connection, call, account.account_id)
