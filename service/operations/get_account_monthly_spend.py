"""GetAccountMonthlySpend."""

from datetime import datetime, timezone
from decimal import Decimal

from service.domain.errors import ACCOUNT_ID_INVALID, NOT_AUTHORIZED, NULL_PARAMETER
from service.domain.refusals import ServiceError
from service.operations.calls import Call
from service.storage import accounts, ledger

LAST_YEAR = 9999


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
        account = accounts.find_account(connection, account_id)
        if account is None or not call.caller.may_read(account.customer_id):
            row = ACCOUNT_ID_INVALID if call.caller.is_operator else NOT_AUTHORIZED
            raise ServiceError(row, f"account {account_id}")
        return ledger.sum_of_month(
            connection, account_id, *month_bounds(month_year.astimezone(timezone.utc))
        )


def month_bounds(instant: datetime) -> tuple[datetime, datetime]:
    """The first instants of the month and of the one after it."""
    first = datetime(instant.year, instant.month, 1, tzinfo=timezone.utc)
    if (instant.year, instant.month) == (LAST_YEAR, 12):
        return first, datetime.max.replace(tzinfo=timezone.utc)
    following = instant.year * 12 + instant.month
    return first, datetime(following // 12, following % 12 + 1, 1, tzinfo=timezone.utc)
