"""Every check, by the number of its requirement, and what may not pass."""

from collections.abc import Collection, Mapping

from service.soap.contract import CUSTOMER_BILLING, Contract
from tests.conformance import bindings, descriptions, exchanges, forms, messages
from tests.conformance.exchanges import Exchange

__all__ = ["DESCRIPTION_CHECKS", "EXCHANGE_CHECKS", "check_exchange", "deviations"]

# Each of these modules declares some.
assert bindings, forms
assert messages
DESCRIPTION_CHECKS = descriptions.CHECKS
EXCHANGE_CHECKS = exchanges.CHECKS


def deviations(contract: Contract, address: str) -> Mapping[str, int]:
    """How often a description breaks a requirement because the original does."""
    return {
        # Both have the schemas of the original.
        "R2112": 18,
        "R2716": 34 if contract is CUSTOMER_BILLING else 0,
        "Extensions": 15 if address.startswith("https:") else 0,
    }


def violations(exchange: Exchange, excepted: Collection[str] = ()) -> list[str]:
    """What an exchange breaks: the number of each requirement, and how."""
    return [
        f"{number}: {found}"
        for number, check in EXCHANGE_CHECKS.items()
        if number not in excepted
        for found in check(exchange)
    ]


def check_exchange(exchange: Exchange, excepted: Collection[str] = ()) -> None:
    """Hold an exchange against every requirement.

    Args:
        exchange: What was said.
        excepted: The numbers of those that the test itself breaks.
    """
    found = violations(exchange, excepted)
    assert not found, f"{found}\n{exchange.request.content[:2000]!r}\n{exchange.reply.content!r}"
