"""Rules of the audit log: what was done stands in it, once, and what stands in it was done."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    FromClause,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    select,
)

from service.domain.roles import COMMAND_LINE
from service.storage.discount_tables import (
    bill,
    coupon_book,
    coupon_book_definition,
    coupon_definition,
    coupon_instance,
    parent_coupon,
    unique_code,
)
from service.storage.invariants.rule import Rule
from service.storage.party_tables import account, customer, service_user, subscription, token
from service.storage.tables import (
    audit,
    coupon,
    coupon_batch,
    coupon_class,
    creation_job,
    job,
    redemption,
    spend,
)


def text_after(name: str) -> ColumnElement[str]:
    """What an entry of the audit log says of its entity afterwards."""
    value: ColumnElement[str] = audit.c.after[name].as_string()
    return value


def number_after(name: str) -> ColumnElement[int]:
    """As ``text_after``, for a number."""
    return cast(text_after(name), BigInteger)


class _Event(NamedTuple):
    """What happens to an entity once at most.

    Attributes:
        at: When it happened, as the entity's row has it; NULL before.
        actions: What the audit log calls it.
        says: What its entry says beside the date.
    """

    text: str
    entity: str
    at: ColumnElement[datetime]
    actions: Sequence[str]
    says: Sequence[ColumnElement[bool]] = ()


_KEYS: dict[str, Column[int]] = {
    "customer": customer.c.customer_id,
    "account": account.c.account_id,
    "subscription": subscription.c.subscription_id,
    "user": service_user.c.user_id,
    "token": token.c.token_id,
    "coupon_class": coupon_class.c.class_id,
    "coupon_batch": coupon_batch.c.batch_id,
    "coupon": coupon.c.coupon_id,
    "job": job.c.job_id,
    "spend": spend.c.spend_id,
    "definition": coupon_definition.c.definition_id,
    "book definition": coupon_book_definition.c.book_definition_id,
    "book": coupon_book.c.book_id,
    "parent coupon": parent_coupon.c.coupon_id,
    "unique code": unique_code.c.coupon_id,
    "instance": coupon_instance.c.instance_id,
    "bill": bill.c.bill_id,
}
"""The numbers of each entity that the audit log knows."""

_ADDED = ("add", "initialise")
_IS_OF_JOB = (
    exists()
    .where(creation_job.c.batch_id == coupon_batch.c.batch_id)
    # Of the entry's row, however deep the question stands.
    .correlate(coupon_batch)
)
_IS_OF_SIMPLE_COUPON = (
    exists()
    .where(parent_coupon.c.definition_id == coupon_definition.c.definition_id)
    .correlate(coupon_definition)
)
_EVENTS = (
    _Event("a customer was added", "customer", customer.c.created_at, _ADDED),
    _Event("an account was added", "account", account.c.created_at, _ADDED),
    _Event(
        "a subscription was added",
        "subscription",
        subscription.c.created_at,
        _ADDED,
        (
            number_after("account_id") == subscription.c.account_id,
            text_after("reference") == subscription.c.reference,
        ),
    ),
    _Event("a subscription was ended", "subscription", subscription.c.ended_at, ("end",)),
    _Event("a user was added", "user", service_user.c.created_at, _ADDED),
    _Event("a user was disabled", "user", service_user.c.disabled_at, ("disable",)),
    _Event("a class was added", "coupon_class", coupon_class.c.created_at, _ADDED),
    _Event("a class was retired", "coupon_class", coupon_class.c.retired_at, ("retire",)),
    _Event("a job was created", "job", job.c.created_at, ("create",)),
    _Event("a job was cancelled", "job", job.c.cancel_requested_at, ("cancel",)),
    _Event(
        "a batch was minted or imported",
        "coupon_batch",
        # It tells how many coupons there are, when all of them are; of a job, the job does.
        case((and_(coupon_batch.c.created_count > 0, ~_IS_OF_JOB), coupon_batch.c.created_at)),
        ("mint", "import"),
        (
            number_after("class_id") == coupon_batch.c.class_id,
            number_after("created_count") == coupon_batch.c.created_count,
        ),
    ),
    _Event(
        "a coupon was dispatched",
        "coupon",
        coupon.c.sent_at,
        ("dispatch",),
        (text_after("sent_to_email") == coupon.c.sent_to_email,),
    ),
    _Event(
        "a coupon was claimed",
        "coupon",
        coupon.c.claimed_at,
        ("claim", "distribute"),
        (number_after("claimed_account_id") == coupon.c.claimed_account_id,),
    ),
    _Event(
        "a coupon was redeemed",
        "coupon",
        redemption.c.redeemed_at,
        ("redeem",),
        (number_after("account_id") == redemption.c.account_id,),
    ),
    _Event(
        "a spend was recorded",
        "spend",
        spend.c.recorded_at,
        ("record",),
        (
            number_after("account_id") == spend.c.account_id,
            text_after("reference") == spend.c.reference,
        ),
    ),
    _Event("a spend was reversed", "spend", spend.c.reversed_at, ("reverse",)),
    _Event(
        "a definition was added",
        "definition",
        # That of a simple coupon is told of with the coupon.
        case((~_IS_OF_SIMPLE_COUPON, coupon_definition.c.created_at)),
        _ADDED,
    ),
    _Event(
        "a kind of books was added",
        "book definition",
        coupon_book_definition.c.created_at,
        _ADDED,
    ),
    _Event("a book was added", "book", coupon_book.c.created_at, _ADDED),
    _Event(
        "a simple coupon was added",
        "parent coupon",
        parent_coupon.c.created_at,
        _ADDED,
        (number_after("customer_id") == parent_coupon.c.customer_id,),
    ),
    _Event("a simple coupon was retired", "parent coupon", parent_coupon.c.retired_at, ("retire",)),
    _Event("a unique code was retired", "unique code", unique_code.c.retired_at, ("retire",)),
    _Event(
        "an instance was added, or a coupon claimed",
        "instance",
        coupon_instance.c.created_at,
        (*_ADDED, "claim"),
    ),
    _Event("a claim was removed", "instance", coupon_instance.c.removed_at, ("remove",)),
    _Event("an instance was retired", "instance", coupon_instance.c.retired_at, ("retire",)),
    _Event(
        "coupons were applied to a bill",
        "bill",
        bill.c.created_at,
        ("apply",),
        (text_after("reference") == bill.c.reference,),
    ),
    _Event("a bill was rolled back", "bill", bill.c.rolled_back_at, ("roll back",)),
)
_TOKEN_EVENTS = (
    # The first tokens come with the first user, and with a disabled one all tokens end.
    _Event("a token was issued", "token", token.c.created_at, ("issue",)),
    _Event("a token was revoked", "token", token.c.revoked_at, ("revoke",)),
)


def _recorded(event: _Event) -> Rule:
    """That the event stands in the audit log."""
    is_redemption = event.at is redemption.c.redeemed_at
    key = redemption.c.coupon_id if is_redemption else _KEYS[event.entity]
    return Rule(
        text=f"the audit log tells that {event.text}, as its row does",
        entity=event.entity,
        key=key,
        suspects=select(key).where(
            event.at.is_not(None),
            ~exists().where(
                audit.c.entity == event.entity,
                audit.c.entity_id == key,
                audit.c.action.in_(event.actions),
                audit.c.at == event.at,
                *event.says,
            ),
        ),
    )


def _with_entities() -> FromClause:
    """The audit log, with the row of each entry's entity beside it."""
    joined: FromClause = audit
    for entity, key in _KEYS.items():
        is_its_row = and_(audit.c.entity == entity, key == audit.c.entity_id)
        joined = joined.outerjoin(key.table, is_its_row)
    return joined.outerjoin(redemption, redemption.c.coupon_id == coupon.c.coupon_id)


