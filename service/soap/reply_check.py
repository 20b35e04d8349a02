"""Checking what leaves: every element of a reply against the schema."""

from typing import Any

from lxml import etree

from service.soap.contract import Contract
from service.soap.namespaces import SOAP_ENVELOPE
from service.soap.validation import Validator

__all__ = ["ReplyCheck", "ReplyInvalidError"]

_DECLARED_IN_SCHEMA = "s:Header/* | s:Body/*[not(self::s:Fault)] | s:Body/s:Fault/detail/*"


class ReplyInvalidError(Exception):
    """A reply breaks the contract; the message says where."""


class ReplyCheck:
    """Finds the elements of a reply that the schema declares, and validates them.

    Args:
        contract: Of the service that replies.
    """

    def __init__(self, contract: Contract) -> None:
        self._validator = Validator(contract)

    def __call__(self, content: bytes) -> None:
        """Check one reply.

        Raises:
            ReplyInvalidError: It is not well formed, or something in it is not valid.
        """
        try:
            root = etree.fromstring(content)
        except etree.XMLSyntaxError as error:
            raise ReplyInvalidError(str(error)) from error
        found: Any = root.xpath(_DECLARED_IN_SCHEMA, namespaces={"s": SOAP_ENVELOPE})
        for element in found:
            if (error_text := self._validator.first_error(element)) is not None:
                raise ReplyInvalidError(error_text)
