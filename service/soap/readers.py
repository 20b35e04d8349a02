"""Readers: from XML that the schema has accepted to Python values.

They are made once from the declared types: a table per complex type says which element
becomes which attribute, so that reading is one look-up per element.
"""

from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

from lxml import etree

from service.domain.search import OrderBy, Paging, Predicate
from service.soap import refusals
from service.soap.declared import is_array, is_complex, item_of, members_of
from service.soap.faults import refusal
from service.soap.namespaces import XSI
from service.soap.types import entities, management_entities
from service.soap.types.simple import SpyneType
from service.soap.values import spelling_of

__all__ = ["arguments_reader", "is_nil"]

Reader = Callable[[etree._Element], Any]  # noqa: SLF001

_BOUND: dict[SpyneType, Callable[..., Any]] = {
    entities.Predicate: Predicate,
    entities.OrderBy: OrderBy,
    entities.Paging: Paging,
    management_entities.Paging: Paging,
    management_entities.Predicate: Predicate,
}
"""The types that the rules have classes for; the others become namespaces."""

_NIL = f"{{{XSI}}}nil"
_TRUE = frozenset({"true", "1"})


def is_nil(element: etree._Element) -> bool:
    """Tell whether ``xsi:nil`` says so; ``false`` and ``0`` do not."""
    nil = element.get(_NIL)
    return nil is not None and nil.strip() in _TRUE


@cache
def arguments_reader(message: SpyneType) -> Callable[[etree._Element], list[Any]]:
    """Make, once for a process, the function that reads the arguments of an operation.

    Args:
        message: The declared request.

    Returns:
        A function of the request's element that gives a value per member, in order; None for those
        that are absent or nil. It raises a WireFault for a value that Python cannot hold.
    """
    members = members_of(message)
    read = _fields_reader(message)

    def read_arguments(element: etree._Element) -> list[Any]:
        fields = read(element)
        return [fields.get(member.attribute) for member in members]

    return read_arguments


@cache
def _reader(declared: SpyneType) -> Reader:
    if is_array(declared):
        read = _array_reader(declared)
    elif is_complex(declared):
        read = _object_reader(declared)
    else:
        read = _value_reader(spelling_of(declared).read)
    return lambda element: None if is_nil(element) else read(element)


def _array_reader(declared: SpyneType) -> Reader:
    item_type = item_of(declared).declared

    def read_items(element: etree._Element) -> list[Any]:
        # Not sooner: a type may have a list of itself inside.
        read_item = _reader(item_type)
        return [read_item(item) for item in element]

    return read_items


def _object_reader(declared: SpyneType) -> Reader:
    read_fields = _fields_reader(declared)
    bound = _BOUND.get(declared.__orig__ or declared)
    if bound is not None:
        return lambda element: bound(**read_fields(element))
    absent = dict.fromkeys(member.attribute for member in members_of(declared))
    return lambda element: SimpleNamespace(**absent | read_fields(element))


def _fields_reader(declared: SpyneType) -> Callable[[etree._Element], dict[str, Any]]:
    table = {
        member.tag: (member.attribute, _reader(member.declared)) for member in members_of(declared)
    }

    def read_fields(element: etree._Element) -> dict[str, Any]:
        fields = {}
        for child in element:
            attribute, read = table[child.tag]
            fields[attribute] = read(child)
        return fields

    return read_fields


def _value_reader(read: Callable[[str], Any]) -> Reader:
    def read_value(element: etree._Element) -> Any:
        try:
            return read(element.text or "")
        except (ValueError, OverflowError) as error:
            raise refusal(refusals.VALUE_OUT_OF_RANGE, element=element) from error

    return read_value
