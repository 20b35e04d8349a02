"""The simple types: XML Schema's own, and the two kinds that the contract makes of strings."""

# Spyne has no type hints.
# mypy: disallow-subclassing-any=False

from typing import Any

import spyne

from service.soap.namespaces import ENTITIES

__all__ = [
    "Boolean",
    "DateTime",
    "Decimal",
    "Double",
    "Flags",
    "Int",
    "Long",
    "NillableBase64Binary",
    "NillableBoolean",
    "NillableDateTime",
    "NillableDecimal",
    "NillableDouble",
    "NillableInt",
    "NillableLong",
    "NillableUnsignedByte",
    "SpyneType",
    "String",
    "array_of",
    "enumeration",
    "flags",
    "left_out_when_unset",
]

SpyneType = Any
"""A class made by Spyne's metaclasses, about which a type checker knows nothing."""

String = spyne.Unicode
NillableBase64Binary = spyne.ByteArray
NillableBoolean = spyne.Boolean
NillableDateTime = spyne.DateTime
NillableDecimal = spyne.Decimal
NillableDouble = spyne.Double
NillableInt = spyne.Integer32
NillableLong = spyne.Integer64
NillableUnsignedByte = spyne.UnsignedInteger8

Boolean = spyne.Boolean.customize(nillable=False)
DateTime = spyne.DateTime.customize(nillable=False)
Decimal = spyne.Decimal.customize(nillable=False)
Double = spyne.Double.customize(nillable=False)
Int = spyne.Integer32.customize(nillable=False)
Long = spyne.Integer64.customize(nillable=False)


class Flags(spyne.Unicode):
    """A list of names in one value, separated by white space (``xs:list``)."""

    # Spyne wants one here; a list that is declared has its own.
    __namespace__ = ENTITIES


def enumeration(namespace: str, name: str, *values: str, nillable: bool = False) -> SpyneType:
    """Declare a string of which only some values are allowed."""
    return _named(spyne.Unicode, namespace, name, values, nillable=nillable)


def flags(namespace: str, name: str, *values: str) -> SpyneType:
    """Declare a list of names of which only some are allowed; nillable."""
    return _named(Flags, namespace, name, values, nillable=True)


def array_of(item: SpyneType, namespace: str | None = None) -> SpyneType:
    """Declare ``ArrayOf<item>`` in the item's namespace, or the one given."""
    name = item.get_type_name()
    array = spyne.Array(item, type_name=f"ArrayOf{name}", member_name=name)
    array.__namespace__ = namespace or item.get_namespace()
    return array


def left_out_when_unset(member: SpyneType) -> SpyneType:
    """Mark a member that is absent when it has no value, where others are nil."""
    return member.customize(emit_default_value=False)


def _named(
    base: SpyneType, namespace: str, name: str, values: tuple[str, ...], *, nillable: bool
) -> SpyneType:
    made = base.customize(values=list(values), type_name=name, nillable=nillable)
    # Spyne ignores a namespace given to a simple type as an argument.
    made.__namespace__ = namespace
    return made
