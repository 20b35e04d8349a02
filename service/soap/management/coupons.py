"""Coupons: minted, and how many codes a pattern has."""

# ruff: noqa: N802, N805
# mypy: disallow-subclassing-any=False

from decimal import Decimal

from service.operations.calls import Call
from service.operations.mint_coupons import mint_coupons
from service.operations.pattern_capacity import get_pattern_capacity
from service.soap.declaration import ContractService
from service.soap.management.elements import given, operation

__all__ = ["CouponOperations"]


class CouponOperations(ContractService):
    """What an operator does with coupons at once."""

    @operation(changes=True)
    def MintCoupons(
        call: Call,
        customer_id: int | None,
        class_name: str | None,
        coupons_count: int | None,
        code_pattern: str | None,
        code_alphabet: str | None,
        return_codes: bool | None,
    ) -> tuple[int, int, str, Decimal, list[str] | None]:
        """Mint coupons of a class."""
        batch = mint_coupons(
            call,
            given(customer_id, "CustomerId"),
            class_name or "",
            given(coupons_count, "CouponsCount"),
            pattern=code_pattern,
            alphabet=code_alphabet,
        )
        codes = batch.codes if return_codes else None
        density = Decimal(batch.density)
        return batch.batch_id, batch.created_count, batch.status, density, codes

    @operation()
    def GetPatternCapacity(
        _call: Call, code_pattern: str | None, code_alphabet: str | None, coupons_count: int | None
    ) -> tuple[Decimal, Decimal, bool]:
        """Tell how many codes a pattern has."""
        count = 1 if coupons_count is None else coupons_count
        found = get_pattern_capacity(code_pattern, code_alphabet, count)
        return Decimal(found.capacity), Decimal(found.density), found.is_guessable
