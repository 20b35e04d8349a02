"""Users and their tokens: who may call, and by what they are known."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from service.domain.errors import ENTITY_NOT_EXISTENT, INPUT_INVALID, NAME_TAKEN
from service.domain.names import normal_spelling
from service.domain.refusals import ServiceError
from service.domain.roles import Role
from service.operations.attempts import decide
from service.operations.authentication import AUTHENTICATION, DEVELOPER
from service.operations.calls import Call
from service.operations.names import require_address, require_name
from service.operations.secrets import hash_password, new_token, token_digest
from service.storage import accounts, audit, users
from service.storage.users import StoredToken, StoredUser


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token; ``text`` is shown once and stored nowhere."""

    token_id: int
    kind: str
    text: str


def add_user(
    call: Call,
    name: str,
    role: Role,
    customer_id: int | None,
    password: str | None = None,
    *,
    email: str | None = None,
) -> int:
    """Add a user with one role; answers its number.

    Args:
        call: Whose call it is.
        name: Unique in the service.
        role: What the user may do; for ``Operator`` there is no customer.
        customer_id: The customer in which the user has the role.
        password: For callers that sign in with UserName and Password; None for
            users that only have tokens.
        email: Where the user is told that a job has ended; None to tell nothing.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` (operators only),
            ``EntityNotExistent`` (customer), ``ApiInputValidationError`` (name, e-mail,
            or a role without its customer) or ``NameTaken``.
    """
    call.caller.require_operator()
    name = require_name("user", name)
    if (role is Role.OPERATOR) != (customer_id is None):
        raise ServiceError(INPUT_INVALID, "every role but Operator is for one customer")
    address = require_address(email)
    password_hash = hash_password(password) if password else None

    def attempt(connection: Connection) -> int:
        if customer_id is not None and not accounts.customer_exists(connection, customer_id):
            raise ServiceError(ENTITY_NOT_EXISTENT, f"customer {customer_id}")
        if users.find_user(connection, name) is not None:
            raise ServiceError(NAME_TAKEN, f"user {name}")
        user_id = users.add_user(connection, name, password_hash, email=address, now=call.now)
        users.add_role(connection, user_id, role, customer_id)
        after = {"name": name, "role": role.value, "customer_id": customer_id, "email": address}
        audit.append(connection, call.author, [audit.Change("add", "user", user_id, after=after)])
        return user_id

    return decide(call.database, attempt)


def list_users(call: Call) -> list[StoredUser]:
    """Every user with each of its roles. Raises ``UserIsNotAuthorized`` (operators only)."""
    call.caller.require_operator()
    with call.database.reading() as connection:
        return users.list_users(connection)


def set_password(call: Call, name: str, password: str) -> int:
    """Give a user a password in the place of the one before; answers the user's number.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` (operators only) or
            ``EntityNotExistent``: no user in use has the name.
    """
    call.caller.require_operator()
    return _put_password(call, name, hash_password(password))


def set_own_password(call: Call, password: str) -> str:
    """Give the caller a password in the place of the one before; answers what is stored of it.

    Whoever lets somebody do this asks for the one before first.

    Raises:
        ServiceError: ``EntityNotExistent``: the caller is no user in use.
    """
    password_hash = hash_password(password)
    _put_password(call, call.caller.user_name, password_hash)
    return password_hash


def _put_password(call: Call, name: str, password_hash: str) -> int:
    def attempt(connection: Connection) -> int:
        user_id = _require_user_in_use(connection, name)
        users.set_password(connection, user_id, password_hash)
        change = audit.Change("set password", "user", user_id)
        audit.append(connection, call.author, [change])
        return user_id

    return decide(call.database, attempt)


def set_email(call: Call, name: str, email: str | None) -> int:
    """Change where a user is told that a job has ended; answers the user's number.

    Args:
        call: Whose call it is.
        name: Of the user.
        email: The address; None to tell nothing from now on.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` (operators only),
            ``ApiInputValidationError`` (e-mail) or ``EntityNotExistent``: no user in use
            has the name.
    """
    call.caller.require_operator()
    address = require_address(email)

    def attempt(connection: Connection) -> int:
        user_id = _require_user_in_use(connection, name)
        before = users.find_email(connection, user_id)
        users.set_email(connection, user_id, address)
        change = audit.Change(
            "set email", "user", user_id, before={"email": before}, after={"email": address}
        )
        audit.append(connection, call.author, [change])
        return user_id

    return decide(call.database, attempt)


def disable_user(call: Call, name: str) -> int:
    """End a user for good; answers its number.

    Its tokens are revoked and its password is forgotten, so that each call that brings
    them is refused as one with wrong credentials. Its e-mail address is forgotten too:
    it is told nothing more. Its name is not free again: the audit log has it.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` (operators only) or
            ``EntityNotExistent``: no user in use has the name.
    """
    call.caller.require_operator()

    def attempt(connection: Connection) -> int:
        user_id = _require_user_in_use(connection, name)
        users.disable_user(connection, user_id, call.now)
        after = {"disabled_at": call.now.isoformat()}
        change = audit.Change("disable", "user", user_id, after=after)
        audit.append(connection, call.author, [change])
        return user_id

    return decide(call.database, attempt)


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
            ``EntityNotExistent`` (no user in use has the name) or
            ``ApiInputValidationError`` (kind).
    """
    call.caller.require_operator()
    if kind not in {DEVELOPER, AUTHENTICATION}:
        raise ServiceError(INPUT_INVALID, f"a token is for {DEVELOPER} or {AUTHENTICATION}")
    text = new_token()

    def attempt(connection: Connection) -> int:
        user_id = _require_user_in_use(connection, user_name)
        token_id = users.add_token(
            connection, user_id, kind, token_digest(text), now=call.now, expires_at=expires_at
        )
        end = expires_at.isoformat() if expires_at else None
        after = {"user_id": user_id, "kind": kind, "expires_at": end}
        change = audit.Change("issue", "token", token_id, after=after)
        audit.append(connection, call.author, [change])
        return token_id

    token_id = decide(call.database, attempt)
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

    def attempt(connection: Connection) -> None:
        if not users.revoke_token(connection, token_id, call.now):
            raise ServiceError(ENTITY_NOT_EXISTENT, f"token {token_id}")
        audit.append(connection, call.author, [audit.Change("revoke", "token", token_id)])

    decide(call.database, attempt)


def _require_user_in_use(connection: Connection, name: str) -> int:
    user_id = users.lock_user_in_use(connection, normal_spelling(name))
    if user_id is None:
        raise ServiceError(ENTITY_NOT_EXISTENT, f"user {name}")
    return user_id
