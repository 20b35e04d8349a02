"""Coupons as SearchCoupons shows them, made of the rows of a database.

Rows that were met together before give the same page again, by their values alone: nothing has to
be told when a coupon changes, as its row is then another one. Terms are read apart from the coupons
that have them, as those of a page have few. Rows are read column by column: what is the same for a
column is then done once for a page, and not for each coupon.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, bindparam, func, literal_column, select

from service.domain.coupons import Coupon, CouponClaimInfo, CouponRedemption
from service.storage.classes import TERMS_COLUMNS, terms_of
from service.storage.party_tables import account
from service.storage.prepared import ColumnsReader, Prepared, RowReader, Values
from service.storage.prepared_lists import filled_up
from service.storage.tables import coupon, coupon_class, coupon_terms, redemption

PAGES_KEPT_MAX = 48
"""How many pages a process remembers: some 2 KiB for each coupon."""
TERMS_KEPT_MAX = 1_024

ReadRow = Callable[[tuple[Any, ...]], Any]
ReadColumns = Callable[[Iterable[Sequence[Any]]], Any]
Rows = tuple[tuple[Any, ...], ...] | str
"""What the driver gives for coupons; SQLite, a text in JSON that has all values of each column."""

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
# It takes half as long as to call the classes.
_new_coupon = partial(tuple.__new__, Coupon)
_new_redemption = partial(tuple.__new__, CouponRedemption)
_COUPON, _TERMS = ColumnsReader(_COLUMNS), RowReader(TERMS_COLUMNS)


class PlacedCoupon(NamedTuple):
    """A coupon with its numbers in the database."""

    coupon_id: int
    batch_id: int
    customer_id: int
    coupon: Coupon


class Order(NamedTuple):
    """In which order coupons are shown: first by one column, then by their places.

    Attributes:
        column: ``batch_id`` or ``coupon_id``.
        numbers: All that it has, in their order.
    """

    column: str
    numbers: tuple[int, ...]


def prepared_coupons(statement: Select[Any], *, count_max: int | None = None) -> Prepared:
    """A statement of ``COUPONS`` for ``placed_coupons`` and ``coupons_page``.

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
        each = func.json_array(*map(func.json_group_array, columns))
        in_two: Select[Any] = select(each, func.group_concat(terms_id, literal_column("','")))
        return in_two

    return Prepared(made)


def placed_coupons(
    connection: Connection, statement: Prepared, values: Values
) -> list[PlacedCoupon]:
    """The coupons that a statement of ``prepared_coupons`` finds, with all that is known of them.

    Args:
        connection: A transaction.
        statement: Finds them.
        values: Its values.
    """
    rows, terms = _found(connection, statement, values)
    if not terms:
        return []
    own = _read(rows, _COUPON.of(connection.dialect))
    coupons = _coupons(own, terms, with_claim_info=True, is_redeemer_told=True)
    return list(map(PlacedCoupon, own.coupon_id, own.batch_id, own.customer_id, coupons))


def coupons_page(
    connection: Connection,
    statement: Prepared,
    values: Values,
    order: Order,
    *,
    with_claim_info: bool,
) -> tuple[Coupon, ...]:
    """The coupons that a statement of ``prepared_coupons`` finds; the same tuple for the same rows.

    It is not told who redeemed a coupon, when it is an account of another customer.

    Args:
        connection: A transaction.
        statement: Finds them.
        values: Its values.
        order: In which they are shown.
        with_claim_info: Whether it is told for whom they are booked.
    """
    rows, terms = _found(connection, statement, values)
    return _page(rows, terms, _COUPON.of(connection.dialect), order, with_claim_info)


def _found(
    connection: Connection, statement: Prepared, values: Values
) -> tuple[Rows, tuple["_Terms", ...]]:
    """What the driver gives, and the terms of each coupon."""
    found = statement.raw_rows(connection, values)
    if connection.dialect.name == "sqlite":
        ((text, terms_ids),) = found
        return text, _listed_terms(connection, terms_ids)
    end, read = len(_COLUMNS), _TERMS.of(connection.dialect)
    return tuple(row[:end] for row in found), tuple(_terms(row[end + 1 :], read) for row in found)


def _listed_terms(connection: Connection, terms_ids: str | None) -> tuple["_Terms", ...]:
    if terms_ids is None:
        return ()
    numbers = terms_ids.split(",")
    terms = _terms_by_number(connection, sorted(set(numbers)))
    return tuple(map(terms.__getitem__, numbers))


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


@lru_cache(maxsize=PAGES_KEPT_MAX)
def _page(
    rows: Rows, terms: tuple[_Terms, ...], read: ReadColumns, order: Order, with_claim_info: bool
) -> tuple[Coupon, ...]:
    if not terms:
        return ()
    own = _read(rows, read)
    coupons = _coupons(own, terms, with_claim_info=with_claim_info, is_redeemer_told=False)
    ranks = {number: rank for rank, number in enumerate(order.numbers)}
    first = map(ranks.__getitem__, getattr(own, order.column))
    # No two have the same place, so that coupons are not compared.
    return tuple(coupon for _, _, coupon in sorted(zip(first, own.seq, coupons, strict=True)))


def _read(rows: Rows, read: ReadColumns) -> Any:
    return read(json.loads(rows) if isinstance(rows, str) else zip(*rows, strict=True))


def _coupons(
    own: Any, terms: Sequence[_Terms], *, with_claim_info: bool, is_redeemer_told: bool
) -> list[Coupon]:
    each = zip(
        own.code,
        own.class_name,
        terms,
        own.sent_to_email,
        own.sent_at,
        own.redeemed_at,
        _redemptions(own, is_redeemer_told=is_redeemer_told),
        _claims(own) if with_claim_info else [None] * len(terms),
        strict=True,
    )
    return [
        _new_coupon((code, name, *its.shown, email, sent, redeemed is not None, redemption, claim))
        for code, name, its, email, sent, redeemed, redemption, claim in each
    ]


def _redemptions(own: Any, *, is_redeemer_told: bool) -> list[CouponRedemption | None]:
    each = zip(
        own.account_id,
        own.number,
        own.spend_to_threshold,
        own.balance,
        own.currency_code,
        own.redeemed_at,
        own.expires_at,
        own.activated_at,
        strict=True,
    )
    # Who has not redeemed is not at home either.
    are_told = own.redeemed_at if is_redeemer_told else own.is_redeemed_at_home
    return [_new_redemption(it) if told else None for it, told in zip(each, are_told, strict=True)]


def _claims(own: Any) -> list[CouponClaimInfo | None]:
    each = zip(own.claimed_account_id, own.claimer_number, own.claimed_at, strict=True)
    return [
        None if claimed_at is None else CouponClaimInfo(account_id, number, claimed_at)
        for account_id, number, claimed_at in each
    ]
