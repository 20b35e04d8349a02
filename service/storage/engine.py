"""The database: engine, transactions, and what each database system needs to be told."""


class Database:
    """Placeholder while the storage room is being built."""
