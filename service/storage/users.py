"""Users, their roles, and the tokens by which they are known."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from service.domain.roles import Role
from service.storage.party_tables import membership, service_user, token
from service.storage.prepared import Prepared
from service.storage.statements import new_id

USES_STEP = timedelta(minutes=1)
"""How old the last use of a token must be before another one is written over it."""

_VALID_TOKENS = (
    select(token.c.digest, token.c.token_id, token.c.kind, token.c.user_id, token.c.expires_at)
    .where(token.c.digest.in_(bindparam("digests", expanding=True)))
    .where(token.c.revoked_at.is_(None))
    .where(or_(token.c.expires_at.is_(None), token.c.expires_at > bindparam("now")))
)
_ROLES = Prepared(
    select(service_user.c.name, membership.c.customer_id, membership.c.role)
    .join(membership, isouter=True)
    .where(service_user.c.user_id == bindparam("user_id"))
)


@dataclass(frozen=True, slots=True)
class StoredUser:
    """A role of a user as an operator sees it; a user comes once for each of its roles.

    Attributes:
        customer_id: The customer of the role; None for the operator's, which is for all.
        has_password: Whether the user may sign in with UserName and Password.
        disabled_at: Since when nothing shows the user any more; None for a user in use.
        email: Where the user is told that a job has ended; None for nowhere.
    """

    user_id: int
    name: str
    role: Role
    customer_id: int | None
    has_password: bool
    created_at: datetime
    disabled_at: datetime | None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A token as an operator sees it: never the token itself, which only its owner has."""

    token_id: int
    user_name: str
    kind: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class ValidToken(NamedTuple):
    """A token in force; ``expires_at`` is None for one that has no end."""

    token_id: int
    kind: str
    user_id: int
    expires_at: datetime | None


def add_user(
    connection: Connection,
    name: str,
    password_hash: str | None,
    *,
    email: str | None,
    now: datetime,
) -> int:
    """Insert a user; answers its number."""
    values = {"name": name, "password_hash": password_hash, "email": email, "created_at": now}
    return new_id(connection.execute(insert(service_user).values(values)))


def add_role(connection: Connection, user_id: int, role: Role, customer_id: int | None) -> None:
    """Give a user its role in a customer; the operator's role is in none."""
    values = {"user_id": user_id, "customer_id": customer_id, "role": role.value}
    connection.execute(insert(membership).values(values))


def find_user(connection: Connection, name: str) -> tuple[int, str | None] | None:
    """A user's number and password hash, by name."""
    statement = select(service_user.c.user_id, service_user.c.password_hash)
    row = connection.execute(statement.where(service_user.c.name == name)).one_or_none()
    return None if row is None else (row.user_id, row.password_hash)


def find_user_in_use(connection: Connection, name: str) -> int | None:
    """A user's number, by name; None for nobody, and for a user who is disabled."""
    statement = select(service_user.c.user_id).where(
        service_user.c.name == name, service_user.c.disabled_at.is_(None)
    )
    return connection.execute(statement).scalar_one_or_none()


def find_password_hash(connection: Connection, user_id: int) -> str | None:
    """What is stored of a user's password; None for one without, and for nobody's number."""
    statement = select(service_user.c.password_hash).where(service_user.c.user_id == user_id)
    return connection.execute(statement).scalar_one_or_none()


def lock_user_in_use(connection: Connection, name: str) -> int | None:
    """A user's number, by name; it is not disabled before the commit. None if it is already."""
    statement = select(service_user.c.user_id).where(
        service_user.c.name == name, service_user.c.disabled_at.is_(None)
    )
    # Requests with keys point to their user: these need not wait, as the number stays.
    statement = statement.with_for_update(key_share=True)
    return connection.execute(statement).scalar_one_or_none()


