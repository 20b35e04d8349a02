"""Accounts as people look them up: a page at a time, and one with what it has."""

from sqlalchemy import Connection

from service.domain.account_coupons import HeldCoupon
from service.domain.listings import (
    Listing,
    listing_of,
    read_before,
    read_key,
    require_size,
    stored_text,
)
from service.domain.programmes import Account, Subscription
from service.operations.calls import Call
from service.operations.owned import require_owned
from service.storage import accounts, coupon_info, subscriptions


def find_accounts(
    call: Call,
    customer_id: int,
    number_start: str | None = None,
    after: str | None = None,
    size: int = 50,
) -> Listing[Account]:
    """A page of the accounts that bill to a customer, oldest first, or in order of their numbers.

    Args:
        call: Whose call it is.
        customer_id: The bill-to customer.
        number_start: What the account's number begins with, in capital or small letters; None
            for any.
        after: Where the page before ended; None for the first.
        size: How many, 1 to ``LISTING_SIZE_MAX``.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` or ``PagingInvalid``.
    """
    call.caller.require_read(customer_id)
    require_size(size)
    start = (stored_text(number_start) or "").upper()
    last = read_key(after, str if start else int)
    with call.database.reading() as connection:
        if start:
            above = last[0] if last else ""
            found = accounts.find_accounts_numbered(connection, customer_id, start, above, size + 1)
            return listing_of(found, size, lambda it: (it.number,))
        found = accounts.find_accounts_of(connection, customer_id, last[0] if last else 0, size + 1)
    return listing_of(found, size, lambda it: (it.account_id,))


def show_account(call: Call, customer_id: int, account_id: int) -> Account:
    """An account that bills to the customer.

    Raises:
        ServiceError: ``UserIsNotAuthorized``, also for an account that bills to another
            customer or does not exist; for operators these are ``EntityNotExistent``.
    """
    with call.database.reading() as connection:
        return require_account_of(connection, call, customer_id, account_id)


def find_account_coupons(
    call: Call, customer_id: int, account_id: int, after: str | None = None, size: int = 50
) -> Listing[HeldCoupon]:
    """A page of the coupons that an account claimed or redeemed, whosever they are, newest first.

    Raises:
        ServiceError: As ``show_account``, or ``PagingInvalid``.
    """
    require_size(size)
    before = read_before(after)
    with call.database.reading() as connection:
        require_account_of(connection, call, customer_id, account_id)
        found = coupon_info.find_account_coupons(connection, account_id, before, size + 1, call.now)
    return listing_of(found, size, lambda it: (it.coupon_id,))


def find_subscriptions(
    call: Call, customer_id: int, account_id: int, after: str | None = None, size: int = 50
) -> Listing[Subscription]:
    """A page of the subscriptions of an account, newest first; those that have ended as well.

    Raises:
        ServiceError: As ``show_account``, or ``PagingInvalid``.
    """
    require_size(size)
    before = read_before(after)
    with call.database.reading() as connection:
        require_account_of(connection, call, customer_id, account_id)
        found = subscriptions.find_subscriptions_of(connection, account_id, before, size + 1)
    return listing_of(found, size, lambda it: (it.subscription_id,))


def require_account_of(
    connection: Connection, call: Call, customer_id: int, account_id: int
) -> Account:
    """An account that bills to the customer; raises as ``show_account``."""
    call.caller.require_read(customer_id)
    account = accounts.find_account(connection, account_id)
    is_theirs = account is not None and account.customer_id == customer_id
    require_owned(
        call, customer_id if is_theirs else None, f"account {account_id}", is_change=False
    )
    assert account is not None  # noqa: S101 - its owner is known
    return account
