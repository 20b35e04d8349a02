"""Carrying out a request once, however often it comes.

The key is a row that is written in the operation's own transaction. So the first
answer is stored exactly when the operation's changes are, and a process that dies
with a key in its hands frees it with its transaction.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import Connection

from service.domain.error_catalogue import row_named
from service.domain.error_rows import FaultKind
from service.domain.errors import (
    IDEMPOTENCY_KEY_REUSED,
)
from service.domain.idempotency import KeyedRequest
from service.domain.refusals import ServiceError
from service.operations.attempts import decide
from service.operations.calls import Call
from service.storage import idempotency
from service.storage.transactions import JoinedTransactions
from service.storage.trouble import LostRaceError

DROPPED_COUNT_MAX = 10
"""How many old keys a new one drops: more than come in, so that their number falls."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request is answered: a reply, or the error by which it is refused.

    Attributes:
        is_replay: Whether it is the answer of an earlier request.
    """

    reply: str | None = None
    error: ServiceError | None = None
    is_replay: bool = False


def once(
    call: Call, request: KeyedRequest, keep: timedelta, carry_out: Callable[[Call], str]
) -> Answer:
    """Carry the request out, unless its key was sent before: then answer as the first time.

    A refusal (``FaultKind.API``) is an answer like any other. When the service itself
    fails, everything is undone, the key is free again, and the error is raised.

    Args:
        call: Who calls.
        request: What is asked, under which key.
        keep: How long a key is kept at least.
        carry_out: Runs the operation for the call that it is given, which may be more
            than once, and writes the reply.

    Raises:
        ServiceError: ``IdempotencyKeyReused`` (the key was sent with another request),
            or what went wrong with the service.
    """
    return decide(
        call.database, lambda connection: _attempt(connection, call, request, keep, carry_out)
    )


def _attempt(
    connection: Connection,
    call: Call,
    request: KeyedRequest,
    keep: timedelta,
    carry_out: Callable[[Call], str],
) -> Answer:
    user_id = call.caller.user_id
    if not idempotency.take_key(connection, user_id, request, call.now):
        return _first_answer(connection, user_id, request)
    # After the key is taken: whoever waits for a key must hold no other.
    idempotency.drop_old_keys(connection, call.now - keep, DROPPED_COUNT_MAX)
    try:
        reply = carry_out(replace(call, database=JoinedTransactions(connection)))
    except ServiceError as error:
        if error.row.kind is not FaultKind.API:
            raise
        idempotency.store_error(connection, user_id, request.key, error.row.symbol, error.details)
        return Answer(error=error)
    idempotency.store_reply(connection, user_id, request.key, reply)
    return Answer(reply)


def _first_answer(connection: Connection, user_id: int, request: KeyedRequest) -> Answer:
    first = idempotency.find_first_request(connection, user_id, request.key)
    if first is None:
        # It was old, and was dropped in this very moment.
        raise LostRaceError
    if first.body_digest != request.body_digest:
        raise ServiceError(IDEMPOTENCY_KEY_REUSED, f"it belongs to an earlier {first.operation}")
    if first.error_symbol is not None:
        error = ServiceError(row_named(first.error_symbol), first.error_details or "")
        return Answer(error=error, is_replay=True)
    return Answer(first.reply, is_replay=True)
