"""The first start: tables, the first customer with an account, the first operator."""

from dataclasses import dataclass

from sqlalchemy import Connection

from service.domain.roles import Role
from service.operations.attempts import decide
from service.operations.authentication import AUTHENTICATION, DEVELOPER
from service.operations.calls import Call
from service.operations.names import require_address
from service.operations.secrets import hash_password, new_password, new_token, token_digest
from service.storage import accounts, audit, schema, users
from service.storage.engine import Database

FIRST_CUSTOMER = "First customer"
FIRST_ACCOUNT_NUMBER = "X0000001"
FIRST_CURRENCY = "USD"
FIRST_USER = "operator"


@dataclass(frozen=True, slots=True)
class FirstKeys:
    """What the first start made; tokens and password are shown once and stored nowhere."""

    customer_id: int
    account_id: int
    developer_token: str
    authentication_token: str
    user_name: str
    password: str


def initialise(call: Call, database: Database, email: str | None = None) -> FirstKeys | None:
    """Create or upgrade the tables; a database without customers gets the first ones.

    Args:
        call: Whose call it is.
        database: To be created or upgraded.
        email: Where the first operator is told that a job has ended; None for nowhere.

    Returns:
        The first keys, or None when the database had customers already.

    Raises:
        ServiceError: ``ApiInputValidationError`` (e-mail); nothing was done.
    """
    address = require_address(email)
    schema.upgrade(database)
    password = new_password()
    password_hash = hash_password(password)

    def attempt(connection: Connection) -> FirstKeys | None:
        if accounts.any_customer_exists(connection):
            return None
        return _first_keys(connection, call, password, password_hash, address)

    return decide(database, attempt)


def _first_keys(
    connection: Connection, call: Call, password: str, password_hash: str, email: str | None
) -> FirstKeys:
    now = call.now
    customer_id = accounts.add_customer(connection, FIRST_CUSTOMER, now)
    account_id = accounts.add_account(
        connection, customer_id, FIRST_ACCOUNT_NUMBER, FIRST_CURRENCY, email=None, now=now
    )
    user_id = users.add_user(connection, FIRST_USER, password_hash, email=email, now=now)
    users.add_role(connection, user_id, Role.OPERATOR, None)
    tokens = {kind: new_token() for kind in (DEVELOPER, AUTHENTICATION)}
    for kind, text in tokens.items():
        users.add_token(connection, user_id, kind, token_digest(text), now=now, expires_at=None)
    made = {"customer": customer_id, "account": account_id, "user": user_id}
    changes = [audit.Change("initialise", entity, number) for entity, number in made.items()]
    audit.append(connection, call.author, changes)
    return FirstKeys(
        customer_id=customer_id,
        account_id=account_id,
        developer_token=tokens[DEVELOPER],
        authentication_token=tokens[AUTHENTICATION],
        user_name=FIRST_USER,
        password=password,
    )
