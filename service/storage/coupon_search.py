"""Pages of a customer's coupons.

A page by class, without a filter on coupons, is found by arithmetic: a class
has its coupons at the places 0 to ``coupons_count`` - 1, so that any page costs
the same. Other searches skip the rows before their page.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    or_,
    select,
)

from service.domain.coupons import Coupon, CouponClaimInfo, CouponRedemption
from service.domain.search import ORDER_BY_START_DATE, PAGE_SIZE_MAX, CouponQuery
from service.domain.terms import CouponTerms
from service.storage.classes import TERMS_COLUMNS, terms_of
from service.storage.tables import (
    account,
    coupon,
    coupon_class,
    coupon_terms,
    redemption,
)

_redeemer = account.alias("redeemer")
_claimer = account.alias("claimer")

_PAGE = (
    select(
        coupon.c.code,
        coupon.c.terms_id,
        coupon.c.sent_to_email,
        coupon.c.sent_at,
        coupon.c.claimed_account_id,
        coupon.c.claimed_at,
        coupon.c.seq,
        coupon.c.redeemed_at,
        coupon_class.c.class_id,
        coupon_class.c.name.label("class_name"),
        redemption.c.account_id,
        redemption.c.spend_to_threshold,
        redemption.c.balance,
        redemption.c.currency_code,
        redemption.c.expires_at,
        redemption.c.activated_at,
        _redeemer.c.number,
        _claimer.c.number.label("claimer_number"),
        (_redeemer.c.customer_id == coupon_class.c.customer_id).label("is_redeemed_at_home"),
    )
    .select_from(coupon)
    .join(coupon_class, coupon_class.c.class_id == coupon.c.class_id)
    .join(redemption, redemption.c.coupon_id == coupon.c.coupon_id, isouter=True)
    .join(_redeemer, _redeemer.c.account_id == redemption.c.account_id, isouter=True)
    .join(_claimer, _claimer.c.account_id == coupon.c.claimed_account_id, isouter=True)
)
_BY_CODE = _PAGE.add_columns(
    coupon.c.coupon_id, coupon.c.batch_id, coupon_class.c.customer_id
).where(coupon.c.code == bindparam("code"))
_CLASSES = (
    select(coupon_class.c.class_id, coupon_class.c.coupons_count)
    .where(coupon_class.c.customer_id == bindparam("customer_id"))
    .order_by(coupon_class.c.name)
)
_TERMS = select(coupon_terms.c.terms_id, *TERMS_COLUMNS).where(
    coupon_terms.c.terms_id.in_(bindparam("terms_ids", expanding=True))
)


def search_coupons(connection: Connection, query: CouponQuery) -> list[Coupon]:
    """The page of the customer's coupons that the query asks for."""
    has_filter = query.is_redeemed is not None or query.starts_from is not None
    if has_filter or query.order_by == ORDER_BY_START_DATE:
        rows = _filtered_page(connection, query)
    else:
        rows = _dense_page(connection, query)
    terms = _terms_by_id(connection, {row.terms_id for row in rows})
    return [
        _coupon_of(row, terms[row.terms_id], with_claim_info=query.with_claim_info) for row in rows
    ]


def find_coupon(connection: Connection, code: str) -> tuple[int, int, int, Coupon] | None:
    """A coupon by its folded code, for its operator, who sees all of it.

    Answers:
        The numbers of the coupon, its owner and its batch, and the coupon.
    """
    row = connection.execute(_BY_CODE, {"code": code}).one_or_none()
    if row is None:
        return None
    (terms,) = _terms_by_id(connection, {row.terms_id}).values()
    redemption_info = None if row.redeemed_at is None else _redemption_of(row)
    shown = replace(_coupon_of(row, terms, with_claim_info=True), redemption_info=redemption_info)
    return row.coupon_id, row.customer_id, row.batch_id, shown


def _dense_page(connection: Connection, query: CouponQuery) -> list[Row[Any]]:
    """Find the page by the counts of the classes before it."""
    statement = _CLASSES
    if query.class_name is not None:
        statement = statement.where(coupon_class.c.name == query.class_name)
    classes = [
        tuple(row) for row in connection.execute(statement, {"customer_id": query.customer_id})
    ]
    stretches = list(_stretches(classes[::-1] if query.descending else classes, query))
    if not stretches:
        return []
    values: dict[str, int] = {}
    for place, (class_id, first, last) in enumerate(stretches):
        values |= {f"class_id_{place}": class_id, f"first_{place}": first, f"last_{place}": last}
    rows = connection.execute(_places_statement(len(stretches)), values).all()
    order = {class_id: place for place, (class_id, _, _) in enumerate(stretches)}
    return sorted(rows, key=lambda row: (order[row.class_id], row.seq))


