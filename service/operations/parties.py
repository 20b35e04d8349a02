"""Customers, accounts and users: who owns coupons, who redeems them, who may call."""

import re
from dataclasses import dataclass
from datetime import datetime

from service.domain.emails import normal_address
from service.domain.errors import (
    ENTITY_NOT_EXISTENT,
    INPUT_INVALID,
    NAME_TAKEN,
    ServiceError,
)
from service.domain.money import is_currency
from service.domain.names import normal_name
from service.domain.programmes import Account
from service.domain.roles import Role
from service.operations.authentication import AUTHENTICATION, DEVELOPER
from service.operations.calls import Call
from service.operations.secrets import hash_password, new_token, token_digest
from service.storage import accounts, audit, users
from service.storage.users import StoredToken

_ACCOUNT_NUMBER = re.compile(r"[A-Z0-9]{8}")


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token; ``text`` is shown once and stored nowhere."""

    token_id: int
    kind: str
    text: str


def add_customer(call: Call, name: str) -> int:
    """Add a customer; answers its number.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` (operators only) or
            ``ApiInputValidationError`` (name).
    """
    call.caller.require_operator()
    name = _require_name("customer", name)
    with call.database.writing() as connection:
        customer_id = accounts.add_customer(connection, name, call.now)
        change = audit.Change("add", "customer", customer_id, after={"name": name})
        audit.append(connection, call.author, [change])
    return customer_id


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
    address = _address(email)
    with call.database.writing() as connection:
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


def list_accounts(call: Call, customer_id: int) -> list[Account]:
    """The accounts that bill to a customer. Raises ``UserIsNotAuthorized``."""
    call.caller.require_read(customer_id)
    with call.database.reading() as connection:
        return accounts.list_accounts(connection, customer_id)


def add_user(
    call: Call, name: str, role: Role, customer_id: int | None, password: str | None = None
) -> int:
    """Add a user with one role; answers its number.

    Args:
        call: Whose call it is.
        name: Unique in the service.
        role: What the user may do; for ``Operator`` there is no customer.
        customer_id: The customer in which the user has the role.
        password: For callers that sign in with UserName and Password; None for
            users that only have tokens.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` (operators only),
            ``EntityNotExistent`` (customer), ``ApiInputValidationError`` (name, or
            a role without its customer) or ``NameTaken``.
    """
    call.caller.require_operator()
    name = _require_name("user", name)
    if (role is Role.OPERATOR) != (customer_id is None):
        raise ServiceError(INPUT_INVALID, "every role but Operator is for one customer")
    password_hash = hash_password(password) if password else None
    with call.database.writing() as connection:
        if customer_id is not None and not accounts.customer_exists(connection, customer_id):
            raise ServiceError(ENTITY_NOT_EXISTENT, f"customer {customer_id}")
        if users.find_user(connection, name) is not None:
            raise ServiceError(NAME_TAKEN, f"user {name}")
        user_id = users.add_user(connection, name, password_hash, call.now)
        users.add_role(connection, user_id, role, customer_id)
        after = {"name": name, "role": role.value, "customer_id": customer_id}
        audit.append(connection, call.author, [audit.Change("add", "user", user_id, after=after)])
    return user_id


def issue_token(
    call: Call, user_name: str, kind: str, expires_at: datetime | None = None
) -> IssuedToken:
    """Issue a token to a user.

    Args:
        call: Whose call it is.
        user_name: Whose token it will be.
        kind: ``developer`` or ``authentication``.
        expires_at: When it stops being accepted; None for never.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` (operators only),
            ``EntityNotExistent`` (user) or ``ApiInputValidationError`` (kind).
    """
    call.caller.require_operator()
    if kind not in {DEVELOPER, AUTHENTICATION}:
        raise ServiceError(INPUT_INVALID, f"a token is for {DEVELOPER} or {AUTHENTICATION}")
    text = new_token()
    with call.database.writing() as connection:
        user = users.find_user(connection, user_name)
        if user is None:
            raise ServiceError(ENTITY_NOT_EXISTENT, f"user {user_name}")
        token_id = users.add_token(
            connection, user[0], kind, token_digest(text), now=call.now, expires_at=expires_at
        )
        after = {"user_id": user[0], "kind": kind}
        change = audit.Change("issue", "token", token_id, after=after)
        audit.append(connection, call.author, [change])
    return IssuedToken(token_id, kind, text)


def list_tokens(call: Call) -> list[StoredToken]:
    """Every token, without its text. Raises ``UserIsNotAuthorized`` (operators only)."""
    call.caller.require_operator()
    with call.database.reading() as connection:
        return users.list_tokens(connection)


def revoke_token(call: Call, token_id: int) -> None:
    """End a token.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` (operators only) or
            ``EntityNotExistent``: no token of this number is in force.
    """
    call.caller.require_operator()
    with call.database.writing() as connection:
        if not users.revoke_token(connection, token_id, call.now):
            raise ServiceError(ENTITY_NOT_EXISTENT, f"token {token_id}")
        audit.append(connection, call.author, [audit.Change("revoke", "token", token_id)])


def _address(email: str | None) -> str | None:
    if email is None:
        return None
    try:
        return normal_address(email)
    except ValueError as error:
        raise ServiceError(INPUT_INVALID, f"e-mail {email[:40]!r}: {error}") from error


def _require_name(of_what: str, name: str) -> str:
    try:
        return normal_name(name)
    except ValueError as error:
        raise ServiceError(INPUT_INVALID, f"{of_what}: {error}") from error
