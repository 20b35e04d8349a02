"""Coupons as SearchCoupons shows them, made of the rows of a database.

A row that was met before gives the same coupon again, by its values alone: nothing has to be
told when a coupon changes, as its row is then another one.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from service.domain.coupons import Coupon, CouponClaimInfo, CouponRedemption
from service.domain.terms import CouponTerms
from service.storage.classes import TERMS_COLUMNS, terms_of
from service.storage.party_tables import account
from service.storage.prepared import RowReader, from_json
from service.storage.tables import coupon, coupon_class, coupon_terms, redemption

COUPONS_KEPT_MAX = 4_096
"""How many coupons a process remembers: some 2 KiB each."""
TERMS_KEPT_MAX = 1_024

ReadRow = Callable[[tuple[Any, ...]], Any]

_redeemer = account.alias("redeemer")
_claimer = account.alias("claimer")
_OWN_COLUMNS = (
    coupon.c.coupon_id,
    coupon.c.batch_id,
    coupon.c.seq,
    coupon.c.code,
    coupon.c.sent_to_email,
    coupon.c.sent_at,
    coupon.c.claimed_account_id,
    coupon.c.claimed_at,
    coupon.c.redeemed_at,
    coupon_class.c.customer_id,
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
COUPONS = (
    select(*_OWN_COLUMNS, *(column.label(f"terms_{column.name}") for column in TERMS_COLUMNS))
    .select_from(coupon)
    .join(coupon_class, coupon_class.c.class_id == coupon.c.class_id)
    .join(coupon_terms, coupon_terms.c.terms_id == coupon.c.terms_id)
    .join(redemption, redemption.c.coupon_id == coupon.c.coupon_id, isouter=True)
    .join(_redeemer, _redeemer.c.account_id == redemption.c.account_id, isouter=True)
    .join(_claimer, _claimer.c.account_id == coupon.c.claimed_account_id, isouter=True)
)
"""What a coupon is made of; a statement of its own adds whose."""
_OWN, _TERMS = RowReader(_OWN_COLUMNS), RowReader(TERMS_COLUMNS)


class PlacedCoupon(NamedTuple):
    """A coupon with its numbers in the database, and its place."""

    coupon_id: int
    batch_id: int
    seq: int
    coupon: Coupon


def placed_coupons(
    connection: Connection, rows: list[Any], *, with_claim_info: bool
) -> list[PlacedCoupon]:
    """The coupons of raw rows of ``COUPONS``, of which SQLite gives all in one."""
    read_own, read_terms = _OWN.of(connection.dialect), _TERMS.of(connection.dialect)
    return [_placed(row, read_own, read_terms, with_claim_info) for row in rows]


def whole_coupon(connection: Connection, row: tuple[Any, ...]) -> tuple[Any, Coupon]:
    """A raw row of ``COUPONS``, and its coupon for the operator, who sees who redeemed it."""
    own = _OWN.of(connection.dialect)(row[: len(_OWN_COLUMNS)])
    terms = _terms_of(row[len(_OWN_COLUMNS) :], _TERMS.of(connection.dialect))
    return own, _coupon(own, terms, is_redemption_told=True, with_claim_info=True)


# The readers are among the arguments, as the same values mean something else on another database.
@lru_cache(maxsize=COUPONS_KEPT_MAX)
def _placed(
    row: tuple[Any, ...] | str,
    read_own: ReadRow,
    read_terms: ReadRow,
    with_claim_info: bool,
) -> PlacedCoupon:
    values = from_json(row) if isinstance(row, str) else row
    own = read_own(values[: len(_OWN_COLUMNS)])
    coupon = _coupon(
        own,
        _terms_of(values[len(_OWN_COLUMNS) :], read_terms),
        is_redemption_told=own.is_redeemed_at_home,
        with_claim_info=with_claim_info,
    )
    return PlacedCoupon(own.coupon_id, own.batch_id, own.seq, coupon)


@lru_cache(maxsize=TERMS_KEPT_MAX)
def _terms_of(row: tuple[Any, ...], read: ReadRow) -> CouponTerms:
    return terms_of(read(row))


def _coupon(
    own: Any, terms: CouponTerms, *, is_redemption_told: bool, with_claim_info: bool
) -> Coupon:
    is_redeemed = own.redeemed_at is not None
    return Coupon(
        coupon_code=own.code,
        class_name=own.class_name,
        coupon_type=terms.coupon_type.value,
        amount=terms.amount,
        spend_threshold=terms.spend_threshold,
        currency_code=terms.currency_code,
        percent_off=terms.percent_off,
        active_duration=terms.active_duration,
        expiration_date=terms.expiration_date,
        start_date=terms.start_date,
        end_date=terms.end_date,
        send_to_email=own.sent_to_email,
        send_to_date=own.sent_at,
        is_redeemed=is_redeemed,
        redemption_info=_redemption_of(own) if is_redeemed and is_redemption_told else None,
        claim_info=_claim_of(own) if with_claim_info and own.claimed_at is not None else None,
    )


def _redemption_of(own: Any) -> CouponRedemption:
    return CouponRedemption(
        account_id=own.account_id,
        account_number=own.number,
        spend_to_threshold=own.spend_to_threshold,
        balance=own.balance,
        currency_code=own.currency_code,
        redemption_date=own.redeemed_at,
        expiration_date=own.expires_at,
        activation_date=own.activated_at,
    )


def _claim_of(own: Any) -> CouponClaimInfo:
    return CouponClaimInfo(own.claimed_account_id, own.claimer_number, own.claimed_at)
