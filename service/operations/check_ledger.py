"""Proving that what is shown of redeemed coupons is what the ledger says."""

from service.operations.calls import Call
from service.storage import ledger
from service.storage.ledger import Difference


def check_ledger(call: Call) -> list[Difference]:
    """Every redemption whose balance or progress is not the sum of its ledger lines.

    The whole database is read, in one transaction. Raises ``UserIsNotAuthorized``
    (operators only).
    """
    call.caller.require_operator()
    with call.database.reading() as connection:
        return ledger.find_differences(connection)
