"""Subscriptions and their bills as people look them up, by their numbers."""

from sqlalchemy import Connection

from service.domain.discounted_bills import DiscountedBill, ListedBill
from service.domain.errors import ENTITY_NOT_EXISTENT
from service.domain.listings import Listing, listing_of, read_before, require_size
from service.domain.programmes import Account, Subscription
from service.domain.refusals import ServiceError
from service.operations.calls import Call
from service.operations.owned import require_owned
from service.storage import accounts, bills, subscriptions


def show_subscription(
    call: Call, customer_id: int, subscription_id: int
) -> tuple[Subscription, Account]:
    """A subscription, and its account, which bills to the customer.

    Raises:
        ServiceError: ``UserIsNotAuthorized``, also for a subscription of another customer or
            one that does not exist; for operators these are ``EntityNotExistent``.
    """
    with call.database.reading() as connection:
        return _require_subscription(connection, call, customer_id, subscription_id)


def find_bills(
    call: Call, customer_id: int, subscription_id: int, after: str | None = None, size: int = 50
) -> Listing[ListedBill]:
    """A page of the bills of a subscription, newest first; those taken back as well.

    Raises:
        ServiceError: As ``show_subscription``, or ``PagingInvalid``.
    """
    require_size(size)
    before = read_before(after)
    with call.database.reading() as connection:
        _require_subscription(connection, call, customer_id, subscription_id)
        found = bills.find_bills_of(connection, subscription_id, before, size + 1)
    return listing_of(found, size, lambda it: (it.number,))


def show_bill(
    call: Call, customer_id: int, subscription_id: int, bill_number: int
) -> DiscountedBill:
    """A bill of a subscription as it was answered, whether it stands or was rolled back.

    Raises:
        ServiceError: As ``show_subscription``; ``EntityNotExistent`` (bill).
    """
    with call.database.reading() as connection:
        _require_subscription(connection, call, customer_id, subscription_id)
        stored = bills.find_bill_numbered(connection, bill_number)
    if stored is None or stored.subscription_id != subscription_id:
        raise ServiceError(ENTITY_NOT_EXISTENT, f"bill {bill_number}")
    return stored.answer


def _require_subscription(
    connection: Connection, call: Call, customer_id: int, subscription_id: int
) -> tuple[Subscription, Account]:
    call.caller.require_read(customer_id)
    found = subscriptions.find_subscription_numbered(connection, subscription_id)
    account = accounts.find_account(connection, found.account_id) if found else None
    is_theirs = account is not None and account.customer_id == customer_id
    text = f"subscription {subscription_id}"
    require_owned(call, customer_id if is_theirs else None, text, is_change=False)
    assert found is not None  # noqa: S101 - its owner is known
    assert account is not None  # noqa: S101
    return found, account
