"""The keys of requests, with the first answer of each."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select, tuple_, update

from service.domain.idempotency import KeyedRequest
from service.storage.statements import insert_or_ignore
from service.storage.tables import idempotency_key

_KEY = idempotency_key.primary_key.columns
_FIRST_REQUEST = select(
    idempotency_key.c.operation,
    idempotency_key.c.body_digest,
    idempotency_key.c.reply,
    idempotency_key.c.error_symbol,
    idempotency_key.c.error_details,
).where(
    idempotency_key.c.user_id == bindparam("user_id"), idempotency_key.c.key == bindparam("key")
)
_STORE = update(idempotency_key).where(
    idempotency_key.c.user_id == bindparam("holder_id"),
    idempotency_key.c.key == bindparam("held_key"),
)
_DROP = delete(idempotency_key).where(
    tuple_(*_KEY).in_(
        select(*_KEY)
        .where(idempotency_key.c.created_at < bindparam("end"))
        .order_by(idempotency_key.c.created_at)
        .limit(bindparam("count_max"))
        .with_for_update(skip_locked=True)
    )
)


@dataclass(frozen=True, slots=True)
class FirstRequest:
    """The request that came first with a key, and its answer: a reply or an error.

    Attributes:
        reply: The content of the reply's Body.
        error_symbol: The name of the error in the catalogue.
        error_details: What was wrong, as the error told it.
    """

    operation: str
    body_digest: bytes
    reply: str | None
    error_symbol: str | None
    error_details: str | None


def take_key(connection: Connection, user_id: int, request: KeyedRequest, now: datetime) -> bool:
    """Make the key the request's own, if it is free.

    While another transaction has it, PostgreSQL waits here for its end, as SQLite has
    when the transaction began.
    """
    statement = insert_or_ignore(connection.dialect.name, idempotency_key).values(
        user_id=user_id,
        key=request.key,
        operation=request.operation,
        body_digest=request.body_digest,
        created_at=now,
    )
    return connection.execute(statement).rowcount == 1


def find_first_request(connection: Connection, user_id: int, key: str) -> FirstRequest | None:
    """What the key was first sent with."""
    row = connection.execute(_FIRST_REQUEST, {"user_id": user_id, "key": key}).one_or_none()
    return row and FirstRequest(*row)


def store_reply(connection: Connection, user_id: int, key: str, reply: str) -> None:
    """Keep the reply of a key that was just taken."""
    _store(connection, user_id, key, reply=reply)


def store_error(connection: Connection, user_id: int, key: str, symbol: str, details: str) -> None:
    """Keep the refusal of a key that was just taken."""
    _store(connection, user_id, key, error_symbol=symbol, error_details=details)


def _store(connection: Connection, user_id: int, key: str, **answer: str) -> None:
    connection.execute(_STORE, {"holder_id": user_id, "held_key": key, **answer})


def drop_old_keys(connection: Connection, end: datetime, count_max: int) -> None:
    """Drop keys that were taken before ``end``, the oldest first; nobody is waited for."""
    connection.execute(_DROP, {"end": end, "count_max": count_max})
