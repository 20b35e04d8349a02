"""What the console keeps: its secrets, and sessions that were ended."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, exists, select

from service.storage.console_tables import ended_session, service_secret
from service.storage.statements import insert_or_ignore

_SECRET = "console session "  # noqa: S105 - their names begin with it


class StoredSecret(NamedTuple):
    """A secret that signs sessions; the first of a service has the number 1."""

    number: int
    value: bytes
    created_at: datetime


def find_secrets(connection: Connection) -> list[StoredSecret]:
    """The secrets that are kept, by their numbers."""
    columns = (service_secret.c.name, service_secret.c.value, service_secret.c.created_at)
    rows = connection.execute(select(*columns).where(service_secret.c.name.startswith(_SECRET)))
    return sorted(StoredSecret(int(name[len(_SECRET) :]), *rest) for name, *rest in rows)


def keep_secret(connection: Connection, number: int, value: bytes, now: datetime) -> bool:
    """Keep a secret; answers False when another process was first to draw that one."""
    statement = insert_or_ignore(connection.dialect.name, service_secret)
    values = {"name": f"{_SECRET}{number}", "value": value, "created_at": now}
    return connection.execute(statement.values(values)).rowcount == 1


def forget_secrets_before(connection: Connection, number: int) -> None:
    """Drop the secrets with smaller numbers."""
    names = [f"{_SECRET}{it.number}" for it in find_secrets(connection) if it.number < number]
    connection.execute(delete(service_secret).where(service_secret.c.name.in_(names)))


def end_session(
    connection: Connection, user_id: int, signed_in_at: datetime, forget_at: datetime
) -> None:
    """Remember that the session is over, until ``forget_at``."""
    statement = insert_or_ignore(connection.dialect.name, ended_session)
    values = {"user_id": user_id, "signed_in_at": signed_in_at, "forget_at": forget_at}
    connection.execute(statement.values(values))


def forget_ended_sessions(connection: Connection, now: datetime) -> None:
    """Drop the sessions whose cookies have ended by themselves."""
    connection.execute(delete(ended_session).where(ended_session.c.forget_at <= now))


def is_ended(connection: Connection, user_id: int, signed_in_at: datetime) -> bool:
    """Whether the user has ended the session."""
    statement = select(
        exists().where(
            ended_session.c.user_id == user_id, ended_session.c.signed_in_at == signed_in_at
        )
    )
    return bool(connection.execute(statement).scalar_one())
