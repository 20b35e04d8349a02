"""Simple coupons on subscriptions: applied, listed, removed."""

from datetime import datetime

from sqlalchemy import Connection

from service.domain.coupon_instances import CouponInstance, InstanceTarget
from service.domain.coupon_records import CouponRecord, record_of_parent
from service.domain.definitions import CouponDefinition, end_of_instance
from service.domain.discount_errors import (
    CLAIM_LIMIT_REACHED,
    COUPON_ALREADY_APPLIED,
    COUPON_NOT_APPLIED,
    COUPON_RETIRED,
    STATE_INVALID,
)
from service.domain.pages import Page, PageWanted
from service.domain.programmes import Subscription
from service.domain.refusals import ServiceError
from service.operations.attempts import decide
from service.operations.calls import Call
from service.operations.coupon_records import (
    FoundCode,
    find_coupon,
    not_found,
    records_of_claims,
)
from service.operations.pages import page_of, require_page
from service.operations.subscriptions import require_subscription
from service.storage import audit, definitions, parent_coupons
from service.storage.coupon_instances import (
    InstanceKeys,
    StoredInstance,
    add_instance,
    end_claim,
    find_instances,
)
from service.storage.discount_tables import coupon_instance, parent_coupon


def apply_coupon(call: Call, subscription_reference: str, code: str | None) -> CouponRecord:
    """Claim a simple coupon for a subscription, by its parent code or by a unique code.

    From now on it discounts the bills of the subscription.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` or ``EntityNotExistent`` (subscription),
            ``NullParameter`` (code), ``CouponNotFound``: there is none, or not of the customer
            that the subscription's account bills to; ``StateInvalid``: the subscription has
            ended; ``CouponRetired``, ``ParentCodeNotRedeemable``, ``CurrencyMismatch``,
            ``RatePlanMismatch``, ``CouponAlreadyApplied`` or ``ClaimLimitReached``.
    """

    def attempt(connection: Connection) -> CouponRecord:
        subscription, account = require_subscription(
            connection, call, subscription_reference, is_change=True
        )
        found = find_of_customer(connection, account.customer_id, code)
        require_claimable(connection, found, subscription)
        _take_claim(connection, found)
        definition = definition_beneath(connection, found)
        number = _add_claim(connection, call, found, definition, subscription)
        claims = find_instances(connection, coupon_instance.c.instance_id == number)
        return records_of_claims(connection, claims)[0]

    return decide(call.database, attempt)


def get_subscription_coupons(
    call: Call,
    subscription_reference: str,
    page: PageWanted,
    *,
    includes_removed: bool = False,
) -> Page[CouponRecord]:
    """The claims of simple coupons that a subscription has, in the order they were made.

    Raises:
        ServiceError: ``PagingInvalid``, ``UserIsNotAuthorized`` or ``EntityNotExistent``.
    """
    require_page(page)
    with call.database.reading() as connection:
        subscription, _ = require_subscription(connection, call, subscription_reference)
        conditions = [
            coupon_instance.c.subscription_id == subscription.subscription_id,
            coupon_instance.c.parent_coupon_id.is_not(None),
        ]
        if not includes_removed:
            conditions.append(coupon_instance.c.removed_at.is_(None))
        claims = find_instances(connection, *conditions, offset=page.offset, limit=page.size + 1)
        return page_of(records_of_claims(connection, claims), page)


def get_applicable_coupons(
    call: Call, subscription_reference: str, page: PageWanted
) -> Page[CouponRecord]:
    """Parent coupons that could be claimed for a subscription now by their codes; oldest first.

    Raises:
        ServiceError: ``PagingInvalid``, ``UserIsNotAuthorized`` or ``EntityNotExistent``.
    """
    require_page(page)
    with call.database.reading() as connection:
        subscription, account = require_subscription(connection, call, subscription_reference)
        if subscription.ended_at is not None:
            return Page([], has_more=False)
        found = parent_coupons.find_parents(
            connection,
            parent_coupon.c.customer_id == account.customer_id,
            parent_coupons.applicable_to(subscription),
            offset=page.offset,
            limit=page.size + 1,
        )
    return page_of([record_of_parent(stored.coupon) for stored in found], page)


