"""Requests with keys as they must not be treated."""

from collections.abc import Callable
from datetime import timedelta

from service.domain.errors import SERVICE_BUSY
from service.domain.idempotency import KeyedRequest
from service.domain.refusals import ServiceTroubleError
from service.operations.calls import Call
from service.operations.idempotency import Answer
from service.storage import idempotency

CarryOut = Callable[[Call], str]


def once_with_key_apart(
    call: Call, request: KeyedRequest, keep: timedelta, carry_out: CarryOut
) -> Answer:
    """Take the key in one transaction, and run the operation and store its answer in others.

    Whoever dies in between leaves a key that says for ever that its request is running.
    """
    user_id = call.caller.user_id
    with call.database.writing() as connection:
        if not idempotency.take_key(connection, user_id, request, call.now):
            first = idempotency.find_first_request(connection, user_id, request.key)
            if first is None or first.reply is None:
                raise ServiceTroubleError(SERVICE_BUSY, "the request is running")
            return Answer(first.reply, is_replay=True)
    reply = carry_out(call)
    with call.database.writing() as connection:
        idempotency.store_reply(connection, user_id, request.key, reply)
    return Answer(reply)


def once_in_two_steps(
    call: Call, request: KeyedRequest, keep: timedelta, carry_out: CarryOut
) -> Answer:
    """Look whether the key was sent, and write it when the operation is done.

    Whoever looks meanwhile runs the operation as well.
    """
    user_id = call.caller.user_id
    with call.database.reading() as connection:
        first = idempotency.find_first_request(connection, user_id, request.key)
    if first is not None:
        return Answer(first.reply, is_replay=True)
    reply = carry_out(call)
    with call.database.writing() as connection:
        idempotency.take_key(connection, user_id, request, call.now)
        idempotency.store_reply(connection, user_id, request.key, reply)
    return Answer(reply)
