"""CheckFeatureAdoptionCouponEligibility."""

from service.domain.errors import NULL_PARAMETER
from service.domain.refusals import ServiceError
from service.operations.calls import Call
from service.operations.lists import require_list
from service.storage import claims
from service.storage.accounts import find_accounts

ACCOUNTS_COUNT_MAX = 100


def check_eligibility(
    call: Call, feature_id: int | None, account_ids: list[int] | None
) -> list[int]:
    """Those of the accounts that can claim a coupon of the feature, each once, in their order.

    A class of the feature, of whichever owner, has a coupon in the account's
    currency that nobody claimed or redeemed and that has not ended or expired, and
    the account has claimed none of the feature. Accounts that the caller may not
    read are left out, as are those that do not exist.

    Raises:
        ServiceError: ``NullParameter`` (FeatureId), ``ListNullOrEmpty`` or
            ``BatchTooLarge`` (more than 100 accounts).
    """
    if feature_id is None:
        raise ServiceError(NULL_PARAMETER, "FeatureId")
    required = require_list("AccountIds", account_ids, ACCOUNTS_COUNT_MAX)
    with call.database.reading() as connection:
        accounts = find_accounts(connection, required)
        features = claims.claimed_features(connection, accounts)
        candidates = [
            accounts[account_id]
            for account_id in dict.fromkeys(required)
            if account_id in accounts
            and call.caller.may_read(accounts[account_id].customer_id)
            and feature_id not in features[account_id]
        ]
        currencies = {
            currency_code
            for currency_code in {account.currency_code for account in candidates}
            if claims.has_open_coupon(connection, feature_id, currency_code, call.now)
        }
    return [account.account_id for account in candidates if account.currency_code in currencies]
