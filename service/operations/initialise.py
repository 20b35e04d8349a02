"""The first start: tables, the first customer with an account, the first operator."""

import secrets
from dataclasses import dataclass

from service.domain.roles import Role
from service.operations.authentication import AUTHENTICATION, DEVELOPER
from service.operations.calls import Call
from service.operations.parties import add_account, add_customer, add_user, issue_token
from service.storage import accounts, schema

FIRST_CUSTOMER = "First customer"
FIRST_ACCOUNT_NUMBER = "X0000001"
FIRST_CURRENCY = "USD"
FIRST_USER = "operator"
PASSWORD_BYTES = 18


@dataclass(frozen=True, slots=True)
class FirstKeys:
    """What the first start made; tokens and password are shown once and stored nowhere."""

    customer_id: int
    account_id: int
    developer_token: str
    authentication_token: str
    user_name: str
    password: str


def initialise(call: Call) -> FirstKeys | None:
    """Create or upgrade the tables; a database without customers gets the first ones.

    Answers:
        The first keys, or None when the database had customers already.
    """
    schema.upgrade(call.database)
    with call.database.reading() as connection:
        if accounts.any_customer_exists(connection):
            return None
    customer_id = add_customer(call, FIRST_CUSTOMER)
    account_id = add_account(call, customer_id, FIRST_ACCOUNT_NUMBER, FIRST_CURRENCY)
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    add_user(call, FIRST_USER, Role.OPERATOR, None, password)
    return FirstKeys(
        customer_id=customer_id,
        account_id=account_id,
        developer_token=issue_token(call, FIRST_USER, DEVELOPER).text,
        authentication_token=issue_token(call, FIRST_USER, AUTHENTICATION).text,
        user_name=FIRST_USER,
        password=password,
    )
