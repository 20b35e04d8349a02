"""Simple coupons: added, read, listed, retired."""

from dataclasses import replace

from sqlalchemy import Connection

from service.domain.codes import PLACE
from service.domain.coupon_records import CouponRecord, record_of_parent
from service.domain.definitions import CouponDefinition
from service.domain.discount_errors import COUPON_CODE_TAKEN
from service.domain.errors import ENTITY_NOT_EXISTENT
from service.domain.pages import Page, PageWanted
from service.domain.parent_coupons import ParentCoupon
from service.domain.refusals import ServiceError
from service.domain.texts import require
from service.domain.traces import Trace
from service.operations.attempts import decide
from service.operations.calls import Call
from service.operations.coupon_records import FoundCode, record_of, require_coupon
from service.operations.names import require_code
from service.operations.pages import page_of, require_page
from service.storage import accounts, audit, definitions, discount_codes, parent_coupons
from service.storage.coupon_instances import end_claim, find_instances
from service.storage.discount_tables import coupon_instance, parent_coupon


def add_coupon(call: Call, new: ParentCoupon) -> CouponRecord:
    """Add a simple coupon, with a definition beneath it that has its discounts.

    The code is folded, and the currency may be in small letters. What the service itself
    counts and notes of a coupon is left aside: claims, trace, retirement.

    Raises:
        ServiceError: ``UserIsNotAuthorized``, ``DiscountInvalid``, ``EntityNotExistent``
            (customer) or ``CouponCodeTaken``.
    """
    call.caller.require_write(new.customer_id)
    normal = _normal(new)

    def attempt(connection: Connection) -> CouponRecord:
        if not accounts.customer_exists(connection, normal.customer_id):
            raise ServiceError(ENTITY_NOT_EXISTENT, f"customer {normal.customer_id}")
        number = discount_codes.reserve_code(connection, normal.coupon_code)
        if number is None:
            raise ServiceError(COUPON_CODE_TAKEN, f"coupon {normal.coupon_code}")
        user_id, now = call.caller.user_id, call.now
        definition = definitions.add_definition(
            connection, _definition_of(normal, call), user_id, now
        )
        parent_coupons.add_parent(connection, number, definition, normal, Trace(now, user_id))
        after = {
            "code": normal.coupon_code,
            "customer_id": normal.customer_id,
            "name": normal.name,
            "coupons_max": normal.coupons_max,
            "uses_max": normal.uses_max,
        }
        change = audit.Change("add", "parent coupon", number, after=after)
        audit.append(connection, call.author, [change])
        return record_of(connection, require_coupon(connection, call, normal.coupon_code))

    return decide(call.database, attempt)


def get_coupon(call: Call, code: str | None) -> CouponRecord:
    """What is known of a parent code or a unique code; of a claimed one, with its claim.

    Of several claims by one code, it is one that lasts, else the newest.

    Raises:
        ServiceError: ``NullParameter`` (code) or ``CouponNotFound``, the same whether the
            coupon is of others or does not exist.
    """
    with call.database.reading() as connection:
        return record_of(connection, require_coupon(connection, call, code))


def list_coupons(
    call: Call, customer_id: int, page: PageWanted, *, includes_retired: bool = False
) -> Page[CouponRecord]:
    """A customer's parent coupons, the oldest first.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` or ``PagingInvalid``.
    """
    call.caller.require_read(customer_id)
    require_page(page)
    conditions = [parent_coupon.c.customer_id == customer_id]
    if not includes_retired:
        conditions.append(parent_coupon.c.retired_at.is_(None))
    with call.database.reading() as connection:
        found = parent_coupons.find_parents(
            connection, *conditions, offset=page.offset, limit=page.size + 1
        )
    return page_of([record_of_parent(stored.coupon) for stored in found], page)


def retire_coupon(call: Call, code: str | None) -> CouponRecord:
    """Retire a parent or a unique code; what is retired already is answered as it is.

    Of a retired parent there are no new claims and codes, and those who claimed it before
    keep their discounts. A retired unique code ends its claims at once.

    Raises:
        ServiceError: ``NullParameter`` (code), ``CouponNotFound`` or ``UserIsNotAuthorized``.
    """

    def attempt(connection: Connection) -> CouponRecord:
        found = require_coupon(connection, call, code, is_change=True)
        if found.code is None:
            changes = _retire_parent(connection, call, found)
        else:
            changes = _retire_unique_code(connection, call, found)
        if changes:
            audit.append(connection, call.author, changes)
        return record_of(connection, require_coupon(connection, call, code))

    return decide(call.database, attempt)


def _normal(new: ParentCoupon) -> ParentCoupon:
    code = new.currency_code
    normal = replace(
        new,
        coupon_code=require_code("CouponCode", new.coupon_code),
        currency_code=None if code is None else code.upper(),
    )
    # Its unique codes are drawn from a pattern that begins with it.
    require(PLACE not in normal.coupon_code, f"CouponCode must not have {PLACE}")
    normal.require_valid()
    return normal


def _definition_of(new: ParentCoupon, call: Call) -> CouponDefinition:
    return CouponDefinition(
        customer_id=new.customer_id,
        name=new.name,
        currency_code=new.currency_code,
        valid_from=call.now,
        modifiers=tuple(discount.as_modifier() for discount in new.discounts),
    )


def _retire_parent(connection: Connection, call: Call, found: FoundCode) -> list[audit.Change]:
    number = found.parent.number
    if not parent_coupons.retire_parent(connection, number, call.caller.user_id, call.now):
        return []
    after = {"retired_at": call.now.isoformat()}
    return [audit.Change("retire", "parent coupon", number, after=after)]


def _retire_unique_code(connection: Connection, call: Call, found: FoundCode) -> list[audit.Change]:
    if not parent_coupons.retire_unique_code(connection, found.number, call.now):
        return []
    after = {"retired_at": call.now.isoformat()}
    changes = [audit.Change("retire", "unique code", found.number, after=after)]
    # Nobody claims the code any more: these are all of its claims.
    is_its_claim = parent_coupons.IS_LASTING_CLAIM & (coupon_instance.c.coupon_id == found.number)
    for claim in find_instances(connection, is_its_claim):
        if end_claim(connection, claim.number, call.caller.user_id, call.now):
            removed = {"removed_at": call.now.isoformat()}
            changes.append(audit.Change("remove", "instance", claim.number, after=removed))
    return changes
