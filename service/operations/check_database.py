"""Proving that a database is as the operations left it."""

from service.operations.calls import Call
from service.storage import consistency
from service.storage.consistency import Findings
from service.storage.watching import Watch, nobody_watches


def check_database(call: Call, watch: Watch = nobody_watches) -> Findings:
    """Every row that breaks a rule which no constraint of the database holds.

    The whole database is read, in one transaction: what is committed meanwhile is not
    seen. See ``service.storage.invariants`` for the rules.

    Args:
        call: Whose call it is.
        watch: Is told how far the work is.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` (operators only).
    """
    call.caller.require_operator()
    with call.database.reading() as connection:
        return consistency.check(connection, watch=watch)
