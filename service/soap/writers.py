"""Writers: from Python values to XML, by code generated once from the declared types.

Spyne walks declarations for every value it writes, which takes ten times as long. Here
the walk happens once and leaves plain Python source behind, in which every tag is a
constant: one function per complex type, one line or two per member.

Prefixes are the original's: the outermost element and the types of ``adapi`` have default
namespaces, all other types the prefix ``a`` (``b`` inside one of another namespace), and
``i`` is that of ``i:nil``.
"""

from collections.abc import Callable
from functools import cache, lru_cache
from itertools import groupby
from keyword import iskeyword
from operator import attrgetter
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


SHARED_KEPT_MAX = 1_024
"""Of how many values a process remembers the text of what they share with others."""
_PREFIXES = "abc"
_REMEMBERED: frozenset[SpyneType] = frozenset({entities.Coupon})
"""Types whose arrays are met again and again: pages that are the same as before."""


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
        self.spellings: dict[str, Any] = {"Remembered": Remembered, "lru_cache": lru_cache}
        self._functions: dict[tuple[str, _Scope], str] = {}
        self._memories: dict[str, str] = {}
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
        for is_shared, members in groupby(members_of(declared), key=attrgetter("shared")):
            fields = [(member, _local_name(member)) for member in members]
            if is_shared:
                name, call = self._shared(declared, fields, scope)
                names.append(name)
                lines.append(f"    {name} = {call}")
                continue
            for member, name in fields:
                names.append(name)
                lines.append(f"    {name} = values.{member.attribute}")
                lines.append(f"    {name} = {self._element(member, name, scope)}")
        return [*lines, _together(names)]

    def _shared(
        self, declared: SpyneType, fields: list[tuple[Member, str]], scope: _Scope
    ) -> tuple[str, str]:
        """Make a function of members that are mostly the same; name it, and call it."""
        names = [name for _, name in fields]
        function = f"write_{names[0]}_to_{names[-1]}_of_{declared.get_type_name()}"
        texts = [f"    {name} = {self._element(member, name, scope)}" for member, name in fields]
        self._source += [
            f"@lru_cache({SHARED_KEPT_MAX})",
            f"def {function}({', '.join(names)}):",
            *texts,
            _together(names),
            "",
        ]
        values = ", ".join(f"values.{member.attribute}" for member, _ in fields)
        return f"{names[0]}_to_{names[-1]}", f"{function}({values})"

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
        written = f"{start}{{{self._writer(member.declared, scope)}({value})}}{end}"
        if is_array(member.declared) and _is_among(_REMEMBERED, item_of(member.declared).declared):
            return f"'{unset}' if {value} is None else {self._remembered(value, written)}({value})"
        return f"'{unset}' if {value} is None else f'{written}'"

    def _writer(self, declared: SpyneType, scope: _Scope) -> str:
        """Name the function that writes the content of an element."""
        if is_complex(declared):
            return self._function(declared, scope)
        write = spelling_of(declared).write
        self.spellings[write.__name__] = write
        return write.__name__

    def _remembered(self, value: str, written: str) -> str:
        """Name what writes an element and remembers its text; make it if needed."""
        remembered = f"Remembered(lambda {value}: f'{written}')"
        if remembered not in self._memories:
            self._memories[remembered] = f"remembered_{len(self._memories)}"
            self._source += [f"{self._memories[remembered]} = {remembered}", ""]
        return self._memories[remembered]

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


def _is_among(types: frozenset[SpyneType], declared: SpyneType) -> bool:
    return (declared.__orig__ or declared) in types


def _local_name(member: Member) -> str:
    is_taken = iskeyword(member.attribute) or member.attribute == "values"
    return f"{member.attribute}_" if is_taken else member.attribute


def _together(names: list[str]) -> str:
    """The line that answers the texts of these names, one after the other."""
    return f"    return f'{''.join(f'{{{name}}}' for name in names)}'"
