"""What an account spent, as people look it up: by month, and spend by spend."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from service.domain.errors import ENTITY_NOT_EXISTENT
from service.domain.instants import month_bounds
from service.domain.ledger import Spend
from service.domain.listings import Listing, listing_of, read_key, require_size
from service.domain.refusals import ServiceError
from service.operations.calls import Call
from service.operations.find_accounts import require_account_of
from service.storage import ledger

MONTHS_COUNT = 12


def monthly_spend(call: Call, customer_id: int, account_id: int) -> list[tuple[date, Decimal]]:
    """What an account spent in each of the last ``MONTHS_COUNT`` months of UTC, oldest first.

    Each month is named by its first day, the last is the current one. Money is in the account's
    currency; spend that was taken back does not count.

    Raises:
        ServiceError: ``UserIsNotAuthorized``, also for an account that bills to another
            customer or does not exist; for operators these are ``EntityNotExistent``.
    """
    months = _last_months(call.now)
    with call.database.reading() as connection:
        require_account_of(connection, call, customer_id, account_id)
        return [
            (first.date(), ledger.sum_of_month(connection, account_id, first, next_first))
            for first, next_first in months
        ]


def _last_months(now: datetime) -> list[tuple[datetime, datetime]]:
    months = [month_bounds(now)]
    while len(months) < MONTHS_COUNT:
        months.append(month_bounds(months[-1][0] - timedelta(days=1)))
    return months[::-1]


def find_spends(
    call: Call, customer_id: int, account_id: int, after: str | None = None, size: int = 50
) -> Listing[Spend]:
    """A page of the spends of an account, the latest first; those taken back as well.

    Raises:
        ServiceError: As ``monthly_spend``, or ``PagingInvalid``.
    """
    require_size(size)
    before = read_key(after, datetime, int)
    with call.database.reading() as connection:
        require_account_of(connection, call, customer_id, account_id)
        found = ledger.find_spends_of(connection, account_id, before, size + 1)
    return listing_of(found, size, lambda it: (it.spent_at, it.spend_id))


def show_spend(call: Call, customer_id: int, account_id: int, spend_id: int) -> Spend:
    """A spend of an account, with what it did to coupons.

    Raises:
        ServiceError: As ``monthly_spend``; ``EntityNotExistent`` (spend).
    """
    with call.database.reading() as connection:
        require_account_of(connection, call, customer_id, account_id)
        spend = ledger.find_spend_numbered(connection, spend_id)
    if spend is None or spend.account_id != account_id:
        raise ServiceError(ENTITY_NOT_EXISTENT, f"spend {spend_id}")
    return spend
