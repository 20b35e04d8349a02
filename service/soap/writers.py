"""Writers: from Python values to XML, by code generated once from the declared types.

Spyne walks declarations for every value it writes, which takes ten times as long. Here
the walk happens once and leaves plain Python source behind, in which every tag is a
constant: one function per complex type, one line or two per member.

Prefixes are the original's: the outermost element and the types of ``adapi`` have default
namespaces, all other types the prefix ``a`` (``b`` inside one of another namespace), and
``i`` is that of ``i:nil``.
"""

from collections.abc import Callable
from functools import cache
from keyword import iskeyword
from typing import Any, NamedTuple

from service.soap.declared import Member, is_array, is_complex, item_of, members_of
from service.soap.namespaces import ADAPI, XSI
from service.soap.remembered import Remembered
from service.soap.types import entities
from service.soap.types.simple import SpyneType
from service.soap.values import spelling_of

__all__ = ["element_writer", "writer_source"]

Writer = Callable[[Any], str]


@cache
def element_writer(name: str, namespace: str, declared: SpyneType) -> Writer:
    """Make, once for a process, the function that writes one element with everything inside it.

    Args:
        name: The name of the element.
        namespace: Its namespace, which it declares as the default.
        declared: Its type. Values are objects with an attribute per member, in snake case;
            arrays are iterables. None is written as nil, left out, or as the zero of its
            type, whichever the member's declaration asks for.

    Returns:
        A function of such an object. It raises ValueError or TypeError for what XML cannot
        spell, and AttributeError for an object without one of the members.
    """
    generator = _Generator(namespace)
    source = generator.element_source(name, declared)
    # The source is made of names declared in this package; nothing in it comes from a request.
    exec(compile(source, f"<writer of {name}>", "exec"), generator.spellings)  # noqa: S102
    writer: Writer = generator.spellings["write_element"]
    return writer


def writer_source(name: str, namespace: str, declared: SpyneType) -> str:
    """Show the source of the function that ``element_writer`` makes."""
    return _Generator(namespace).element_source(name, declared)


_PREFIXES = "abc"
_REMEMBERED: frozenset[SpyneType] = frozenset({entities.Coupon})
"""Types whose values never change, and are met again and again: a page repeats most of them."""


class _Scope(NamedTuple):
    """The namespaces declared where an element stands: the default one, and those of prefixes.

    Attributes:
        prefixed: Those whose prefixes are ``a``, ``b`` and so on.
        i: Whether the prefix of ``i:nil`` is declared.
    """

    default: str = ""
    prefixed: tuple[str, ...] = ()
    i: bool = False

    def prefix(self, namespace: str) -> str:
        """The prefix of a namespace that has one."""
        return _PREFIXES[self.prefixed.index(namespace)]


class _Generator:
    """Writes the source of one element's writer.

    Attributes:
        spellings: The functions that the source calls, by name.
    """

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._without_prefix = {namespace, ADAPI}
        self.spellings: dict[str, Any] = {"Remembered": Remembered}
        self._functions: dict[tuple[str, _Scope], str] = {}
        self._source: list[str] = []

    def element_source(self, name: str, declared: SpyneType) -> str:
        scope, declarations = self._enter(_Scope(), self._namespace, declared)
        content = self._function(declared, scope)
        self._source += [
            "def write_element(values):",
            f"    return f'<{name}{declarations}>{{{content}(values)}}</{name}>'",
        ]
        return "\n".join(self._source) + "\n"

    def _function(self, declared: SpyneType, scope: _Scope) -> str:
        """Name the function that writes the content of a complex type; make it if needed."""
        key = (f"{{{declared.get_namespace()}}}{declared.get_type_name()}", scope)
        if key not in self._functions:
            name = f"write_{declared.get_type_name()}"
            while name in self._functions.values():
                name += "_"
            self._functions[key] = name
            body = self._array if is_array(declared) else self._members
            self._source += [f"def {name}(values):", *body(declared, scope), ""]
        return self._functions[key]

    def _array(self, declared: SpyneType, scope: _Scope) -> list[str]:
        text = self._element(item_of(declared), "item", scope)
        return [f"    return ''.join([{text} for item in values])"]

    def _members(self, declared: SpyneType, scope: _Scope) -> list[str]:
        lines, names = [], []
        for member in members_of(declared):
            is_taken = iskeyword(member.attribute) or member.attribute == "values"
            name = f"{member.attribute}_" if is_taken else member.attribute
            names.append(f"{{{name}}}")
            lines += [
                f"    {name} = values.{member.attribute}",
                f"    {name} = {self._element(member, name, scope)}",
            ]
        return [*lines, f"    return f'{''.join(names)}'"]

    def _element(self, member: Member, value: str, outer: _Scope) -> str:
        """The expression for the text of an element."""
        scope, declarations = self._enter(outer, member.namespace, member.declared)
        is_bare = member.namespace in self._without_prefix
        tag = member.name if is_bare else f"{outer.prefix(member.namespace)}:{member.name}"
        start, end = f"<{tag}{declarations}>", f"</{tag}>"
        unset = f'<{tag} i:nil="true"{declarations}/>'
        if member.left_out:
            unset = ""
        elif not member.nillable:
            unset = start + spelling_of(member.declared).unset + end
        content = f"{{{self._writer(member.declared, scope)}({value})}}"
        return f"'{unset}' if {value} is None else f'{start}{content}{end}'"

    def _writer(self, declared: SpyneType, scope: _Scope) -> str:
        """Name the function that writes the content of an element."""
        if not is_complex(declared):
            write = spelling_of(declared).write
            self.spellings[write.__name__] = write
            return write.__name__
        function = self._function(declared, scope)
        is_remembered = (declared.__orig__ or declared) in _REMEMBERED
        return self._remembered(function) if is_remembered else function

    def _remembered(self, function: str) -> str:
        """Name what remembers the texts of a function; make it if needed."""
        name = f"remembered_{function}"
        statement = f"{name} = Remembered({function})\n"
        if statement not in self._source:
            self._source.append(statement)
        return name

    def _enter(self, outer: _Scope, namespace: str, declared: SpyneType) -> tuple[_Scope, str]:
        """Tell the scope inside an element, and the declarations that make it."""
        scope, declarations = outer, ""
        if namespace in self._without_prefix and namespace != scope.default:
            scope = scope._replace(default=namespace)
            declarations += f' xmlns="{namespace}"'
        if is_complex(declared):
            own = declared.get_namespace()
            is_bare = own in self._without_prefix
            if not is_bare and own not in scope.prefixed:
                scope = scope._replace(prefixed=(*scope.prefixed, own))
                declarations += f' xmlns:{scope.prefix(own)}="{own}"'
            if not scope.i and (not is_bare or self._has_nil_without_prefix(declared)):
                scope = scope._replace(i=True)
                declarations += f' xmlns:i="{XSI}"'
        return scope, declarations

    def _has_nil_without_prefix(self, declared: SpyneType) -> bool:
        return any(
            member.nillable
            and (
                not is_complex(member.declared)
                or member.declared.get_namespace() in self._without_prefix
            )
            for member in members_of(declared)
        )
