"""Column types whose values are exact on every database."""

from collections.abc import Callable
from datetime import datetime, timezone
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Numeric, String
from sqlalchemy.types import TypeDecorator, TypeEngine

Id = BigInteger().with_variant(Integer, "sqlite")
"""64-bit numbers; SQLite gives numbers by itself only to a column called INTEGER."""


def key_text(length: int) -> String:
    """Text that is unique, compared and put in order by its code points, in any locale."""
    in_code_points = String(length, collation="C")
    return String(length).with_variant(in_code_points, "postgresql")


MONEY_DECIMALS = 6
AMOUNTS_KEPT_MAX = 1_024
INSTANT_TEXT_LENGTH = 32
_SCALE: int = 10**MONEY_DECIMALS


class Money(TypeDecorator[Decimal]):
    """A decimal with six decimals: NUMERIC, and on SQLite, which has none, millionths."""

    impl = Numeric(18 + MONEY_DECIMALS, MONEY_DECIMALS)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column's type for the database."""
        return dialect.type_descriptor(BigInteger() if _is_sqlite(dialect) else self.impl_instance)

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Decimal | int | None:
        """Scale what goes in; more than six decimals is a bug, not something to round.

        Raises:
            ValueError: It has more; PostgreSQL would round it unseen.
        """
        if value is None:
            return None
        # Whole numbers, as decimal arithmetic would round to its precision unseen.
        numerator, denominator = value.as_integer_ratio()
        scaled, rest = divmod(numerator * _SCALE, denominator)
        if rest:
            raise ValueError(f"{value} has more than {MONEY_DECIMALS} decimals")
        return scaled if _is_sqlite(dialect) else value

    def result_processor(
        self,
        dialect: Dialect,
        coltype: object,  # noqa: ARG002 - SQLAlchemy gives it
    ) -> Callable[[Any], Decimal | None] | None:
        """Decimals come out without zeros at their end, whichever way they are stored."""
        return _of_millionths if _is_sqlite(dialect) else _without_zeros


class Instant(TypeDecorator[datetime]):
    """An instant in UTC, with microseconds, aware in Python.

    On SQLite it is text of one width, ``2026-02-28 12:00:00.000000+00:00``, whose
    order is the order of time.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column's type for the database."""
        sqlite_type: TypeEngine[Any] = String(INSTANT_TEXT_LENGTH)
        return dialect.type_descriptor(sqlite_type if _is_sqlite(dialect) else self.impl_instance)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | str | None:
        """Only aware instants go in.

        Raises:
            ValueError: The instant has no time zone.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        in_utc = value.astimezone(timezone.utc)
        return in_utc.isoformat(" ", "microseconds") if _is_sqlite(dialect) else in_utc

    def result_processor(
        self,
        dialect: Dialect,
        coltype: object,  # noqa: ARG002 - SQLAlchemy gives it
    ) -> Callable[[Any], datetime | None] | None:
        """Instants come out aware, in UTC."""
        read = self.reader(dialect)
        return lambda value: None if value is None else read(value)

    def reader(self, dialect: Dialect) -> Callable[[Any], datetime]:
        """The same for what is not NULL: half the calls, where that is known."""
        return datetime.fromisoformat if _is_sqlite(dialect) else _in_utc


# The coupons of a page have few amounts.
@lru_cache(maxsize=AMOUNTS_KEPT_MAX)
def _of_millionths(value: int | None) -> Decimal | None:
    return None if value is None else Decimal(value) / _SCALE


def _without_zeros(value: Decimal | None) -> Decimal | None:
    return None if value is None else value.scaleb(MONEY_DECIMALS) / _SCALE


def _in_utc(value: datetime) -> datetime:
    return value.astimezone(timezone.utc)


def _is_sqlite(dialect: Dialect) -> bool:
    return dialect.name == "sqlite"
