"""Spend: reported, and taken back."""

# ruff: noqa: N802, N805
# mypy: disallow-subclassing-any=False

from datetime import datetime
from decimal import Decimal

from service.domain.ledger import Spend
from service.operations.calls import Call
from service.operations.record_spend import record_spend, reverse_spend
from service.soap.declaration import ContractService
from service.soap.management.elements import given, operation

__all__ = ["SpendOperations"]


class SpendOperations(ContractService):
    """What accounts spent."""

    @operation(changes=True)
    def RecordSpend(
        call: Call,
        account_id: int | None,
        amount: Decimal | None,
        reference: str | None,
        spent_at: datetime | None,
    ) -> Spend:
        """Report what an account spent."""
        account, sum_spent = given(account_id, "AccountId"), given(amount, "Amount")
        return record_spend(call, account, sum_spent, reference or "", spent_at)

    @operation(changes=True)
    def ReverseSpend(call: Call, account_id: int | None, reference: str | None) -> Spend:
        """Take a spend back."""
        return reverse_spend(call, given(account_id, "AccountId"), reference or "")
