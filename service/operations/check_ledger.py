"""Proving that what is shown of redeemed coupons is what the ledger says."""

from service.operations.calls import Call
from service.storage import consistency
from service.storage.consistency import Breach, Difference


def check_ledger(call: Call) -> list[Difference]:
    """Every redemption whose balance or progress is not the sum of its ledger lines.

    The whole database is read, in one transaction. Raises ``UserIsNotAuthorized``
    (operators only).
    """
    call.caller.require_operator()
    with call.database.reading() as connection:
        return consistency.find_differences(connection)


def check_rules(call: Call) -> list[Breach]:
    """Every row that breaks a rule which the database cannot hold; as ``check_ledger``."""
    call.caller.require_operator()
    with call.database.reading() as connection:
        return consistency.find_breaches(connection)
