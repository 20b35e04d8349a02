"""What the statements of several modules share."""

from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import CursorResult

LAST_CHARACTER = "\U0010ffff"
"""Comes after all others in the order of code points."""


def insert_or_ignore(dialect_name: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that passes over rows which a UNIQUE constraint refuses; it counts the others."""
    insert = sqlite.insert if dialect_name == "sqlite" else postgresql.insert
    return insert(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)


def new_id(result: CursorResult[Any]) -> int:
    """The number that the database gave to the row just inserted."""
    key = result.inserted_primary_key
    if key is None:
        raise LookupError("the statement inserted no row")
    return int(key[0])


def take_any_time(connection: Connection) -> None:
    """Let the statements of the transaction run for as long as they need.

    For what reads or changes millions of rows on purpose; nobody else is to wait for it.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
