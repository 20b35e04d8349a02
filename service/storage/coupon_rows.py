"""Coupons as SearchCoupons shows them, made of the rows of a database.

A row that was met before gives the same coupon again, by its values alone: nothing has to be
told when a coupon changes, as its row is then another one. Terms are read apart from the coupons
that have them, as those of a page have few.
"""

import json
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, bindparam, func, literal_column, select

from service.domain.coupons import Coupon, CouponClaimInfo, CouponRedemption
from service.storage.classes import TERMS_COLUMNS, terms_of
from service.storage.party_tables import account
from service.storage.prepared import Prepared, RowReader, Values
from service.storage.prepared_lists import filled_up
from service.storage.tables import coupon, coupon_class, coupon_terms, redemption

COUPONS_KEPT_MAX = 4_096
"""How many coupons a process remembers: some 2 KiB each."""
TERMS_KEPT_MAX = 1_024

ReadRow = Callable[[tuple[Any, ...]], Any]
Row = tuple[Any, ...] | str
"""What the driver gives for a coupon; SQLite, a text in JSON."""

_redeemer = account.alias("redeemer")
_claimer = account.alias("claimer")
_COLUMNS = (
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
    select(*_COLUMNS, coupon.c.terms_id)
    .select_from(coupon)
    .join(coupon_class, coupon_class.c.class_id == coupon.c.class_id)
    .join(redemption, redemption.c.coupon_id == coupon.c.coupon_id, isouter=True)
    .join(_redeemer, _redeemer.c.account_id == redemption.c.account_id, isouter=True)
    .join(_claimer, _claimer.c.account_id == coupon.c.claimed_account_id, isouter=True)
)
"""What a coupon is made of, but for its terms; a statement of its own adds whose."""
_COUPON, _TERMS = RowReader(_COLUMNS), RowReader(TERMS_COLUMNS)
_read_json = json.JSONDecoder().raw_decode


class PlacedCoupon(NamedTuple):
    """A coupon with its numbers in the database, and its place."""

    coupon_id: int
    batch_id: int
    seq: int
    customer_id: int
    coupon: Coupon


def prepared_coupons(statement: Select[Any], *, count_max: int | None = None) -> Prepared:
    """A statement of ``COUPONS`` for ``placed_coupons``.

    PostgreSQL gives the terms with each coupon, as a further statement takes a round trip. SQLite
    gives all coupons as one text, and the numbers of their terms as another. Its driver lets go of
    Python's lock for each row, and threads that wait for it take turns then, which costs more than
    the rows.

    Args:
        statement: Finds the coupons.
        count_max: How many these are at the most, where PostgreSQL is to plan the statement without
            the values: of an unknown range it expects every two hundredth row of the table.
    """

    def made(dialect_name: str) -> Select[Any]:
        if dialect_name != "sqlite":
            its_terms = coupon_terms.c.terms_id == coupon.c.terms_id
            whole = statement.join(coupon_terms, its_terms).add_columns(*TERMS_COLUMNS)
            return whole if count_max is None else whole.limit(literal_column(str(count_max)))
        *columns, terms_id = statement.subquery().c
        # JSON has no line end within a text.
        rows = func.group_concat(func.json_array(*columns), literal_column("char(10)"))
        in_two: Select[Any] = select(rows, func.group_concat(terms_id, literal_column("','")))
        return in_two

    return Prepared(made)


def placed_coupons(
    connection: Connection,
    statement: Prepared,
    values: Values,
    *,
    with_claim_info: bool,
    is_redeemer_told: bool = False,
) -> list[PlacedCoupon]:
    """The coupons that a statement of ``prepared_coupons`` finds, in its order.

    Args:
        connection: A transaction.
        statement: Finds them.
        values: Its values.
        with_claim_info: Whether it is told for whom they are booked.
        is_redeemer_told: Whether it is, when an account of another customer has redeemed them.
    """
    found = statement.raw_rows(connection, values)
    is_sqlite = connection.dialect.name == "sqlite"
    rows = _from_texts(connection, *found[0]) if is_sqlite else _from_rows(connection, found)
    read = _COUPON.of(connection.dialect)
    return [_placed(row, terms, read, with_claim_info, is_redeemer_told) for row, terms in rows]


def _from_rows(
    connection: Connection, rows: list[tuple[Any, ...]]
) -> Iterable[tuple[Row, "_Terms"]]:
    end, read = len(_COLUMNS), _TERMS.of(connection.dialect)
    return ((row[:end], _terms(row[end + 1 :], read)) for row in rows)


def _from_texts(
    connection: Connection, rows: str | None, terms_ids: str | None
) -> Iterable[tuple[Row, "_Terms"]]:
    if rows is None or terms_ids is None:
        return ()
    numbers = terms_ids.split(",")
    terms = _terms_by_number(connection, sorted(set(numbers)))
    return zip(rows.split("\n"), map(terms.__getitem__, numbers), strict=True)


class _Terms:
    """Terms as coupons show them; they are known by their identity."""

    def __init__(self, row: Any) -> None:
        terms = terms_of(row)
        self.shown = (
            terms.coupon_type.value,
            terms.amount,
            terms.spend_threshold,
            terms.currency_code,
            terms.percent_off,
            terms.active_duration,
            terms.expiration_date,
            terms.start_date,
            terms.end_date,
        )


def _terms_by_number(connection: Connection, numbers: list[str]) -> dict[str, _Terms]:
    listed = filled_up(list(map(int, numbers)))
    values = {f"terms_id_{i}": terms_id for i, terms_id in enumerate(listed)}
    read = _TERMS.of(connection.dialect)
    rows = _terms_statement(len(listed)).raw_rows(connection, values)
    return {str(terms_id): _terms(tuple(row), read) for terms_id, *row in rows}


@lru_cache
def _terms_statement(length: int) -> Prepared:
    listed: list[Any] = [bindparam(f"terms_id_{i}") for i in range(length)]
    statement = select(coupon_terms.c.terms_id, *TERMS_COLUMNS)
    return Prepared(statement.where(coupon_terms.c.terms_id.in_(listed)))


# The readers are among the arguments, as the same values mean something else on another database.
@lru_cache(maxsize=TERMS_KEPT_MAX)
def _terms(row: tuple[Any, ...], read: ReadRow) -> _Terms:
    return _Terms(read(row))


@lru_cache(maxsize=COUPONS_KEPT_MAX)
def _placed(
    row: Row, terms: _Terms, read: ReadRow, with_claim_info: bool, is_redeemer_told: bool
) -> PlacedCoupon:
    own = read(_read_json(row)[0] if isinstance(row, str) else row)
    is_redeemed = own.redeemed_at is not None
    is_told = is_redeemed and (is_redeemer_told or own.is_redeemed_at_home)
    coupon = Coupon(
        own.code,
        own.class_name,
        *terms.shown,
        own.sent_to_email,
        own.sent_at,
        is_redeemed,
        _redemption_of(own) if is_told else None,
        _claim_of(own) if with_claim_info and own.claimed_at is not None else None,
    )
    return PlacedCoupon(own.coupon_id, own.batch_id, own.seq, own.customer_id, coupon)


def _redemption_of(own: Any) -> CouponRedemption:
    return CouponRedemption(
        own.account_id,
        own.number,
        own.spend_to_threshold,
        own.balance,
        own.currency_code,
        own.redeemed_at,
        own.expires_at,
        own.activated_at,
    )


def _claim_of(own: Any) -> CouponClaimInfo:
    return CouponClaimInfo(own.claimed_account_id, own.claimer_number, own.claimed_at)
