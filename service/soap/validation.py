"""Asking a contract's schema whether an element is valid."""

from typing import Any

from lxml import etree

from service.soap.contract import Contract
from service.soap.spares import Spares

__all__ = ["Validator"]


class Validator:
    """A contract's schema, compiled once for each call at the same time; safe to share.

    It cannot be shared itself: its error log is about whichever document was validated last.

    Args:
        contract: Whose schema.
    """

    def __init__(self, contract: Contract) -> None:
        self._schemas = Spares(contract.compile_schema)

    def first_error(self, element: etree._Element) -> str | None:
        """Tell the line and the first reason why an element is not valid; None when it is."""
        with self._schemas.lent() as schema:
            if schema.validate(element):
                return None
            log: Any = schema.error_log
            return f"Line {log[0].line}: {log[0].message}"
