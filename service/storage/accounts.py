"""Customers and the accounts that bill to them."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, bindparam, exists, insert, select

from service.domain.numbers import ID_MAX
from service.domain.programmes import Account, Customer
from service.storage.party_tables import account, customer
from service.storage.prepared import Prepared
from service.storage.prepared_lists import PreparedList
from service.storage.statements import LAST_CHARACTER, new_id

ACCOUNT_NUMBER_LENGTH = 8
_CUSTOMERS = select(customer.c.customer_id, customer.c.name, customer.c.created_at).order_by(
    customer.c.customer_id
)
_ACCOUNTS = select(
    account.c.account_id,
    account.c.customer_id,
    account.c.number,
    account.c.currency_code,
    account.c.email,
).order_by(account.c.account_id)
_ACCOUNT = _ACCOUNTS.where(account.c.account_id == bindparam("account_id"))
_FIND = Prepared(_ACCOUNT)
_LISTED = PreparedList(lambda numbers: _ACCOUNTS.where(account.c.account_id.in_(numbers)))
# What points to an account need not wait: its number stays.
_LOCK = Prepared(_ACCOUNT.with_for_update(key_share=True))


def add_customer(connection: Connection, name: str, now: datetime) -> int:
    """Insert a customer; answers its number."""
    return new_id(connection.execute(insert(customer).values(name=name, created_at=now)))


def list_customers(connection: Connection) -> list[Customer]:
    """Every customer, oldest first."""
    return [Customer(*row) for row in connection.execute(_CUSTOMERS)]


def find_customers(
    connection: Connection, customer_ids: Collection[int] | None, after: int, count_max: int
) -> list[Customer]:
    """The customers whose number is above ``after``, in order of their numbers.

    Args:
        connection: The transaction.
        customer_ids: Of which customers; None for all.
        after: A customer's number; 0 to begin with the first.
        count_max: How many at most.
    """
    wanted = _CUSTOMERS.where(customer.c.customer_id > after)
    if customer_ids is not None:
        wanted = wanted.where(customer.c.customer_id.in_(customer_ids))
    return [Customer(*row) for row in connection.execute(wanted.limit(count_max))]


def customer_exists(connection: Connection, customer_id: int) -> bool:
    """Whether there is such a customer."""
    found = connection.execute(select(exists().where(customer.c.customer_id == customer_id)))
    return bool(found.scalar_one())


def any_customer_exists(connection: Connection) -> bool:
    """Whether there is any customer at all."""
    return bool(connection.execute(select(exists(customer))).scalar_one())


def add_account(
    connection: Connection,
    customer_id: int,
    number: str,
    currency_code: str,
    *,
    email: str | None,
    now: datetime,
) -> int:
    """Insert an account; answers its number."""
    values = {
        "customer_id": customer_id,
        "number": number,
        "currency_code": currency_code,
        "email": email,
        "created_at": now,
    }
    return new_id(connection.execute(insert(account).values(values)))


def account_number_exists(connection: Connection, number: str) -> bool:
    """Whether an account has this number already."""
    return bool(connection.execute(select(exists().where(account.c.number == number))).scalar_one())


def list_accounts(connection: Connection, customer_id: int) -> list[Account]:
    """The accounts that bill to a customer, oldest first."""
    rows = connection.execute(_ACCOUNTS.where(account.c.customer_id == customer_id))
    return [Account(*row) for row in rows]


def find_accounts_of(
    connection: Connection, customer_id: int, after: int, count_max: int
) -> list[Account]:
    """The accounts that bill to a customer, with identifiers above ``after``, in their order."""
    wanted = _ACCOUNTS.where(account.c.customer_id == customer_id, account.c.account_id > after)
    return [Account(*row) for row in connection.execute(wanted.limit(count_max))]


def find_accounts_numbered(
    connection: Connection, customer_id: int, number_start: str, after: str, count_max: int
) -> list[Account]:
    """The accounts of a customer whose number begins so and is above ``after``, in their order."""
    is_whole = len(number_start) == ACCOUNT_NUMBER_LENGTH
    begins_so = (
        account.c.number == number_start
        if is_whole
        else account.c.number.between(number_start, number_start + LAST_CHARACTER)
    )
    wanted = _ACCOUNTS.where(
        account.c.customer_id == customer_id, begins_so, account.c.number > after
    )
    in_order = wanted.order_by(None).order_by(account.c.number).limit(count_max)
    return [Account(*row) for row in connection.execute(in_order)]


def find_account(connection: Connection, account_id: int, *, lock: bool = False) -> Account | None:
    """An account; ``lock`` lets what concerns it be decided for one caller after the other."""
    statement = _LOCK if lock else _FIND
    row = statement.row(connection, {"account_id": account_id})
    return None if row is None else Account(*row)


def find_owner(connection: Connection, account_id: int) -> int | None:
    """The customer that an account bills to; None when there is no account of this number."""
    if account_id > ID_MAX:
        return None
    statement = select(account.c.customer_id).where(account.c.account_id == account_id)
    return connection.execute(statement).scalar_one_or_none()


def find_accounts(connection: Connection, account_ids: Collection[int]) -> dict[int, Account]:
    """Those of the accounts that exist, by their number."""
    rows = _LISTED.rows(connection, account_ids)
    return {row.account_id: Account(*row) for row in rows}


def lock_accounts(
    connection: Connection, account_ids: Collection[int], customer_ids: Collection[int] | None
) -> set[int]:
    """Let what concerns the accounts be decided for one caller after the other.

    What is to be decided on is read afterwards: whoever waited here sees then what
    the others did.

    Args:
        connection: A transaction that writes; it holds the locks.
        account_ids: Which accounts.
        customer_ids: Only accounts that bill to these; None for any.

    Returns:
        Those that were locked.
    """
    statement = select(account.c.account_id).where(account.c.account_id.in_(account_ids))
    if customer_ids is not None:
        statement = statement.where(account.c.customer_id.in_(customer_ids))
    # In one order for all. What points to an account need not wait: its number stays.
    statement = statement.order_by(account.c.account_id).with_for_update(key_share=True)
    return set(connection.scalars(statement))
