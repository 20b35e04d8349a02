"""All tables together, for what is about every one of them."""

from service.storage import discount_tables, party_tables, tables
from service.storage.naming import metadata

__all__ = ["discount_tables", "metadata", "party_tables", "tables"]
