"""What Spyne's declarations say, in the few words that readers and writers need."""

import re
from typing import NamedTuple

from spyne import Array, ComplexModelBase, DateTime

from service.soap.types import entities
from service.soap.types.simple import SpyneType

__all__ = ["Member", "instant_tags", "is_array", "is_complex", "item_of", "members_of"]


_SHARED: dict[SpyneType, frozenset[str]] = {
    entities.Coupon: frozenset(
        {
            "ClassName",
            "CouponType",
            "Amount",
            "SpendThreshold",
            "CurrencyCode",
            "PercentOff",
            "ActiveDuration",
            "ExpirationDate",
            "StartDate",
            "EndDate",
        }
    )
}
"""The members of a type that many of its values have in common: a coupon's class and terms."""


class Member(NamedTuple):
    """An element inside a complex type.

    Attributes:
        namespace: The namespace of the element, which is that of the type that declares it.
        name: Its name on the wire.
        attribute: Its name in Python.
        declared: Its type.
        nillable: Whether it may be nil.
        left_out: Whether it is absent, and not nil, when it has no value.
        shared: Whether many values have the same here, and in the neighbours that are shared too.
    """

    namespace: str
    name: str
    attribute: str
    declared: SpyneType
    nillable: bool
    left_out: bool
    shared: bool = False

    @property
    def tag(self) -> str:
        """Namespace and name as lxml writes them."""
        return f"{{{self.namespace}}}{self.name}"


def members_of(declared: SpyneType) -> list[Member]:
    """List the elements of a complex type in the order of the wire: those of its base first."""
    inherited = members_of(declared.__extends__) if declared.__extends__ else []
    namespace = declared.get_namespace()
    shared = _SHARED.get(declared.__orig__ or declared, frozenset())
    return inherited + [
        _member(namespace, name, member)._replace(shared=name in shared)
        for name, member in declared._type_info.items()  # noqa: SLF001
    ]


def item_of(array: SpyneType) -> Member:
    """Tell the element that an array repeats."""
    (item,) = members_of(array)
    return item


def instant_tags(declared: SpyneType) -> frozenset[str]:
    """List the tags of the elements, at any depth inside a complex type, that are instants."""
    tags: set[str] = set()
    # A type may have itself inside.
    known, unread = {declared}, [declared]
    while unread:
        for member in members_of(unread.pop()):
            if not is_complex(member.declared):
                if issubclass(member.declared, DateTime):
                    tags.add(member.tag)
            elif member.declared not in known:
                known.add(member.declared)
                unread.append(member.declared)
    return frozenset(tags)


def is_complex(declared: SpyneType) -> bool:
    """Tell whether a type has elements inside; arrays do."""
    return issubclass(declared, ComplexModelBase)


def is_array(declared: SpyneType) -> bool:
    """Tell whether a type repeats one element."""
    return issubclass(declared, Array)


def _member(namespace: str, name: str, declared: SpyneType) -> Member:
    attributes = declared.Attributes
    return Member(
        namespace,
        name,
        _snake_case(name),
        declared,
        attributes.nillable,
        not getattr(attributes, "emit_default_value", True),
    )


def _snake_case(wire_name: str) -> str:
    """Turn ``CouponClassName`` into ``coupon_class_name``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", wire_name).lower()