@lru_cache(maxsize=PAGE_SIZE_MAX)
def _places_statement(stretches_count: int) -> Select[Any]:
    """The statement for a page of so many stretches; its values are bound when it runs."""
    return _PAGE.where(
        or_(
            *(
                and_(
                    coupon.c.class_id == bindparam(f"class_id_{place}"),
                    coupon.c.seq.between(bindparam(f"first_{place}"), bindparam(f"last_{place}")),
                )
                for place in range(stretches_count)
            )
        )
    )


def _stretches(
    classes: list[tuple[Any, ...]], query: CouponQuery
) -> Iterator[tuple[int, int, int]]:
    """The parts of the page: class, first and last place in it."""
    skip, wanted = query.offset, query.size
    for class_id, count in classes:
        if skip < count and wanted > 0:
            taken = min(wanted, count - skip)
            yield class_id, skip, skip + taken - 1
            wanted -= taken
        skip = max(skip - count, 0)


def _filtered_page(connection: Connection, query: CouponQuery) -> list[Row[Any]]:
    statement = _filtered_statement(
        has_class_name=query.class_name is not None,
        is_redeemed=query.is_redeemed,
        has_starts_from=query.starts_from is not None,
        by_start_date=query.order_by == ORDER_BY_START_DATE,
        descending=query.descending,
    )
    values = {
        "customer_id": query.customer_id,
        "class_name": query.class_name,
        "starts_from": query.starts_from,
        "offset": query.offset,
        "size": query.size,
    }
    return list(connection.execute(statement, values).all())


@lru_cache(maxsize=64)
def _filtered_statement(
    *,
    has_class_name: bool,
    is_redeemed: bool | None,
    has_starts_from: bool,
    by_start_date: bool,
    descending: bool,
) -> Select[Any]:
    """The statement of one kind of search; its values are bound when it runs."""
    statement = _PAGE.join(coupon_terms, coupon_terms.c.terms_id == coupon.c.terms_id).where(
        coupon_class.c.customer_id == bindparam("customer_id")
    )
    if has_class_name:
        statement = statement.where(coupon_class.c.name == bindparam("class_name"))
    if is_redeemed is not None:
        unredeemed = coupon.c.redeemed_at.is_(None)
        statement = statement.where(~unredeemed if is_redeemed else unredeemed)
    if has_starts_from:
        statement = statement.where(coupon_terms.c.start_date >= bindparam("starts_from"))
    order = _order(by_start_date=by_start_date, descending=descending)
    return statement.order_by(*order).limit(bindparam("size")).offset(bindparam("offset"))


def _order(*, by_start_date: bool, descending: bool) -> list[ColumnElement[Any]]:
    """The order of a search; coupons without a StartDate come before all others."""
    by_name, by_seq = coupon_class.c.name, coupon.c.seq
    if not by_start_date:
        return [by_name.desc() if descending else by_name, by_seq]
    start = coupon_terms.c.start_date
    by_start = start.desc().nulls_last() if descending else start.asc().nulls_first()
    return [by_start, by_name, by_seq]


def _terms_by_id(connection: Connection, terms_ids: set[int]) -> dict[int, CouponTerms]:
    """The terms of a page: few rows, as many coupons share one."""
    if not terms_ids:
        return {}
    rows = connection.execute(_TERMS, {"terms_ids": sorted(terms_ids)})
    return {row.terms_id: terms_of(row) for row in rows}


def _coupon_of(row: Row[Any], terms: CouponTerms, *, with_claim_info: bool) -> Coupon:
    return Coupon(
        coupon_code=row.code,
        class_name=row.class_name,
        coupon_type=terms.coupon_type.value,
        amount=terms.amount,
        spend_threshold=terms.spend_threshold,
        currency_code=terms.currency_code,
        percent_off=terms.percent_off,
        active_duration=terms.active_duration,
        expiration_date=terms.expiration_date,
        start_date=terms.start_date,
        end_date=terms.end_date,
        send_to_email=row.sent_to_email,
        send_to_date=row.sent_at,
        is_redeemed=row.redeemed_at is not None,
        redemption_info=_redemption_of(row) if row.is_redeemed_at_home else None,
        claim_info=_claim_of(row) if with_claim_info and row.claimed_at is not None else None,
    )


def _redemption_of(row: Row[Any]) -> CouponRedemption:
    return CouponRedemption(
        account_id=row.account_id,
        account_number=row.number,
        spend_to_threshold=row.spend_to_threshold,
        balance=row.balance,
        currency_code=row.currency_code,
        redemption_date=row.redeemed_at,
        expiration_date=row.expires_at,
        activation_date=row.activated_at,
    )


def _claim_of(row: Row[Any]) -> CouponClaimInfo:
    return CouponClaimInfo(row.claimed_account_id, row.claimer_number, row.claimed_at)