def remove_coupon(call: Call, subscription_reference: str, code: str | None) -> CouponRecord:
    """End a subscription's claim of a simple coupon; one that is removed is answered as it is.

    The claim is not given back to the coupon. What it discounted before stays.

    Args:
        call: Whose call it is.
        subscription_reference: The subscription.
        code: By which the coupon was claimed, or its parent code.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` or ``EntityNotExistent`` (subscription),
            ``NullParameter`` (code), ``CouponNotFound`` or ``CouponNotApplied``.
    """

    def attempt(connection: Connection) -> CouponRecord:
        subscription, account = require_subscription(
            connection, call, subscription_reference, is_change=True
        )
        found = find_of_customer(connection, account.customer_id, code)
        claim = _find_claim(connection, subscription, found.number)
        if claim is None:
            text = f"coupon {found.coupon_code}, subscription {subscription.reference}"
            raise ServiceError(COUPON_NOT_APPLIED, text)
        if end_claim(connection, claim.number, call.caller.user_id, call.now):
            after = {"removed_at": call.now.isoformat()}
            change = audit.Change("remove", "instance", claim.number, after=after)
            audit.append(connection, call.author, [change])
        claims = find_instances(connection, coupon_instance.c.instance_id == claim.number)
        return records_of_claims(connection, claims)[0]

    return decide(call.database, attempt)


def find_of_customer(connection: Connection, customer_id: int, code: str | None) -> FoundCode:
    """As ``find_coupon``; a coupon of another customer is ``CouponNotFound``."""
    found = find_coupon(connection, code)
    if found.parent.coupon.customer_id != customer_id:
        raise not_found(code)
    return found


def _find_claim(
    connection: Connection, subscription: Subscription, number: int
) -> StoredInstance | None:
    return parent_coupons.find_claim(
        connection,
        coupon_instance.c.subscription_id == subscription.subscription_id,
        parent_coupons.is_claim_of(number),
    )


def require_claimable(connection: Connection, found: FoundCode, subscription: Subscription) -> None:
    """Refuse a coupon that cannot be claimed for the subscription, whatever is left of it.

    Raises:
        ServiceError: As ``apply_coupon`` has it.
    """
    if subscription.ended_at is not None:
        text = f"subscription {subscription.reference} ended {subscription.ended_at.isoformat()}"
        raise ServiceError(STATE_INVALID, text)
    parent = found.parent.coupon
    parent.require_claimable(subscription, by_parent_code=found.code is None)
    if found.is_retired:
        raise ServiceError(COUPON_RETIRED, f"coupon {found.coupon_code}")
    claim = _find_claim(connection, subscription, found.parent.number)
    if claim is not None and claim.instance.removed_at is None:
        text = f"coupon {parent.coupon_code}, subscription {subscription.reference}"
        raise ServiceError(COUPON_ALREADY_APPLIED, text)


def definition_beneath(connection: Connection, found: FoundCode) -> CouponDefinition:
    """The definition beneath a simple coupon.

    Nobody changes it: it stays in production, without an end and without rules.
    """
    number = found.parent.definition
    return definitions.find_definitions(connection, [number])[number]


def _take_claim(connection: Connection, found: FoundCode) -> None:
    """Count the claim, of the parent or of the unique code: the statement is the verdict."""
    parent = found.parent.coupon
    if found.code is None:
        is_taken = parent_coupons.take_claims(connection, found.parent.number, 1)
        claims_max = parent.coupons_max
    else:
        claims_max = parent.code_claims_max
        is_taken = parent_coupons.keep_parent_in_use(
            connection, found.parent.number
        ) and parent_coupons.take_code_claim(connection, found.number, claims_max)
    if is_taken:
        return
    if find_coupon(connection, found.coupon_code).is_retired:
        raise ServiceError(COUPON_RETIRED, f"coupon {found.coupon_code}")
    text = f"coupon {found.coupon_code} has at most {claims_max} claims"
    raise ServiceError(CLAIM_LIMIT_REACHED, text)


def claim_of(
    found: FoundCode, definition: CouponDefinition, subscription: Subscription, now: datetime
) -> CouponInstance:
    """The claim of a coupon, as it is when it is made."""
    parent = found.parent.coupon
    return CouponInstance(
        customer_id=parent.customer_id,
        definition_id=definition.definition_id or "",
        target=InstanceTarget.SUBSCRIPTION,
        target_id=subscription.reference,
        initialised_at=now,
        valid_till=end_of_instance(definition, now),
        max_remaining_uses=parent.uses_max,
        remaining_uses=parent.uses_max,
        coupon_code=found.coupon_code,
        parent_code=parent.coupon_code,
    )


def _add_claim(
    connection: Connection,
    call: Call,
    found: FoundCode,
    definition: CouponDefinition,
    subscription: Subscription,
) -> int:
    """Insert the claim; answers its number."""
    claim = claim_of(found, definition, subscription, call.now)
    keys = InstanceKeys(
        definition=found.parent.definition,
        subscription=subscription.subscription_id,
        code=found.number,
        parent=found.parent.number,
    )
    number = add_instance(connection, claim, keys, call.caller.user_id, call.now)
    after = {"code": found.coupon_code, "subscription": subscription.reference}
    change = audit.Change("claim", "instance", number, after=after)
    audit.append(connection, call.author, [change])
    return number
