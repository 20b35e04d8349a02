"""Rules of coupons that discount bills: claims, unique codes, instances and books."""

from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    FromClause,
    Row,
    and_,
    case,
    exists,
    func,
    or_,
    select,
)

from service.domain.coupon_instances import InstanceTarget
from service.domain.parent_coupons import LimitScope
from service.domain.refusals import ServiceError
from service.storage.definitions import modifier_of
from service.storage.discount_tables import (
    bill,
    coupon_book,
    coupon_book_definition,
    coupon_definition,
    coupon_instance,
    coupon_modifier,
    coupon_rule,
    coupon_use,
    parent_coupon,
    unique_code,
)
from service.storage.invariants.history import number_after
from service.storage.invariants.rule import NOTHING, Rule
from service.storage.party_tables import account, subscription
from service.storage.tables import audit, coupon
from service.storage.types import Money


def _count(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
    """How many rows there are, beside the row in question."""
    return select(func.count()).where(*conditions).scalar_subquery()


_correction = audit.alias("correction")


def _tells_of_book(entry: FromClause) -> ColumnElement[bool]:
    return and_(entry.c.entity == "book", entry.c.entity_id == coupon_book.c.book_id)


_remaining_at_first = (
    select(number_after("remaining_coupons"))
    .where(_tells_of_book(audit), audit.c.action == "add")
    .scalar_subquery()
)


def _is_no_modifier(row: Row[Any]) -> bool:
    try:
        modifier_of(row).require_valid("")
    except (ServiceError, ValueError):
        return True
    return False


_IS_CLAIM = coupon_instance.c.parent_coupon_id.is_not(None)
_counts_together = parent_coupon.c.limit_scope == LimitScope.COUPON.value
_claims_by_parent_code = _count(coupon_instance.c.coupon_id == parent_coupon.c.coupon_id, _IS_CLAIM)
_unique_codes = _count(unique_code.c.parent_coupon_id == parent_coupon.c.coupon_id)
_claims_of_code = _count(coupon_instance.c.coupon_id == unique_code.c.coupon_id, _IS_CLAIM)
_is_unique_code_of_claim = exists().where(
    unique_code.c.coupon_id == coupon_instance.c.coupon_id,
    unique_code.c.parent_coupon_id == coupon_instance.c.parent_coupon_id,
)

_is_billed = and_(
    coupon_use.c.instance_id == coupon_instance.c.instance_id,
    bill.c.bill_id == coupon_use.c.bill_id,
)
_is_used_in = and_(_is_billed, bill.c.rolled_back_at.is_(None))
_is_given_back_in = and_(_is_billed, bill.c.rolled_back_at.is_not(None))
_given = (
    select(func.coalesce(func.sum(coupon_use.c.amount, type_=Money()), NOTHING, type_=Money()))
    .where(_is_used_in)
    .scalar_subquery()
)

_of_instance = (audit.c.entity == "instance", audit.c.entity_id == coupon_instance.c.instance_id)
_generated_count = (
    select(func.coalesce(func.sum(number_after("quantity")), 0))
    .where(
        audit.c.entity == "parent coupon",
        audit.c.entity_id == parent_coupon.c.coupon_id,
        audit.c.action == "generate",
    )
    .scalar_subquery()
)

_parent_rule = coupon_rule.alias("parent_rule")
_is_code_of_instance = and_(
    coupon_instance.c.coupon_id == coupon.c.coupon_id,
    coupon_instance.c.parent_coupon_id.is_(None),
)
_owners_of_code = (
    _count(parent_coupon.c.coupon_id == coupon.c.coupon_id)
    + _count(unique_code.c.coupon_id == coupon.c.coupon_id)
    + _count(coupon_book.c.coupon_id == coupon.c.coupon_id)
    + _count(_is_code_of_instance)
)


def _without_class(entity: str, key: Column[int], code: Column[int]) -> Rule:
    article = "an" if entity == "instance" else "a"
    return Rule(
        text=f"the code of {article} {entity} is that of no class",
        entity=entity,
        key=key,
        suspects=select(key)
        .join(coupon, coupon.c.coupon_id == code)
        .where(coupon.c.class_id.is_not(None)),
    )


_DEFINITIONS = (
    Rule(
        text="a modifier is such as a definition may have",
        entity="modifier",
        key=coupon_modifier.c.modifier_id,
        suspects=select(coupon_modifier),
        is_broken=_is_no_modifier,
    ),
    Rule(
        text="a rule lies in one of its definition that comes before it",
        entity="rule",
        key=coupon_rule.c.rule_id,
        suspects=select(coupon_rule.c.rule_id)
        .join(_parent_rule, _parent_rule.c.rule_id == coupon_rule.c.parent_rule_id)
        .where(
            or_(
                _parent_rule.c.definition_id != coupon_rule.c.definition_id,
                _parent_rule.c.place >= coupon_rule.c.place,
            )
        ),
    ),
    Rule(
        text="a kind of books is of the customer of its definition",
        entity="book definition",
        key=coupon_book_definition.c.book_definition_id,
        suspects=select(coupon_book_definition.c.book_definition_id)
        .join(
            coupon_definition,
            coupon_definition.c.definition_id == coupon_book_definition.c.definition_id,
        )
        .where(coupon_book_definition.c.customer_id != coupon_definition.c.customer_id),
    ),
    Rule(
        text="a book is of the customer of its kind",
        entity="book",
        key=coupon_book.c.book_id,
        suspects=select(coupon_book.c.book_id)
        .join(
            coupon_book_definition,
            coupon_book_definition.c.book_definition_id == coupon_book.c.book_definition_id,
        )
        .where(coupon_book.c.customer_id != coupon_book_definition.c.customer_id),
    ),
    Rule(
        text="a book has the coupons left that were not drawn of it",
        entity="book",
        key=coupon_book.c.book_id,
        suspects=select(coupon_book.c.book_id).where(
            _remaining_at_first - coupon_book.c.remaining_coupons
            != _count(coupon_instance.c.book_id == coupon_book.c.book_id),
            # An operator may have corrected it.
            ~exists().where(_tells_of_book(_correction), _correction.c.action == "update"),
        ),
    ),
)

_CODES = (
    Rule(
        text="a coupon counts the claims by its code, and its unique codes unless they count apart",
        entity="parent coupon",
        key=parent_coupon.c.coupon_id,
        suspects=select(parent_coupon.c.coupon_id).where(
            parent_coupon.c.claims_count
            != _claims_by_parent_code + case((_counts_together, _unique_codes), else_=0)
        ),
    ),
    Rule(
        text="a unique code counts its claims, and has no more than its coupon allows",
        entity="unique code",
        key=unique_code.c.coupon_id,
        suspects=select(unique_code.c.coupon_id)
        .join(parent_coupon, parent_coupon.c.coupon_id == unique_code.c.parent_coupon_id)
        .where(
            or_(
                unique_code.c.claims_count != _claims_of_code,
                unique_code.c.claims_count
                > case((_counts_together, 1), else_=parent_coupon.c.coupons_max),
            )
        ),
    ),
    Rule(
        text="a unique code that is retired has no claim in effect",
        entity="unique code",
        key=unique_code.c.coupon_id,
        suspects=select(unique_code.c.coupon_id).where(
            unique_code.c.retired_at.is_not(None),
            exists().where(
                coupon_instance.c.coupon_id == unique_code.c.coupon_id,
                coupon_instance.c.removed_at.is_(None),
            ),
        ),
    ),
    Rule(
        # Of none, when a book or an instance was given another.
        text="a code without a class is that of one coupon, unique code, book or instance only",
        entity="coupon",
        key=coupon.c.coupon_id,
        suspects=select(coupon.c.coupon_id).where(coupon.c.class_id.is_(None), _owners_of_code > 1),
    ),
    _without_class("parent coupon", parent_coupon.c.coupon_id, parent_coupon.c.coupon_id),
    _without_class("unique code", unique_code.c.coupon_id, unique_code.c.coupon_id),
    _without_class("book", coupon_book.c.book_id, coupon_book.c.coupon_id),
    _without_class("instance", coupon_instance.c.instance_id, coupon_instance.c.coupon_id),
)

_INSTANCES = (
    Rule(
        text="a claim is of its coupon's definition and code, and discounts a subscription",
        entity="instance",
        key=coupon_instance.c.instance_id,
        suspects=select(coupon_instance.c.instance_id)
        .join(parent_coupon, parent_coupon.c.coupon_id == coupon_instance.c.parent_coupon_id)
        .where(
            or_(
                coupon_instance.c.definition_id != parent_coupon.c.definition_id,
                coupon_instance.c.book_id.is_not(None),
                coupon_instance.c.target != InstanceTarget.SUBSCRIPTION.value,
                and_(
                    coupon_instance.c.coupon_id != parent_coupon.c.coupon_id,
                    ~_is_unique_code_of_claim,
                ),
            )
        ),
    ),
    Rule(
        text="a claim has the uses of its coupon, and has left what it has not used",
        entity="instance",
        key=coupon_instance.c.instance_id,
        suspects=select(coupon_instance.c.instance_id)
        .join(parent_coupon, parent_coupon.c.coupon_id == coupon_instance.c.parent_coupon_id)
        .where(
            or_(
                coupon_instance.c.max_remaining_uses.is_distinct_from(parent_coupon.c.uses_max),
                coupon_instance.c.max_remaining_uses - coupon_instance.c.remaining_uses
                != coupon_instance.c.used_count,
            )
        ),
    ),
    Rule(
        text="an instance is of the customer of its definition, and of what it is attached to",
        entity="instance",
        key=coupon_instance.c.instance_id,
        suspects=select(coupon_instance.c.instance_id)
        .join(
            coupon_definition, coupon_definition.c.definition_id == coupon_instance.c.definition_id
        )
        .join(
            subscription,
            subscription.c.subscription_id == coupon_instance.c.subscription_id,
            isouter=True,
        )
        .join(
            account,
            account.c.account_id
            == func.coalesce(coupon_instance.c.account_id, subscription.c.account_id),
            isouter=True,
        )
        .where(
            or_(
                coupon_instance.c.customer_id != coupon_definition.c.customer_id,
                coupon_instance.c.customer_id != account.c.customer_id,
            )
        ),
    ),
    Rule(
        text="an instance that was taken from a book is of the book's customer and definition",
        entity="instance",
        key=coupon_instance.c.instance_id,
        suspects=select(coupon_instance.c.instance_id)
        .join(coupon_book, coupon_book.c.book_id == coupon_instance.c.book_id)
        .join(
            coupon_book_definition,
            coupon_book_definition.c.book_definition_id == coupon_book.c.book_definition_id,
        )
        .where(
            or_(
                coupon_instance.c.customer_id != coupon_book.c.customer_id,
                coupon_instance.c.definition_id != coupon_book_definition.c.definition_id,
            )
        ),
    ),
    Rule(
        text="an instance counts the bills that stand, and what it gave to them",
        entity="instance",
        key=coupon_instance.c.instance_id,
        suspects=select(coupon_instance.c.instance_id).where(
            or_(
                coupon_instance.c.used_count != _count(_is_used_in),
                coupon_instance.c.discount_value != _given,
            )
        ),
    ),
)

_HISTORY = (
    Rule(
        text="a coupon has the unique codes of which the audit log tells",
        entity="parent coupon",
        key=parent_coupon.c.coupon_id,
        suspects=select(parent_coupon.c.coupon_id).where(_unique_codes != _generated_count),
    ),
    Rule(
        text="the audit log tells how often an instance was used, and given a use back",
        entity="instance",
        key=coupon_instance.c.instance_id,
        suspects=select(coupon_instance.c.instance_id).where(
            or_(
                _count(coupon_use.c.instance_id == coupon_instance.c.instance_id)
                != _count(*_of_instance, audit.c.action == "use"),
                _count(_is_given_back_in) != _count(*_of_instance, audit.c.action == "give back"),
            )
        ),
    ),
)

RULES = (*_DEFINITIONS, *_CODES, *_INSTANCES, *_HISTORY)
