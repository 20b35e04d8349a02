"""Transactions whose changes nobody else is to see."""


class UndoneError(Exception):
    """Ends a transaction without its changes."""
