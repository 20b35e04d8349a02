"""How values are spelled in XML: for each simple type, how to read it and how to write it.

Readers are given text that the schema has accepted, so they only convert; they raise
ValueError for the few values that XML Schema allows and Python cannot hold. Writers raise
ValueError or TypeError for a value that has no spelling, so that no broken message leaves.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import datetime, timezone
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

import spyne

from service.domain.instants import parse_instant
from service.soap.types.simple import Flags, SpyneType

__all__ = ["Spelling", "spelling_of"]


class Spelling(NamedTuple):
    """How the values of one simple type are written in XML.

    Attributes:
        read: Makes the value of a text.
        write: Makes the text of a value.
        unset: The text of a member that is not nillable and has no value.
    """

    read: Callable[[str], Any]
    write: Callable[[Any], str]
    unset: str


def spelling_of(declared: SpyneType) -> Spelling:
    """Find how values of a declared simple type are spelled.

    Raises:
        LookupError: The contract has no such type.
    """
    for spyne_class, spelling in _SPELLINGS:
        if issubclass(declared, spyne_class):
            return spelling
    raise LookupError(declared)


_TO_ESCAPE = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}


def write_string(value: str) -> str:
    """Escape what is markup; refuse characters that XML 1.0 cannot carry at all."""
    if _TO_ESCAPE.search(value) is None:
        return value
    return _TO_ESCAPE.sub(_entity, value)


def _entity(match: re.Match[str]) -> str:
    character = match.group()
    if character not in _ENTITIES:
        raise ValueError(f"XML cannot carry the character U+{ord(character):04X}")
    return _ENTITIES[character]


def write_integer(value: int) -> str:
    """Write digits."""
    return format(value, "d")


# A page repeats the dates and amounts of a few terms on every coupon.
SPELLINGS_KEPT_MAX = 1024


@lru_cache(maxsize=SPELLINGS_KEPT_MAX)
def write_double(value: float | Decimal) -> str:
    """Write the shortest text that reads back as the same double."""
    # Adding 0 leaves every value as it is, but for -0, of which it makes 0.
    text = repr(float(value) + 0.0)
    if text.endswith(".0"):
        return text[:-2]
    # XML Schema's spelling of what Python calls inf, -inf and nan.
    return text.replace("inf", "INF").replace("nan", "NaN")


def write_decimal(value: Decimal) -> str:
    """Write digits without an exponent, keeping the places of the value."""
    if not value.is_finite():
        raise ValueError(f"xs:decimal has no {value}")
    return format(value, "f")


def read_boolean(text: str) -> bool:
    """Read ``true`` or ``1`` as true, ``false`` or ``0`` as false."""
    return text.strip() in {"true", "1"}


def write_boolean(value: bool) -> str:
    """Write ``true`` or ``false``."""
    return "true" if value else "false"


@lru_cache(maxsize=SPELLINGS_KEPT_MAX)
def write_date_time(value: datetime) -> str:
    """Write an instant in UTC with ``Z``, its fraction only when there is one."""
    if value.tzinfo is not timezone.utc:
        if value.tzinfo is None:
            raise ValueError("an instant without a time zone")
        value = value.astimezone(timezone.utc)
    # Twice as fast as isoformat or an f-string, and a page of coupons is mostly dates.
    text = "%04d-%02d-%02dT%02d:%02d:%02d" % (  # noqa: UP031
        value.year,
        value.month,
        value.day,
        value.hour,
        value.minute,
        value.second,
    )
    if value.microsecond:
        text += f".{value.microsecond:06}".rstrip("0")
    return text + "Z"


def write_base64(value: bytes) -> str:
    """Write bytes in base 64, on one line."""
    return b64encode(value).decode("ascii")


def write_flags(value: list[str]) -> str:
    """Write names with a space between."""
    return write_string(" ".join(value))


_INTEGER = Spelling(int, write_integer, "0")
_DOUBLE = Spelling(float, write_double, "0")
_DECIMAL = Spelling(Decimal, write_decimal, "0")
_BOOLEAN = Spelling(read_boolean, write_boolean, "false")
_DATE_TIMES = Spelling(parse_instant, write_date_time, "0001-01-01T00:00:00")
_BASE64 = Spelling(b64decode, write_base64, "")
_FLAGS = Spelling(str.split, write_flags, "")
_STRING = Spelling(str, write_string, "")

# Spyne derives its integers and doubles from its decimal, and our flags are strings to it:
# the narrower class comes first.
_SPELLINGS: tuple[tuple[SpyneType, Spelling], ...] = (
    (spyne.Integer, _INTEGER),
    (spyne.Double, _DOUBLE),
    (spyne.Decimal, _DECIMAL),
    (spyne.Boolean, _BOOLEAN),
    (spyne.DateTime, _DATE_TIMES),
    (spyne.ByteArray, _BASE64),
    (Flags, _FLAGS),
    (spyne.Unicode, _STRING),
)
