"""A WSDL and its schemas as plain facts, so that two of them can be compared.

Everything that an attribute, a text or an order says is a fact, unless it is left out here
by name: documentation, comments, prefixes, layout, and the address of the service.
"""

from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import distribution
from pathlib import Path

from lxml import etree

from service.soap.namespaces import WSDL, WSDL_SOAP, XS

Facts = dict[str, str]
"""What a construct says: path inside the construct -> value."""
Contract = dict[str, Facts]
"""Kind and name of a construct -> what it says."""
Load = Callable[[str], etree._Element]
"""From a schemaLocation to the schema."""

QNAME_ATTRIBUTES = {"base", "binding", "element", "itemType", "message", "ref", "type"}
DEFAULTS = {
    f"{{{XS}}}element": {"minOccurs": "1", "maxOccurs": "1", "nillable": "false"},
    f"{{{XS}}}complexContent": {"mixed": "false"},
}
LEFT_OUT = {f"{{{XS}}}documentation", f"{{{WSDL}}}documentation", f"{{{XS}}}import"}


def official_document() -> etree._Element:
    """Parse the WSDL that Microsoft's own SDK carries."""
    path = "bingads/v13/proxies/production/customerbilling_service.xml"
    # Found without importing the SDK, which would load a whole SOAP client.
    return etree.fromstring(Path(str(distribution("bingads").locate_file(path))).read_bytes())


def read_official() -> Contract:
    """Read the official contract."""
    return read_contract(official_document())


def read_contract(definitions: etree._Element, load: Load | None = None) -> Contract:
    """Read a description and the schemas that it holds or imports."""
    contract: Contract = {}
    for name, says in [*_description(definitions), *_schemas(definitions, load)]:
        if name in contract:
            raise ValueError(f"declared twice: {name}")
        contract[name] = says
    return contract


def differences(expected: Contract, found: Contract) -> list[str]:
    """Say, a line each, what is not the same; nothing when all is."""
    return [
        f"{name}: {path}: expected {wanted.get(path)!r}, found {got.get(path)!r}"
        for name in sorted(expected.keys() | found.keys())
        for wanted, got in [(expected.get(name, {}), found.get(name, {}))]
        for path in sorted(wanted.keys() | got.keys())
        if wanted.get(path) != got.get(path)
    ]


def reached(contract: Contract, start: Iterable[str]) -> set[str]:
    """Name the constructs that some constructs use, directly or not, themselves included."""
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        name = waiting.pop()
        if name not in found and name in contract:
            found.add(name)
            waiting.extend(_references(contract[name]))
    return found


def _references(says: Facts) -> Iterator[str]:
    kinds = {"message": "message", "element": "element", "type": "type", "base": "type"}
    for path, value in says.items():
        kind = kinds.get(path.rpartition("@")[2])
        if kind:
            yield f"{kind} {value}"


def _description(definitions: etree._Element) -> Iterator[tuple[str, Facts]]:
    yield "definitions", _says(definitions, depth=0)
    for child in _children(definitions):
        kind = etree.QName(child).localname
        if kind == "types":
            continue
        if kind in ("portType", "binding"):
            yield f"{kind} {child.get('name')}", _says(child, depth=1)
            for operation in child.iterfind(f"{{{WSDL}}}operation"):
                yield f"{kind} operation {operation.get('name')}", _says(operation)
        elif kind == "message":
            yield (
                f"message {{{definitions.get('targetNamespace')}}}{child.get('name')}",
                _says(child),
            )
        else:
            yield f"{kind} {child.get('name', '')}".strip(), _says(child)


def _schemas(definitions: etree._Element, load: Load | None) -> Iterator[tuple[str, Facts]]:
    waiting = list(definitions.iter(f"{{{XS}}}schema"))  # grows while it is worked off
    loaded = set()
    for schema in waiting:
        imports = schema.findall(f"{{{XS}}}import")
        for location in (item.get("schemaLocation") for item in imports):
            if location and load and location.rpartition("/")[2] not in loaded:
                loaded.add(location.rpartition("/")[2])
                waiting.append(load(location))
        if any(True for _ in _children(schema)):
            yield from _schema(schema, sorted(item.get("namespace", "") for item in imports))


def _schema(schema: etree._Element, imports: list[str]) -> Iterator[tuple[str, Facts]]:
    namespace = schema.get("targetNamespace")
    yield f"schema {namespace}", {**_says(schema, depth=0), "imports": " ".join(imports)}
    for component in _children(schema):
        local = etree.QName(component).localname
        kind = "type" if local in ("complexType", "simpleType") else local
        yield f"{kind} {{{namespace}}}{component.get('name')}", _says(component)


def _says(element: etree._Element, *, depth: int = 99, path: str = "") -> Facts:
    """Flatten an element; children of its last level are named in their order and no more."""
    says: Facts = {f"{path} tag": str(element.tag)}
    attributes = {**DEFAULTS.get(str(element.tag), {}), **element.attrib}
    for name, value in attributes.items():
        if (element.tag, name) != (f"{{{WSDL_SOAP}}}address", "location"):
            says[f"{path}@{name}"] = _resolved(element, name, value)
    if element.text and element.text.strip():
        says[f"{path} text"] = element.text.strip()
    if depth == 0:
        return says
    children = {_label(child, path): child for child in _children(element)}
    if len(children) != len(list(_children(element))):
        raise ValueError(f"two children of {path or element.tag} have one name")
    says[f"{path} order"] = ", ".join(children)
    for label, child in children.items():
        says |= _says(child, depth=depth - 1, path=f"{path}/{label}")
    return says


def _label(child: etree._Element, path: str) -> str:
    names = (child.get(key) for key in ("name", "part", "value", "Name"))
    return " ".join([etree.QName(child).localname, *filter(None, names)])


def _resolved(element: etree._Element, name: str, value: str) -> str:
    if name not in QNAME_ATTRIBUTES:
        return value
    prefix, _, local = value.rpartition(":")
    return f"{{{element.nsmap[prefix or None]}}}{local}"


def _children(element: etree._Element) -> Iterator[etree._Element]:
    return (child for child in element if isinstance(child.tag, str) and _counts(child))


def _counts(child: etree._Element) -> bool:
    if child.tag == f"{{{XS}}}annotation":
        # One that only documents says nothing to a program.
        return any(True for _ in _children(child))
    return child.tag not in LEFT_OUT
