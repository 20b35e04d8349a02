"""Asking a contract's schema whether an element is valid."""

import threading
from typing import Any

from lxml import etree

from service.soap.contract import Contract

__all__ = ["Validator"]


class Validator(threading.local):
    """A contract's schema, compiled once per thread.

    It cannot be shared: its error log is about whichever document was validated last.

    Args:
        contract: Whose schema.
    """

    def __init__(self, contract: Contract) -> None:
        self._schema = contract.compile_schema()

    def first_error(self, element: etree._Element) -> str | None:
        """Tell the line and the first reason why an element is not valid; None when it is."""
        if self._schema.validate(element):
            return None
        log: Any = self._schema.error_log
        return f"Line {log[0].line}: {log[0].message}"
