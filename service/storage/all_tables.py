"""All tables together, for what is about every one of them."""

from service.storage import (
    console_tables,
    discount_tables,
    party_tables,
    report_tables,
    tables,
)
from service.storage.naming import metadata

__all__ = [
    "console_tables",
    "discount_tables",
    "metadata",
    "party_tables",
    "report_tables",
    "tables",
]
