"""Users with their roles, a page at a time, and the tokens of one."""

from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from service.domain.found_users import FoundRole, FoundToken, FoundUser
from service.domain.names import caseless
from service.domain.numbers import ID_MAX
from service.domain.roles import Role
from service.storage.party_tables import customer, membership, service_user, token

_TOKENS_IN_FORCE = (
    select(func.count())
    .where(token.c.user_id == service_user.c.user_id, token.c.revoked_at.is_(None))
    .scalar_subquery()
)
_USERS: Select[Any] = select(
    service_user.c.user_id,
    service_user.c.name,
    service_user.c.email,
    service_user.c.password_hash.is_not(None).label("has_password"),
    service_user.c.created_at,
    service_user.c.disabled_at,
    _TOKENS_IN_FORCE.label("tokens_in_force"),
)
_ROLES = (
    select(
        membership.c.user_id,
        membership.c.role,
        membership.c.customer_id,
        customer.c.name.label("customer_name"),
    )
    .join(customer, customer.c.customer_id == membership.c.customer_id, isouter=True)
    .order_by(membership.c.membership_id)
)


def find_users(
    connection: Connection, name_part: str | None, after_name: str | None, count: int
) -> list[FoundUser]:
    """Users in the order of their names.

    Args:
        connection: The transaction.
        name_part: What stands in the name, as ``service.domain.names.caseless`` has it; None for
            any. The names of all users are read then: databases know no letters but ASCII's.
        after_name: Only users whose names come later; None for all.
        count: How many at most.
    """
    name = service_user.c.name
    is_later = [] if after_name is None else [name > after_name]
    page = _USERS.where(*is_later).order_by(name).limit(count)
    if name_part is not None:
        names = connection.scalars(select(name).where(*is_later).order_by(name))
        found = list(islice((it for it in names if name_part in caseless(it)), count))
        page = page.where(name.in_(found))
    return _with_roles(connection, list(connection.execute(page)))


def find_user(connection: Connection, user_id: int) -> FoundUser | None:
    """A user by number."""
    if user_id > ID_MAX:
        return None
    rows = connection.execute(_USERS.where(service_user.c.user_id == user_id))
    return next(iter(_with_roles(connection, list(rows))), None)


def find_tokens(connection: Connection, user_id: int) -> list[FoundToken]:
    """The tokens of a user, the latest first."""
    columns = (
        token.c.token_id,
        token.c.kind,
        token.c.created_at,
        token.c.expires_at,
        token.c.revoked_at,
        token.c.last_used_at,
    )
    statement = select(*columns).where(token.c.user_id == user_id)
    rows = connection.execute(statement.order_by(token.c.token_id.desc())).mappings()
    return [FoundToken(**row) for row in rows]


def _with_roles(connection: Connection, rows: list[Row[Any]]) -> list[FoundUser]:
    roles: dict[int, list[FoundRole]] = {row.user_id: [] for row in rows}
    for it in connection.execute(_ROLES.where(membership.c.user_id.in_(roles))):
        roles[it.user_id].append(FoundRole(Role(it.role), it.customer_id, it.customer_name))
    return [
        FoundUser(
            user_id=row.user_id,
            name=row.name,
            email=row.email,
            has_password=row.has_password,
            created_at=row.created_at,
            disabled_at=row.disabled_at,
            roles=tuple(roles[row.user_id]),
            tokens_in_force=row.tokens_in_force,
        )
        for row in rows
    ]
