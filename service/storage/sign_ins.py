"""What the console keeps: its secret, failed sign-ins, and sessions that were ended."""

from datetime import datetime

from sqlalchemy import Connection, delete, exists, select
from sqlalchemy.dialects import postgresql, sqlite

from service.storage.console_tables import ended_session, service_secret, sign_in_failure
from service.storage.statements import insert_or_ignore


def find_secret(connection: Connection, name: str) -> bytes | None:
    """The secret of this name, if it was drawn already."""
    statement = select(service_secret.c.value).where(service_secret.c.name == name)
    return connection.execute(statement).scalar_one_or_none()


def keep_secret(connection: Connection, name: str, value: bytes, now: datetime) -> None:
    """Keep the secret, unless another process was first to draw one."""
    statement = insert_or_ignore(connection.dialect.name, service_secret)
    connection.execute(statement.values(name=name, value=value, created_at=now))


def count_failure(connection: Connection, subject: bytes, count_max: int, now: datetime) -> bool:
    """Count a failure of the subject; whether it is not one too many."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = insert(sign_in_failure).values(subject=subject, failures_count=1, last_at=now)
    statement = statement.on_conflict_do_update(
        index_elements=[sign_in_failure.c.subject],
        set_={"failures_count": sign_in_failure.c.failures_count + 1, "last_at": now},
        where=sign_in_failure.c.failures_count < count_max,
    ).execution_options(preserve_rowcount=True)
    return connection.execute(statement).rowcount == 1


def is_held_back(
    connection: Connection, subjects: list[bytes], count_max: int, since: datetime
) -> bool:
    """Whether one of the subjects has failed as often as it may, the last time after ``since``."""
    statement = select(
        exists().where(
            sign_in_failure.c.subject.in_(subjects),
            sign_in_failure.c.failures_count >= count_max,
            sign_in_failure.c.last_at > since,
        )
    )
    return bool(connection.execute(statement).scalar_one())


def forget_failures_until(connection: Connection, end: datetime) -> None:
    """Drop the counts of those whose last failure was at ``end`` or before."""
    connection.execute(delete(sign_in_failure).where(sign_in_failure.c.last_at <= end))


def forget_failures_of(connection: Connection, subject: bytes) -> None:
    """Drop the count of one subject."""
    connection.execute(delete(sign_in_failure).where(sign_in_failure.c.subject == subject))


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