def _tells_of(event: _Event) -> ColumnElement[bool]:
    """That an entry tells of the event, and its entity exists."""
    is_of_event = and_(audit.c.entity == event.entity, audit.c.action.in_(event.actions))
    return and_(is_of_event, _KEYS[event.entity].is_not(None))


_ALL_EVENTS = (*_EVENTS, *_TOKEN_EVENTS)
_ONCE = sorted({action for event in _ALL_EVENTS for action in event.actions})
_earlier = audit.alias("earlier")


def _of_entries(text: str, *conditions: Any) -> Rule:
    return Rule(
        text=text,
        entity="audit",
        key=audit.c.audit_id,
        suspects=select(audit.c.audit_id).select_from(_with_entities()).where(*conditions),
    )


RULES = (
    *map(_recorded, _EVENTS),
    _of_entries(
        "the audit log tells of what exists",
        func.coalesce(*_KEYS.values()).is_(None),
        # That signs the sessions of the console: it is forgotten.
        audit.c.entity != "secret",
    ),
    _of_entries(
        "the row of what the audit log tells of has the same date",
        # A CASE, as databases would look for each part of an OR in another index, and read
        # there much more than a range.
        case(
            *((_tells_of(event), event.at.is_distinct_from(audit.c.at)) for event in _ALL_EVENTS),
            else_=false(),
        ),
    ),
    Rule(
        text="the audit log tells once what happens once",
        entity="audit",
        key=audit.c.audit_id,
        suspects=select(audit.c.audit_id).where(
            audit.c.action.in_(_ONCE),
            exists().where(
                _earlier.c.entity == audit.c.entity,
                _earlier.c.entity_id == audit.c.entity_id,
                _earlier.c.action == audit.c.action,
                _earlier.c.audit_id < audit.c.audit_id,
            ),
        ),
    ),
    Rule(
        text="the audit log names users who exist",
        entity="audit",
        key=audit.c.audit_id,
        suspects=select(audit.c.audit_id)
        .join(service_user, service_user.c.user_id == audit.c.user_id, isouter=True)
        .where(audit.c.user_id != COMMAND_LINE.user_id, service_user.c.user_id.is_(None)),
    ),
)
