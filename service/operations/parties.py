"""Customers and accounts: who owns coupons, and who redeems them."""

import re

from sqlalchemy import Connection

from service.domain.errors import ENTITY_NOT_EXISTENT, INPUT_INVALID, NAME_TAKEN, NOT_AUTHORIZED
from service.domain.money import is_currency
from service.domain.programmes import Account, Customer
from service.domain.refusals import ServiceError
from service.operations.attempts import decide
from service.operations.calls import Call
from service.operations.names import require_address, require_name
from service.storage import accounts, audit

_ACCOUNT_NUMBER = re.compile(r"[A-Z0-9]{8}")


def add_customer(call: Call, name: str) -> int:
    """Add a customer; answers its number.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` (operators only) or
            ``ApiInputValidationError`` (name).
    """
    call.caller.require_operator()
    name = require_name("customer", name)

    def attempt(connection: Connection) -> int:
        customer_id = accounts.add_customer(connection, name, call.now)
        change = audit.Change("add", "customer", customer_id, after={"name": name})
        audit.append(connection, call.author, [change])
        return customer_id

    return decide(call.database, attempt)


def list_customers(call: Call) -> list[Customer]:
    """Every customer. Raises ``UserIsNotAuthorized`` (operators only)."""
    call.caller.require_operator()
    with call.database.reading() as connection:
        return accounts.list_customers(connection)


CUSTOMERS_PAGE_MAX = 100
"""Customers in one page of ``visible_customers``, at most."""


def visible_customers(call: Call, after: int = 0) -> list[Customer]:
    """A page of the customers that the caller may read, in order of their numbers.

    Args:
        call: Whose call it is.
        after: The last number of the page before; 0 for the first page.
    """
    customer_ids = None if call.caller.is_operator else list(call.caller.roles)
    with call.database.reading() as connection:
        return accounts.find_customers(connection, customer_ids, after, CUSTOMERS_PAGE_MAX)


def show_customer(call: Call, customer_id: int) -> Customer:
    """A customer.

    Raises:
        ServiceError: ``UserIsNotAuthorized``, also when there is none of this number.
    """
    call.caller.require_read(customer_id)
    with call.database.reading() as connection:
        found = accounts.find_customers(connection, [customer_id], 0, 1)
    if not found:
        raise ServiceError(NOT_AUTHORIZED, f"customer {customer_id}")
    return found[0]


def add_account(
    call: Call, customer_id: int, number: str, currency_code: str, email: str | None = None
) -> int:
    """Add an account that bills to the customer; answers its number.

    Args:
        call: Whose call it is.
        customer_id: The bill-to customer.
        number: The account's label: eight letters or digits, unique in the service.
        currency_code: ISO 4217, three capital letters.
        email: Where its mail goes; None to send it none.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` (operators only),
            ``EntityNotExistent`` (customer), ``ApiInputValidationError`` (number,
            currency, e-mail) or ``NameTaken`` (number).
    """
    call.caller.require_operator()
    if not _ACCOUNT_NUMBER.fullmatch(number):
        text = f"account number {number!r} is not eight capital letters or digits"
        raise ServiceError(INPUT_INVALID, text)
    if not is_currency(currency_code):
        raise ServiceError(INPUT_INVALID, f"currency {currency_code!r} is unknown")
    address = require_address(email)

    def attempt(connection: Connection) -> int:
        if not accounts.customer_exists(connection, customer_id):
            raise ServiceError(ENTITY_NOT_EXISTENT, f"customer {customer_id}")
        if accounts.account_number_exists(connection, number):
            raise ServiceError(NAME_TAKEN, f"account number {number}")
        account_id = accounts.add_account(
            connection, customer_id, number, currency_code, email=address, now=call.now
        )
        after = {"customer_id": customer_id, "number": number, "currency_code": currency_code}
        change = audit.Change("add", "account", account_id, after=after)
        audit.append(connection, call.author, [change])
        return account_id

    return decide(call.database, attempt)


def list_accounts(call: Call, customer_id: int) -> list[Account]:
    """The accounts that bill to a customer. Raises ``UserIsNotAuthorized``."""
    call.caller.require_read(customer_id)
    with call.database.reading() as connection:
        return accounts.list_accounts(connection, customer_id)
