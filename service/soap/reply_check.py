"""Checking what leaves: every element of a reply against the schema."""

import threading
from collections.abc import Callable
from typing import Any

from lxml import etree

from service.soap.contract import compile_schema
from service.soap.namespaces import SOAP_ENVELOPE

__all__ = ["ReplyCheck", "ReplyInvalidError"]


class ReplyInvalidError(Exception):
    """A reply breaks the contract; the message says where."""


class ReplyCheck(threading.local):
    """Finds the elements of a reply that the schema declares, and validates them."""

    def __init__(self) -> None:
        self._schema = compile_schema()
        self._declared: Callable[..., Any] = etree.XPath(
            "s:Header/* | s:Body/*[not(self::s:Fault)] | s:Body/s:Fault/detail/*",
            namespaces={"s": SOAP_ENVELOPE},
        )

    def __call__(self, content: bytes) -> None:
        """Check one reply.

        Raises:
            ReplyInvalidError: It is not well formed, or something in it is not valid.
        """
        try:
            root = etree.fromstring(content)
        except etree.XMLSyntaxError as error:
            raise ReplyInvalidError(str(error)) from error
        for element in self._declared(root):
            if not self._schema.validate(element):
                raise ReplyInvalidError(next(iter(self._schema.error_log)).message)
