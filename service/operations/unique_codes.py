"""Unique codes of simple coupons: generated, listed, and who claimed them."""

from sqlalchemy import Connection

from service.domain.codes import PLACE, check_pattern
from service.domain.coupon_records import CouponRecord
from service.domain.discount_errors import CLAIM_LIMIT_REACHED, COUPON_RETIRED
from service.domain.errors import QUANTITY_OUT_OF_RANGE
from service.domain.pages import Page, PageWanted
from service.domain.parent_coupons import (
    SUFFIX_LENGTH,
    SUFFIX_LENGTH_MAX,
    SUFFIX_SEPARATOR,
    LimitScope,
    suffix_pattern,
)
from service.domain.programmes import Subscription
from service.domain.refusals import ServiceError
from service.domain.texts import require
from service.operations.attempts import decide
from service.operations.calls import Call
from service.operations.coupon_records import records_of_claims, require_coupon, require_parent
from service.operations.pages import page_of, require_page
from service.storage import audit, discount_codes, parent_coupons
from service.storage.coupon_instances import find_instances
from service.storage.discount_tables import coupon_instance, unique_code
from service.storage.parent_coupons import StoredParent

CODES_COUNT_MAX = 20_000
"""How many codes one call generates at the most."""
DRAWS_MAX = 20
"""How often codes are drawn from one pattern before it counts as used up by others."""


def generate_unique_codes(
    call: Call,
    parent_code: str | None,
    quantity: int,
    *,
    separator: str = SUFFIX_SEPARATOR,
    suffix_length: int = SUFFIX_LENGTH,
) -> list[str]:
    """Generate unique codes of a simple coupon, each of which can be claimed; in ascending order.

    A code is the parent code, the separator, and letters and digits: as many as were asked
    for, or more when the coupon's codes would be over half of all there are. Each counts as a
    claim of the coupon from now on, unless the codes have a limit of their own.

    Raises:
        ServiceError: ``QuantityOutOfRange``, ``DiscountInvalid`` (separator, length),
            ``NullParameter`` (code), ``CouponNotFound``, ``UserIsNotAuthorized``,
            ``CouponRetired``, ``ClaimLimitReached``, or ``PatternInvalid``: the parent code
            has characters beyond ASCII, or the codes would be longer than 100.
    """
    if not 1 <= quantity <= CODES_COUNT_MAX:
        raise ServiceError(QUANTITY_OUT_OF_RANGE, f"{quantity} is not 1 to {CODES_COUNT_MAX}")
    require(PLACE not in separator, f"Separator must not have {PLACE}")
    text = f"SuffixLength must be 1 to {SUFFIX_LENGTH_MAX}"
    require(1 <= suffix_length <= SUFFIX_LENGTH_MAX, text)

    def attempt(connection: Connection) -> list[str]:
        parent = require_parent(connection, call, parent_code, is_change=True)
        _take_claims(connection, parent, quantity)
        made = _reserve(connection, parent, quantity, separator, suffix_length)
        parent_coupons.add_unique_codes(connection, parent.number, made.values(), call.now)
        after = {"quantity": quantity, "first": min(made), "last": max(made)}
        change = audit.Change("generate", "parent coupon", parent.number, after=after)
        audit.append(connection, call.author, [change])
        return sorted(made)

    return decide(call.database, attempt)


def get_available_codes(call: Call, parent_code: str | None, page: PageWanted) -> Page[str]:
    """Unique codes of a simple coupon that can be claimed, the oldest first.

    Raises:
        ServiceError: ``PagingInvalid``, ``NullParameter`` (code) or ``CouponNotFound``.
    """
    require_page(page)
    with call.database.reading() as connection:
        parent = require_parent(connection, call, parent_code)
        if parent.coupon.retired_at is not None:
            return Page([], has_more=False)
        conditions = [
            unique_code.c.parent_coupon_id == parent.number,
            unique_code.c.retired_at.is_(None),
        ]
        if parent.coupon.code_claims_max is not None:
            conditions.append(unique_code.c.claims_count < parent.coupon.code_claims_max)
        found = parent_coupons.find_unique_codes(
            connection, *conditions, offset=page.offset, limit=page.size + 1
        )
    return page_of([stored.code.coupon_code for stored in found], page)


def get_applied_coupons(
    call: Call, parent_code: str | None, page: PageWanted
) -> Page[CouponRecord]:
    """Claims of a simple coupon that last, by the parent code and by unique codes; oldest first.

    Raises:
        ServiceError: ``PagingInvalid``, ``NullParameter`` (code) or ``CouponNotFound``.
    """
    require_page(page)
    with call.database.reading() as connection:
        parent = require_parent(connection, call, parent_code)
        claims = find_instances(
            connection,
            coupon_instance.c.parent_coupon_id == parent.number,
            coupon_instance.c.removed_at.is_(None),
            offset=page.offset,
            limit=page.size + 1,
        )
        return page_of(records_of_claims(connection, claims), page)


def get_coupon_subscriptions(call: Call, code: str | None, page: PageWanted) -> Page[Subscription]:
    """Subscriptions that a unique code, or any code of a parent, is applied to; oldest first.

    Raises:
        ServiceError: ``PagingInvalid``, ``NullParameter`` (code) or ``CouponNotFound``.
    """
    require_page(page)
    with call.database.reading() as connection:
        found = require_coupon(connection, call, code)
        subscriptions = parent_coupons.find_claimants(
            connection, found.number, offset=page.offset, limit=page.size + 1
        )
    return page_of(subscriptions, page)


def _take_claims(connection: Connection, parent: StoredParent, quantity: int) -> None:
    """Count the codes as claims where they are; who generates codes waits for others who do."""
    is_counted = parent.coupon.limit_scope is LimitScope.COUPON
    if parent_coupons.take_claims(connection, parent.number, quantity if is_counted else 0):
        return
    if not parent_coupons.keep_parent_in_use(connection, parent.number):
        raise ServiceError(COUPON_RETIRED, f"coupon {parent.coupon.coupon_code}")
    text = f"{parent.coupon.coupon_code} has at most {parent.coupon.coupons_max} claims and codes"
    raise ServiceError(CLAIM_LIMIT_REACHED, text)


def _reserve(
    connection: Connection, parent: StoredParent, quantity: int, separator: str, length: int
) -> dict[str, int]:
    """Draw codes that never were in use: their numbers, by code."""
    codes_count = parent_coupons.count_unique_codes(connection, parent.number) + quantity
    made: dict[str, int] = {}
    while True:
        drawn = suffix_pattern(parent.coupon.coupon_code, codes_count, separator, length)
        pattern = check_pattern(drawn.text, drawn.alphabet)
        for _ in range(DRAWS_MAX):
            made |= discount_codes.reserve_codes(connection, pattern.draw(quantity - len(made)))
            if len(made) == quantity:
                return made
        # Coupons of other kinds have most codes of this pattern.
        length = pattern.places + 1
