"""All tables together, for what is about every one of them."""

from service.storage import discount_tables, tables

__all__ = ["discount_tables", "metadata"]

metadata = tables.metadata
