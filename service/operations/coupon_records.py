"""What operations on simple coupons share: to find one by a code, and to tell what is known."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection

from service.domain.codes import fold_code
from service.domain.coupon_records import (
    CouponRecord,
    record_of_claim,
    record_of_code,
    record_of_parent,
)
from service.domain.errors import COUPON_NOT_FOUND, NULL_PARAMETER
from service.domain.parent_coupons import UniqueCode
from service.domain.refusals import ServiceError
from service.operations.calls import Call
from service.storage import discount_codes, parent_coupons
from service.storage.coupon_instances import StoredInstance
from service.storage.discount_tables import coupon_instance, parent_coupon, unique_code
from service.storage.parent_coupons import StoredCode, StoredParent

SHOWN_LENGTH_MAX = 100
"""How many characters of a code an error shows."""


@dataclass(frozen=True, slots=True)
class FoundCode:
    """What a code is: the parent's own, or a unique one of the parent.

    Attributes:
        code: None for the parent's own code.
    """

    parent: StoredParent
    code: StoredCode | None

    @property
    def number(self) -> int:
        """Of the code."""
        return self.parent.number if self.code is None else self.code.number

    @property
    def coupon_code(self) -> str:
        """The code."""
        return self.parent.coupon.coupon_code if self.code is None else self.code.code.coupon_code

    @property
    def is_retired(self) -> bool:
        """Whether it cannot be claimed any more."""
        is_code_retired = self.code is not None and self.code.code.retired_at is not None
        return is_code_retired or self.parent.coupon.retired_at is not None


def not_found(code: str | None) -> ServiceError:
    """The refusal of a code that is none, or none that the caller may see."""
    return ServiceError(COUPON_NOT_FOUND, f"coupon {fold_code(code or '')[:SHOWN_LENGTH_MAX]}")


def find_coupon(connection: Connection, code: str | None) -> FoundCode:
    """The simple coupon with this code, whosever it is.

    Raises:
        ServiceError: ``NullParameter`` (no code) or ``CouponNotFound``.
    """
    folded = fold_code(code or "")
    if not folded:
        raise ServiceError(NULL_PARAMETER, "CouponCode")
    number = discount_codes.find_code(connection, folded)
    unique = None if number is None else parent_coupons.find_unique_code(connection, number)
    parent_number = unique.parent if unique else number
    parent = (
        None if parent_number is None else parent_coupons.find_parent(connection, parent_number)
    )
    if parent is None:
        raise not_found(code)
    return FoundCode(parent, unique)


def require_coupon(
    connection: Connection, call: Call, code: str | None, *, is_change: bool = False
) -> FoundCode:
    """As ``find_coupon``, for those who may read it, and where it is to be changed, change it.

    Raises:
        ServiceError: ``NullParameter`` (no code), ``CouponNotFound``, the same whether the
            coupon is of others or does not exist, or ``UserIsNotAuthorized``.
    """
    found = find_coupon(connection, code)
    customer_id = found.parent.coupon.customer_id
    if not call.caller.may_read(customer_id):
        raise not_found(code)
    if is_change:
        call.caller.require_write(customer_id)
    return found


def require_parent(
    connection: Connection, call: Call, code: str | None, *, is_change: bool = False
) -> StoredParent:
    """As ``require_coupon``, for a parent code; a unique code is ``CouponNotFound``."""
    found = require_coupon(connection, call, code, is_change=is_change)
    if found.code is not None:
        text = f"{found.coupon_code} is a code of {found.parent.coupon.coupon_code}"
        raise ServiceError(COUPON_NOT_FOUND, text)
    return found.parent


def record_of(connection: Connection, found: FoundCode) -> CouponRecord:
    """What is known of a code: of a unique one that was claimed, with its claim."""
    if found.code is None:
        return record_of_parent(found.parent.coupon)
    is_of_code = coupon_instance.c.coupon_id == found.code.number
    claim = parent_coupons.find_claim(connection, is_of_code)
    if claim is None:
        return record_of_code(found.parent.coupon, found.code.code)
    return record_of_claim(found.parent.coupon, found.code.code, claim.instance)


def records_of_claims(
    connection: Connection, claims: Collection[StoredInstance]
) -> list[CouponRecord]:
    """What is known of claims, in their order."""
    parent_numbers = {claim.keys.parent for claim in claims}
    is_parent = parent_coupon.c.coupon_id.in_(parent_numbers)
    parents = {it.number: it.coupon for it in parent_coupons.find_parents(connection, is_parent)}
    codes = _unique_codes(connection, {claim.keys.code for claim in claims} - parent_numbers)
    return [
        record_of_claim(parents[parent], codes.get(code), claim.instance)
        for claim in claims
        if (parent := claim.keys.parent) is not None and (code := claim.keys.code) is not None
    ]


def _unique_codes(connection: Connection, numbers: Collection[int | None]) -> dict[int, UniqueCode]:
    if not numbers:
        return {}
    is_code = unique_code.c.coupon_id.in_(numbers)
    return {it.number: it.code for it in parent_coupons.find_unique_codes(connection, is_code)}
