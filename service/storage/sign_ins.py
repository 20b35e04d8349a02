"""What the console keeps: its secret, and sessions that were ended."""

from datetime import datetime

from sqlalchemy import Connection, delete, exists, select

from service.storage.console_tables import ended_session, service_secret
from service.storage.statements import insert_or_ignore


def find_secret(connection: Connection, name: str) -> bytes | None:
    """The secret of this name, if it was drawn already."""
    statement = select(service_secret.c.value).where(service_secret.c.name == name)
    return connection.execute(statement).scalar_one_or_none()


def keep_secret(connection: Connection, name: str, value: bytes, now: datetime) -> None:
    """Keep the secret, unless another process was first to draw one."""
    statement = insert_or_ignore(connection.dialect.name, service_secret)
    connection.execute(statement.values(name=name, value=value, created_at=now))


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
