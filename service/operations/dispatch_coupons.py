"""DispatchCoupons."""

from sqlalchemy import Connection

from service.domain.emails import normal_address
from service.domain.errors import (
    EMAIL_DUPLICATE,
    EMAIL_INVALID,
    NO_COUPON_AVAILABLE,
    NULL_PARAMETER,
)
from service.domain.refusals import BatchError, ServiceError
from service.operations.attempts import decide
from service.operations.calls import Call
from service.operations.classes import keep_class_in_use
from service.operations.lists import require_list
from service.storage import audit, coupons

ADDRESSES_COUNT_MAX = 1000


def dispatch_coupons(
    call: Call,
    send_to_emails: list[str | None] | None,
    customer_id: int | None,
    coupon_class_name: str | None,
) -> list[BatchError]:
    """Send one coupon of the class to each address; answers the addresses that got none.

    Coupons are taken in ``seq`` order from those that are not dispatched, claimed
    or redeemed and have not ended or expired. The mails are queued in the
    transaction that hands the coupons out.

    Raises:
        ServiceError: ``ListNullOrEmpty``, ``BatchTooLarge`` (more than 1,000
            addresses), ``NullParameter``, ``UserIsNotAuthorized``,
            ``CouponClassNotFound`` or ``CouponClassRetired``.
    """
    emails = require_list("SendToEmails", send_to_emails, ADDRESSES_COUNT_MAX)
    if not customer_id:
        raise ServiceError(NULL_PARAMETER, "CustomerId")
    call.caller.require_write(customer_id)
    addresses, errors = _sort_out(emails)

    def attempt(connection: Connection) -> list[BatchError]:
        coupon_class = keep_class_in_use(connection, customer_id, coupon_class_name)
        served = _hand_out(connection, call, coupon_class.class_id, addresses)
        text = f"coupon class {coupon_class.name}"
        return [
            BatchError(NO_COUPON_AVAILABLE, index, text)
            for address, index in addresses.items()
            if address not in served
        ]

    errors += decide(call.database, attempt)
    return sorted(errors, key=lambda error: error.index)


def _sort_out(emails: list[str | None]) -> tuple[dict[str, int], list[BatchError]]:
    """The place of each address that can be served, and the others' errors."""
    addresses: dict[str, int] = {}
    errors: list[BatchError] = []
    for index, email in enumerate(emails):
        try:
            address = normal_address(email or "")
        except ValueError as error:
            errors.append(BatchError(EMAIL_INVALID, index, str(error)))
            continue
        if address in addresses:
            errors.append(BatchError(EMAIL_DUPLICATE, index, f"the same as {addresses[address]}"))
        else:
            addresses[address] = index
    return addresses, errors


def _hand_out(
    connection: Connection, call: Call, class_id: int, addresses: dict[str, int]
) -> set[str]:
    """Give a coupon to each address for as long as there are any; answers who got one."""
    found = coupons.take_unused(connection, class_id, len(addresses), call.now)
    emails_by_coupon = {
        coupon_id: email for (coupon_id, _), email in zip(found, addresses, strict=False)
    }
    if emails_by_coupon:
        coupons.send_coupons(connection, emails_by_coupon, call.now)
        changes = [
            audit.Change("dispatch", "coupon", coupon_id, after={"sent_to_email": email})
            for coupon_id, email in emails_by_coupon.items()
        ]
        audit.append(connection, call.author, changes)
    return set(emails_by_coupon.values())
