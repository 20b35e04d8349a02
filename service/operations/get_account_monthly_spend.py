"""GetAccountMonthlySpend."""

from datetime import datetime
from decimal import Decimal

from service.domain.errors import ACCOUNT_ID_INVALID, NULL_PARAMETER
from service.domain.instants import month_bounds
from service.domain.refusals import ServiceError
from service.operations.calls import Call
from service.operations.owned import require_account
from service.storage import ledger


def get_account_monthly_spend(
    call: Call, account_id: int | None, month_year: datetime | None
) -> Decimal:
    """What an account spent in a calendar month of UTC, in its currency.

    Spend that was taken back does not count.

    Args:
        call: Whose call it is.
        account_id: The account.
        month_year: Any instant of the month.

    Raises:
        ServiceError: ``AccountIdInvalid``, ``NullParameter`` (MonthYear) or
            ``UserIsNotAuthorized``.
    """
    if account_id is None or account_id <= 0:
        raise ServiceError(ACCOUNT_ID_INVALID, f"AccountId is {account_id or 0}")
    if month_year is None:
        raise ServiceError(NULL_PARAMETER, "MonthYear")
    with call.database.reading() as connection:
        require_account(connection, call, account_id)
        return ledger.sum_of_month(connection, account_id, *month_bounds(month_year))
