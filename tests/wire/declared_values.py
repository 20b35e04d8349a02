"""Every message of the contracts, random values for it, and a slow and obvious writer."""

from base64 import b64encode
from datetime import timedelta, timezone
from decimal import Decimal
from functools import cache
from types import SimpleNamespace

import spyne
from hypothesis import strategies as st
from lxml import etree

from service.soap.contract import COUPON_MANAGEMENT, CUSTOMER_BILLING
from service.soap.declared import is_array, is_complex, item_of, members_of
from service.soap.endpoint import create_endpoint
from service.soap.namespaces import ADAPI, BILLING, XSI
from service.soap.types.adapi import AdApiFaultDetail
from service.soap.types.exception import ApiBatchFault, ApiFault
from service.soap.types.simple import Flags


def _messages():
    descriptors = [
        found
        for contract in (CUSTOMER_BILLING, COUPON_MANAGEMENT)
        for (found,) in create_endpoint(
            lambda *_: None, idempotency_keep=timedelta(), contract=contract
        ).app.interface.service_method_map.values()
    ]
    requests = {item.in_message.get_type_name(): item.in_message for item in descriptors}
    responses = {item.out_message.get_type_name(): item.out_message for item in descriptors}
    return requests, responses


REQUESTS, RESPONSES = _messages()
FAULTS = {
    "ApiFault": ApiFault,
    "ApiBatchFault": ApiBatchFault,
    "AdApiFaultDetail": AdApiFaultDetail,
}


def names_by_content(messages):
    """A name for each content: messages are read and written alike whatever their names are."""
    named = {
        tuple((item.name, item.declared, item.nillable) for item in members_of(declared)): name
        for name, declared in reversed(messages.items())
    }
    return sorted(named.values())


def namespace_of(name: str) -> str:
    """The namespace of a message's or fault's outermost element."""
    if name in FAULTS:
        return ADAPI if name == "AdApiFaultDetail" else BILLING
    return (REQUESTS | RESPONSES)[name].get_namespace()


# Random values.

_TEXT = st.text(
    st.characters(codec="utf-8", exclude_characters=[chr(code) for code in range(32)])
    | st.sampled_from("\t\n\r<>&\"'"),
    max_size=12,
).filter(lambda text: not set(text) & {"\ufffe", "\uffff"})
_PLACES = st.integers(0, 4)


def _decimals():
    return st.builds(lambda digits, places: Decimal(digits).scaleb(-places), st.integers(), _PLACES)


_STRATEGIES = [
    (spyne.UnsignedInteger8, st.integers(0, 255)),
    (spyne.Integer32, st.integers(-(2**31), 2**31 - 1)),
    (spyne.Integer, st.integers(-(2**63), 2**63 - 1)),
    (spyne.Double, st.floats() | _decimals()),
    (spyne.Decimal, _decimals()),
    (spyne.Boolean, st.booleans()),
    (spyne.DateTime, st.datetimes(timezones=st.just(timezone.utc))),
    (spyne.ByteArray, st.binary(max_size=9)),
    (spyne.Unicode, _TEXT),
]


@cache
def values_of(declared):
    """A strategy for the values of a type."""
    if is_array(declared):
        item = item_of(declared)
        # Not sooner: a type may have a list of itself inside.
        one = st.deferred(lambda: values_of(item.declared))
        return st.lists(st.none() | one if item.nillable else one, max_size=3)
    if is_complex(declared):
        members = {member.attribute: _member_values(member) for member in members_of(declared)}
        return st.builds(SimpleNamespace, **members)
    if declared.Attributes.values:
        one = st.sampled_from(sorted(declared.Attributes.values))
        return st.lists(one) if issubclass(declared, Flags) else one
    return next(strategy for kind, strategy in _STRATEGIES if issubclass(declared, kind))


def _member_values(member):
    some = values_of(member.declared)
    # The contract's enumerations have no value that says "unset".
    is_enumeration = not is_complex(member.declared) and member.declared.Attributes.values
    return some if is_enumeration and not member.nillable else st.none() | some


# The slow writer.


def write_slowly(tag, declared, value):
    """Build the element that a value of a type should be."""
    element = etree.Element(tag)
    if is_array(declared):
        item = item_of(declared)
        element.extend(_written(item, one) for one in value)
    elif is_complex(declared):
        for member in members_of(declared):
            one = getattr(value, member.attribute)
            if one is not None or not member.left_out:
                element.append(_written(member, one))
    else:
        element.text = _text(declared, value)
    return element


def _written(member, value):
    tag = f"{{{member.namespace}}}{member.name}"
    if value is not None:
        return write_slowly(tag, member.declared, value)
    element = etree.Element(tag)
    if member.nillable:
        element.set(f"{{{XSI}}}nil", "true")
    else:
        element.text = _zero(member.declared)
    return element


def _text(declared, value):
    if issubclass(declared, Flags):
        return " ".join(value)
    if issubclass(declared, spyne.Double):
        names = {"inf": "INF", "-inf": "-INF", "nan": "NaN"}
        text = str(float(value)).removesuffix(".0")
        return names.get(text, "0" if text == "-0" else text)
    if issubclass(declared, spyne.Boolean):
        return str(value).lower()
    if issubclass(declared, spyne.DateTime):
        seconds = f"{value.second:02}.{value.microsecond:06}".rstrip("0").rstrip(".")
        if not value.microsecond:
            seconds = f"{value.second:02}"
        return f"{value.date()}T{value.hour:02}:{value.minute:02}:{seconds}Z"
    if issubclass(declared, spyne.ByteArray):
        return b64encode(value).decode()
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _zero(declared):
    if issubclass(declared, spyne.DateTime):
        return "0001-01-01T00:00:00"
    return "false" if issubclass(declared, spyne.Boolean) else "0"


def as_data(element):
    """An element without prefixes and declarations, to be compared."""
    return (
        element.tag,
        dict(element.attrib),
        element.text or "",
        [as_data(child) for child in element],
    )