def list_users(connection: Connection) -> list[StoredUser]:
    """Every user with each of its roles, oldest first."""
    statement = (
        select(
            service_user.c.user_id,
            service_user.c.name,
            membership.c.role,
            membership.c.customer_id,
            service_user.c.password_hash.is_not(None).label("has_password"),
            service_user.c.created_at,
            service_user.c.disabled_at,
            service_user.c.email,
        )
        .join(membership)
        .order_by(service_user.c.user_id, membership.c.membership_id)
    )
    rows = connection.execute(statement).mappings()
    return [StoredUser(**{**row, "role": Role(row["role"])}) for row in rows]


def set_password(connection: Connection, user_id: int, password_hash: str) -> None:
    """Put a user's password in the place of the one before."""
    statement = update(service_user).where(service_user.c.user_id == user_id)
    connection.execute(statement.values(password_hash=password_hash))


def find_email(connection: Connection, user_id: int) -> str | None:
    """Where a user is told that a job has ended."""
    statement = select(service_user.c.email).where(service_user.c.user_id == user_id)
    return connection.execute(statement).scalar_one_or_none()


def set_email(connection: Connection, user_id: int, email: str | None) -> None:
    """Put a user's e-mail address in the place of the one before."""
    statement = update(service_user).where(service_user.c.user_id == user_id)
    connection.execute(statement.values(email=email))


def disable_user(connection: Connection, user_id: int, now: datetime) -> None:
    """End a user: its tokens are revoked, its password and its address are forgotten."""
    of_user = update(service_user).where(service_user.c.user_id == user_id)
    connection.execute(of_user.values(disabled_at=now, password_hash=None, email=None))
    in_force = update(token).where(token.c.user_id == user_id, token.c.revoked_at.is_(None))
    connection.execute(in_force.values(revoked_at=now))


def find_roles(connection: Connection, user_id: int) -> tuple[str, list[tuple[int | None, Role]]]:
    """A user's name, and its roles by customer (None: the operator's, in all)."""
    rows = _ROLES.rows(connection, {"user_id": user_id})
    return rows[0].name, [(row.customer_id, Role(row.role)) for row in rows if row.role is not None]


def add_token(
    connection: Connection,
    user_id: int,
    kind: str,
    digest: bytes,
    *,
    now: datetime,
    expires_at: datetime | None,
) -> int:
    """Insert a token by its digest; answers its number."""
    values = {
        "user_id": user_id,
        "kind": kind,
        "digest": digest,
        "created_at": now,
        "expires_at": expires_at,
    }
    return new_id(connection.execute(insert(token).values(values)))


def find_valid_tokens(
    connection: Connection, digests: list[bytes], now: datetime
) -> dict[bytes, ValidToken]:
    """Those of the tokens that are in force, by digest."""
    rows = connection.execute(_VALID_TOKENS, {"digests": digests, "now": now})
    return {digest: ValidToken(*values) for digest, *values in rows}


def note_uses(connection: Connection, used_at: Mapping[int, datetime]) -> None:
    """Write when tokens were last used, unless what is written is younger than ``USES_STEP``.

    Args:
        connection: A transaction that writes.
        used_at: The instants, by the tokens' numbers.
    """
    # In one order, so that no two processes wait for one another.
    for token_id, at in sorted(used_at.items()):
        is_older = or_(token.c.last_used_at.is_(None), token.c.last_used_at <= at - USES_STEP)
        statement = update(token).where(token.c.token_id == token_id, is_older)
        connection.execute(statement.values(last_used_at=at))


def list_tokens(connection: Connection) -> list[StoredToken]:
    """Every token, oldest first."""
    statement = (
        select(
            token.c.token_id,
            service_user.c.name,
            token.c.kind,
            token.c.created_at,
            token.c.expires_at,
            token.c.revoked_at,
            token.c.last_used_at,
        )
        .join(service_user)
        .order_by(token.c.token_id)
    )
    return [StoredToken(*row) for row in connection.execute(statement)]


def revoke_token(connection: Connection, token_id: int, now: datetime) -> bool:
    """End a token that is in force; whether there was one."""
    statement = (
        update(token)
        .where(token.c.token_id == token_id, token.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    return connection.execute(statement).rowcount == 1
