"""A coupon programme that tests build: customers, accounts, classes, coupons, callers."""

import itertools
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from sqlalchemy import Table, insert, select, update

from service.domain.ledger import Spend
from service.domain.roles import COMMAND_LINE, Caller, Role
from service.domain.terms import CouponTerms, CouponType
from service.operations.calls import Call
from service.operations.classes import NewClass, add_class
from service.operations.mint_coupons import mint_coupons
from service.operations.parties import add_account, add_customer
from service.operations.record_spend import record_spend
from service.storage.all_tables import metadata
from service.storage.engine import Database
from service.storage.tables import coupon


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    """An instant in UTC."""
    return datetime(year, month, day, hour, minute, tzinfo=timezone.utc)


START = utc(2026, 3, 1, 12)
_EVERY_ROW = {
    table.name: f"SELECT * FROM {table.name} ORDER BY {', '.join(table.primary_key.columns.keys())}"
    for table in metadata.sorted_tables
}


@dataclass
class Clock:
    """A clock that stands still until a test moves it."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def move(self, **distance: float) -> None:
        """Move the clock by what ``timedelta`` accepts."""
        self.now += timedelta(**distance)


def terms(**changes: Any) -> CouponTerms:
    """Terms of a Retention coupon worth 50 USD, but for the changes."""
    common: dict[str, Any] = {
        "coupon_type": CouponType.RETENTION,
        "currency_code": "USD",
        "amount": Decimal(50),
    }
    return CouponTerms(**{**common, **changes})


def member(customer_id: int, role: Role = Role.STANDARD) -> Caller:
    """A user who belongs to one customer."""
    return Caller(user_id=7, user_name="Kim", roles={customer_id: role})


@dataclass
class Programme:
    """Builds what a test needs, through the operations wherever there is one."""

    database: Database
    clock: Clock = field(default_factory=Clock)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def call(self, caller: Caller = COMMAND_LINE) -> Call:
        """A call at the clock's instant, under a new TrackingId."""
        return Call(self.database, caller, self.clock(), str(uuid.uuid4()))

    def customer(self) -> int:
        """A new customer."""
        return add_customer(self.call(), f"Customer {next(self._numbers)}")

    def account(
        self, customer_id: int, currency_code: str = "USD", email: str | None = None
    ) -> int:
        """A new account that bills to the customer."""
        number = f"X{next(self._numbers):07}"
        return add_account(self.call(), customer_id, number, currency_code, email)

    def coupon_class(
        self,
        customer_id: int,
        name: str = "Spring",
        *,
        pattern: str = "######",
        feature_id: int | None = None,
        **changes: Any,
    ) -> int:
        """A new coupon class; the changes are those of ``terms``."""
        new = NewClass(
            customer_id=customer_id,
            name=name,
            terms=terms(**changes),
            code_pattern=pattern,
            feature_id=feature_id,
        )
        return add_class(self.call(), new)

    def mint(self, customer_id: int, name: str = "Spring", count: int = 1) -> list[str]:
        """New coupons of a class: their codes in ascending order."""
        return mint_coupons(self.call(), customer_id, name, count).codes

    def coupon(self, customer_id: int, **changes: Any) -> str:
        """The code of one new coupon, in a class of its own."""
        name = f"Class {next(self._numbers)}"
        self.coupon_class(customer_id, name, **changes)
        return self.mint(customer_id, name)[0]

    def claim(self, code: str, account_id: int) -> None:
        """Book a coupon for an account."""
        self.change(coupon, coupon.c.code == code, claimed_account_id=account_id, claimed_at=START)

    def spend(self, account_id: int, amount: str = "1", spent_at: datetime | None = None) -> Spend:
        """Report a spend under a reference of its own."""
        reference = f"invoice {next(self._numbers)}"
        return record_spend(self.call(), account_id, Decimal(amount), reference, spent_at)

    def change(self, table: Table, where: Any, **values: Any) -> None:
        """Change rows behind the back of the operations."""
        with self.database.writing() as connection:
            connection.execute(update(table).where(where).values(values))

    def insert(self, table: Table, **values: Any) -> None:
        """Insert a row behind the back of the operations."""
        with self.database.writing() as connection:
            connection.execute(insert(table).values(values))

    def rows(self, table: Table) -> list[dict[str, Any]]:
        """Every row of a table, oldest first."""
        statement = select(table).order_by(*table.primary_key.columns)
        with self.database.reading() as connection:
            return [dict(row) for row in connection.execute(statement).mappings()]

    def all_rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table, by its name: to see whether anything has changed.

        They are as the driver gives them: so many statements take ten times as long otherwise.
        """
        with self.database.reading() as connection:
            return {
                name: [tuple(row) for row in connection.exec_driver_sql(text)]
                for name, text in _EVERY_ROW.items()
            }

    def coupons(self, class_id: int) -> list[dict[str, Any]]:
        """The coupons of a class that are not deleted, in order, each with its place in it."""
        rows = [row for row in self.rows(coupon) if row["class_id"] == class_id]
        there = [row for row in rows if row["deleted_at"] is None]
        ordered = sorted(there, key=lambda row: (int(row["batch_id"]), int(row["seq"])))
        return [{**row, "place": place} for place, row in enumerate(ordered)]
