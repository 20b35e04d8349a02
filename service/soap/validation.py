"""Asking a contract's schema whether an element is valid."""

from threading import Lock
from typing import Any

from lxml import etree

from service.soap.contract import Contract

__all__ = ["Validator"]


class Validator:
    """A contract's schema, compiled once; safe to share.

    One call at a time asks it, as its error log is about whichever document was validated last.
    One for each call at the same time would take up to 3 MiB, whenever there are more of these
    than ever before: memory would grow for hours, to spare a wait of 0.1 ms.

    Args:
        contract: Whose schema.
    """

    def __init__(self, contract: Contract) -> None:
        self._schema = contract.compile_schema()
        self._lock = Lock()

    def first_error(self, element: etree._Element) -> str | None:
        """Tell the line and the first reason why an element is not valid; None when it is."""
        with self._lock:
            if self._schema.validate(element):
                return None
            log: Any = self._schema.error_log
            return f"Line {log[0].line}: {log[0].message}"
