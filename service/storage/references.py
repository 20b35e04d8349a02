"""What operators call the rows of discounts: references of their own, or drawn ones."""

import secrets
from collections.abc import Collection

from sqlalchemy import Connection, Table, select

DRAWN_LENGTH = 16
DRAWN_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
"""Five bits a character: a drawn reference has 80, and none is drawn twice."""

DEFINITION = "CDF-"
MODIFIER = "CMD-"
RULE = "CRL-"
BOOK_DEFINITION = "CBD-"
BOOK = "CBK-"
INSTANCE = "CIN-"
EXISTING_VALUE = "CEV-"


def given_or_drawn(reference: str | None, prefix: str) -> str:
    """The reference that was given, or a new one behind the prefix."""
    if reference:
        return reference
    return prefix + "".join(secrets.choice(DRAWN_ALPHABET) for _ in range(DRAWN_LENGTH))


def find_references(connection: Connection, table: Table, references: Collection[str]) -> set[str]:
    """Those of the references that rows of the table have."""
    if not references:
        return set()
    statement = select(table.c.reference).where(table.c.reference.in_(references))
    return set(connection.scalars(statement))
