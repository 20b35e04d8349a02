"""Column types whose values are exact on every database."""

from datetime import datetime, timezone
from decimal import Decimal

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Numeric
from sqlalchemy.types import TypeDecorator, TypeEngine

Id = BigInteger().with_variant(Integer, "sqlite")
"""64-bit numbers; SQLite gives numbers by itself only to a column called INTEGER."""

MONEY_DECIMALS = 6
_SCALE = Decimal(10) ** MONEY_DECIMALS


class Money(TypeDecorator[Decimal]):
    """A decimal with six decimals: NUMERIC, and on SQLite, which has none, millionths."""

    impl = Numeric(18 + MONEY_DECIMALS, MONEY_DECIMALS)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[object]:
        """Choose the column's type for the database."""
        return dialect.type_descriptor(BigInteger() if _is_sqlite(dialect) else self.impl_instance)

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Decimal | int | None:
        """Scale what goes in; more than six decimals is a bug, not something to round."""
        if value is None or not _is_sqlite(dialect):
            return value
        scaled = value * _SCALE
        if scaled != scaled.to_integral_value():
            raise ValueError(f"{value} has more than {MONEY_DECIMALS} decimals")
        return int(scaled)

    def process_result_value(self, value: Decimal | int | None, dialect: Dialect) -> Decimal | None:
        """Scale what comes out."""
        if value is None:
            return None
        return Decimal(value) / _SCALE if _is_sqlite(dialect) else Decimal(value)


class Instant(TypeDecorator[datetime]):
    """An instant in UTC, with microseconds, aware in Python."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Only aware instants go in; SQLite is given them without their zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        in_utc = value.astimezone(timezone.utc)
        return in_utc.replace(tzinfo=None) if _is_sqlite(dialect) else in_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Instants come out aware, in UTC."""
        if value is None:
            return None
        if _is_sqlite(dialect):
            return value.replace(tzinfo=timezone.utc)
        return value.astimezone(timezone.utc)


def _is_sqlite(dialect: Dialect) -> bool:
    return dialect.name == "sqlite"
