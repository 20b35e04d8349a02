"""Coupons: minted, made for accounts, given other terms, imported and exported."""

# ruff: noqa: N802, N805
# mypy: disallow-subclassing-any=False

from decimal import Decimal
from io import StringIO
from itertools import islice
from types import SimpleNamespace
from typing import Any

from service.domain.errors import BATCH_TOO_LARGE
from service.domain.refusals import ServiceError
from service.domain.search import Paging
from service.operations.calls import Call
from service.operations.create_for_recipients import create_coupons_for_recipients
from service.operations.export_coupons import export_coupons
from service.operations.import_coupons import import_coupons
from service.operations.mint_coupons import mint_coupons
from service.operations.pattern_capacity import get_pattern_capacity
from service.operations.update_coupons import update_coupons
from service.soap.declaration import ContractService
from service.soap.management.elements import (
    given,
    operation,
    read_attributes,
    read_page,
    read_terms,
)

__all__ = ["CouponOperations"]

CSV_LINES_COUNT_MAX = 20_000
"""How many coupons one message imports or exports; the command line has no such bound."""


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

    @operation(changes=True)
    def CreateCouponsForRecipients(
        call: Call,
        customer_id: int | None,
        class_name: str | None,
        account_ids: list[int] | None,
        code_pattern: str | None,
        code_alphabet: str | None,
        attributes: list[Any] | None,
    ) -> tuple[int, list[SimpleNamespace]]:
        """Make a coupon for each account, claimed by it."""
        made = create_coupons_for_recipients(
            call,
            given(customer_id, "CustomerId"),
            class_name or "",
            account_ids,
            pattern=code_pattern or None,
            alphabet=code_alphabet or None,
            attributes=read_attributes(attributes),
        )
        coupons = [
            SimpleNamespace(account_id=account_id, coupon_code=code)
            for account_id, code in made.coupons
        ]
        return made.batch_id, coupons

    @operation(changes=True)
    def UpdateCoupons(
        call: Call,
        customer_id: int | None,
        coupon_code: str | None,
        batch_id: int | None,
        terms: Any,
    ) -> int:
        """Give a coupon, or all coupons of a batch, other terms."""
        owner, new_terms = given(customer_id, "CustomerId"), read_terms(terms)
        code = coupon_code or None
        return update_coupons(call, owner, new_terms, coupon_code=code, batch_id=batch_id)

    @operation(changes=True)
    def ImportCoupons(
        call: Call,
        customer_id: int | None,
        class_name: str | None,
        csv: str | None,
        skip_duplicates: bool | None,
    ) -> tuple[Any, ...]:
        """Make coupons with the codes of CSV."""
        text = given(csv, "Csv")
        _require_lines(text)
        report = import_coupons(
            call,
            given(customer_id, "CustomerId"),
            class_name or "",
            lambda: StringIO(text, newline=""),
            skip_duplicates=bool(skip_duplicates),
        )
        return (
            report.batch_id,
            report.lines_count,
            report.created_count,
            report.skipped_count,
            report.used_count,
            report.errors_count,
            report.errors,
            report.passed_over_columns,
        )

    @operation()
    def ExportCoupons(
        call: Call,
        customer_id: int | None,
        class_name: str | None,
        batch_id: int | None,
        codes_only: bool | None,
        page_info: Paging | None,
    ) -> tuple[str, bool]:
        """Show a page of coupons as CSV."""
        page = read_page(page_info, CSV_LINES_COUNT_MAX)
        lines = export_coupons(
            call,
            given(customer_id, "CustomerId"),
            class_name=class_name or None,
            batch_id=batch_id,
            first=page.index * page.size,
            # One more, to know whether there is a next page.
            count=page.size + 1,
            codes_only=bool(codes_only),
        )
        header_and_page = list(islice(lines, page.size + 1))
        return "".join(header_and_page), next(lines, None) is not None


def _require_lines(text: str) -> None:
    count = text.count("\n")
    if count > CSV_LINES_COUNT_MAX + 1:
        bound = f"at most {CSV_LINES_COUNT_MAX} and a header are accepted"
        raise ServiceError(BATCH_TOO_LARGE, f"Csv has {count} lines, {bound}")
