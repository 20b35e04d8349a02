"""Requests made from the schemas alone: valid ones with extreme values, and ones that are not.

Nothing here knows the types of ``service.soap``: what is valid is what XML Schema says of the
files in ``schemas/``. Each request is made from its number alone.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from lxml import etree

from service.soap.contract import COUPON_MANAGEMENT, CUSTOMER_BILLING, read_schema
from service.soap.namespaces import BILLING, SOAP_ENVELOPE, XS, XSI
from tests.security.door import Attempt

Names = Mapping[str, Sequence[str]]
"""Texts that the service knows, by a part of the name of the elements that hold them."""

DEPTH_MAX = 6
LIST_MAX = 3
_NIL = f"{{{XSI}}}nil"
_TYPE = f"{{{XSI}}}type"

STRINGS = (
    *("", " ", "a", "A" * 255, "A" * 256, "\U0001f600" * 100, "x" * 5000, "\u00df\ufb01\u0130"),
    *("\uff33\uff35\uff2e", "S\u200dUN", "\u202eNUS", "\u0421\u0410\u0420", "e\u0301", "\ufeff"),
    *("' OR 1=1 --", "'); DROP TABLE coupon; --", "%", "_", "\\", '"', "') or ('a'='a", "*)(uid=*"),
    *("=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1)", "<script>alert(1)</script>", "]]>", "&amp;"),
    *("${7*7}", "{{7*7}}", "../../etc/passwd", "a\r\nBcc: b@example.com", "true", "null", "NaN"),
    *("a@example.com", "a" * 64 + "@example.com", "USD", "Retention", "1", "#", "####", "#" * 100),
    *("2026-01-01", "\t\n\r", "\u0085\u2028", "a,b;c|d", "0" * 100, "\ud7ff\ue000\ufffd"),
)
_INTEGERS = ("0", "-0", "+1", "1", "-1", "007", "2", "3", "100")
_INSTANTS = (
    *("0001-01-01T00:00:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z"),
    *("2026-03-01T12:00:00", "2026-02-28T24:00:00", "2024-02-29T23:59:59+14:00"),
    *("2026-03-01T12:00:00-14:00", "2026-03-29T02:30:00+01:00", "1970-01-01T00:00:00.000001Z"),
    *(
        "10000-01-01T00:00:00Z",
        "-0001-01-01T00:00:00Z",
        "9999-12-31T24:00:00",
        "2999-12-31T00:00:00",
    ),
)
_DECIMALS = (
    *("0", "-0", "-0.0", "+1.10", "100", "100.0001", "99.999999", "0.000001", "0.0000001", "-5"),
    *("999999999999.999999", "1000000000000", "9" * 20, "0." + "0" * 30 + "1", "50", ".5", "5."),
)
_DOUBLES = (*_DECIMALS, "NaN", "INF", "-INF", "1e308", "1E400", "-1e400", "5e-324", "1e-400")


def _bounded(bits: int, *, is_signed: bool = True) -> tuple[str, ...]:
    least, most = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if is_signed else (0, 2**bits - 1)
    within = (text for text in _INTEGERS if least <= int(text) <= most)
    return (*within, str(least), str(most))


VALUES: dict[str, tuple[str, ...]] = {
    "string": STRINGS,
    "boolean": ("true", "false", "1", "0", " true "),
    "int": _bounded(32),
    "long": (*_bounded(64), "0" * 100 + "1"),
    "unsignedByte": _bounded(8, is_signed=False),
    "double": _DOUBLES,
    "decimal": _DECIMALS,
    "dateTime": _INSTANTS,
    "base64Binary": ("", "QQ==", "Q Q = =", "/" * 400),
}
"""Values of each simple type that the requests have; each is one in XML Schema's own words."""
WRONG_VALUES: dict[str, tuple[str, ...]] = {
    "boolean": ("yes", "TRUE", "", "2"),
    "int": ("", "x", "1.0", "1e3", "2147483648", "-2147483649", "1_0", "\u0663", "0x1", "1 2"),
    "long": ("", "x", "1.0", "9223372036854775808", "-9223372036854775809", "NaN", "\uff11"),
    "unsignedByte": ("", "256", "-1", "x"),
    "double": ("", "nan", "inf", "+-1", "1,5", "1e", "0x1p3", "1_0.0"),
    "decimal": ("", "NaN", "INF", "1e3", "1,5", "--1", "1.2.3", "\u0661"),
    "dateTime": (
        *("", "2026-01-01", "2026-13-01T00:00:00", "2026-02-29T00:00:00", "now"),
        *("2026-01-01T25:00:00", "2026-01-01 00:00:00", "2026-01-01T00:00:00ZZ", "12:00:00"),
    ),
    "base64Binary": ("=", "Q", "****"),
}


@dataclass(frozen=True)
class Declared:
    """What a schema says of an element.

    Attributes:
        type: The definition of its type, or the local name of one of XML Schema's own.
    """

    tag: str
    type: "etree._Element | str"
    is_nillable: bool
    is_optional: bool
    is_repeated: bool


@cache
def _definitions() -> dict[tuple[str, str], etree._Element]:
    """Every global definition, by its kind and its name with namespace."""
    names = {*CUSTOMER_BILLING.schema_names(), *COUPON_MANAGEMENT.schema_names()}
    return {
        (
            etree.QName(item).localname,
            f"{{{schema.get('targetNamespace')}}}{item.get('name')}",
        ): item
        for schema in map(read_schema, sorted(names))
        for item in schema.iterchildren("{*}element", "{*}complexType", "{*}simpleType")
    }


def _resolved(node: etree._Element, name: str) -> str:
    prefix, _, local = name.rpartition(":")
    return f"{{{node.nsmap[prefix or None]}}}{local}"


def _type_of(element: etree._Element) -> "etree._Element | str":
    name = element.get("type")
    if name is None:
        return element.find("{*}complexType")
    full = _resolved(element, name)
    if full.startswith(f"{{{XS}}}"):
        return etree.QName(full).localname
    known = _definitions()
    return known.get(("complexType", full), known.get(("simpleType", full)))


def _declared(element: etree._Element) -> Declared:
    if element.get("ref"):
        element = _definitions()["element", _resolved(element, element.get("ref"))]
    namespace = element.getroottree().getroot().get("targetNamespace")
    return Declared(
        tag=f"{{{namespace}}}{element.get('name')}",
        type=_type_of(element),
        is_nillable=element.get("nillable") == "true",
        is_optional=element.get("minOccurs") == "0",
        is_repeated=element.get("maxOccurs") == "unbounded",
    )


@cache
def requests() -> tuple[Declared, ...]:
    """The request of each operation of both contracts."""
    return tuple(
        _declared(node)
        for (kind, name), node in _definitions().items()
        if kind == "element" and name.endswith("Request")
    )


def is_complex(declared: Declared) -> bool:
    return not isinstance(declared.type, str) and declared.type.tag.endswith("complexType")


@cache
def children(declared: Declared) -> tuple[Declared, ...]:
    """The elements inside one, in their order."""
    return tuple(map(_declared, declared.type.iterfind("{*}sequence/{*}element")))


@cache
def allowed(declared: Declared) -> tuple[str, ...]:
    """The words that an enumeration, or a list of them, is made of; none for other types."""
    if isinstance(declared.type, str):
        return ()
    return tuple(str(item.get("value")) for item in declared.type.iter("{*}enumeration"))


@dataclass
class Writer:
    """Writes one request, and remembers what each of its elements is.

    Attributes:
        names: See ``Names``.
        made: Every element of the request, with what declares it.
    """

    rng: random.Random
    names: Names
    made: list[tuple[etree._Element, Declared]] = field(default_factory=list)

    def write(self, declared: Declared, depth: int = 1) -> etree._Element:
        """An element that is valid."""
        element = etree.Element(declared.tag)
        self.made.append((element, declared))
        if declared.is_nillable and depth > 1 and self.rng.random() < 0.05:
            element.set(_NIL, self.rng.choice(("true", "1")))
        elif is_complex(declared):
            for child in children(declared):
                for _ in range(self._count(child, depth)):
                    element.append(self.write(child, depth + 1))
        else:
            element.text = self._text(declared)
        return element

    def _count(self, child: Declared, depth: int) -> int:
        if child.is_repeated:
            return self.rng.randrange(LIST_MAX + 1) if depth < DEPTH_MAX else 0
        is_left_out = child.is_optional and (depth >= DEPTH_MAX or self.rng.random() < 0.1)
        return 0 if is_left_out else 1

    def _text(self, declared: Declared) -> str:
        words = allowed(declared)
        if words:
            is_list = declared.type.find(".//{*}list") is not None
            return (
                " ".join(self.rng.sample(words, self.rng.randrange(3)))
                if is_list
                else (self.rng.choice(words))
            )
        known = self._known(declared) if self.rng.random() < 0.6 else []
        return self.rng.choice(known or VALUES[str(declared.type)])

    def _known(self, declared: Declared) -> list[str]:
        """What the service knows under the element's name, and its type allows."""
        local = etree.QName(declared.tag).localname
        texts = [text for part, texts in self.names.items() if part in local for text in texts]
        if declared.type == "string":
            return texts
        return [text for text in texts if text.isdecimal() and declared.type in {"int", "long"}]


# What makes a request invalid, each for a reason that its schema gives. They answer whether they
# found a place.

Break = Callable[[Writer, random.Random], bool]


def _some(writer: Writer, rng: random.Random, fits: Callable[..., bool]) -> etree._Element | None:
    there = [element for element, declared in writer.made if fits(element, declared)]
    return rng.choice(there) if there else None


def add_unknown_element(writer: Writer, rng: random.Random) -> bool:
    element = _some(
        writer, rng, lambda it, declared: is_complex(declared) and _NIL not in it.attrib
    )
    if element is not None:
        element.insert(rng.randrange(len(element) + 1), etree.Element("{urn:x}Surprise"))
    return element is not None


def add_unknown_attribute(writer: Writer, rng: random.Random) -> bool:
    element, _ = rng.choice(writer.made)
    element.set(rng.choice(("surprise", "{urn:x}surprise", "href", "id", "mustUnderstand")), "1")
    return True


def put_twice(writer: Writer, rng: random.Random) -> bool:
    element = _some(
        writer, rng, lambda it, declared: it.getparent() is not None and not declared.is_repeated
    )
    if element is not None:
        element.addnext(etree.fromstring(etree.tostring(element, with_tail=False)))
    return element is not None


def put_in_other_order(writer: Writer, rng: random.Random) -> bool:
    def is_before_another(element: etree._Element, _: Declared) -> bool:
        following = element.getnext()
        return following is not None and following.tag != element.tag

    element = _some(writer, rng, is_before_another)
    if element is not None:
        element.getnext().addnext(element)
    return element is not None


def take_out_of_namespace(writer: Writer, rng: random.Random) -> bool:
    element = _some(writer, rng, lambda it, _: it.getparent() is not None)
    if element is not None:
        element.tag = f"{{{rng.choice((BILLING + '/', 'urn:x'))}}}{etree.QName(element).localname}"
    return element is not None


def put_text_among_elements(writer: Writer, rng: random.Random) -> bool:
    element = _some(writer, rng, lambda _, declared: is_complex(declared))
    if element is not None:
        element.text = rng.choice(("x", "\u200b", "0"))
    return element is not None


def put_wrong_value(writer: Writer, rng: random.Random) -> bool:
    places = [
        (element, "Nonsense" if allowed(declared) else rng.choice(WRONG_VALUES[str(declared.type)]))
        for element, declared in writer.made
        if not is_complex(declared) and declared.type != "string" and _NIL not in element.attrib
    ]
    if places:
        element, text = rng.choice(places)
        element.text = text
    return bool(places)


def put_element_in_value(writer: Writer, rng: random.Random) -> bool:
    element = _some(writer, rng, lambda _, declared: not is_complex(declared))
    if element is not None:
        etree.SubElement(element, "{urn:x}Surprise")
    return element is not None


def make_nil_wrongly(writer: Writer, rng: random.Random) -> bool:
    """Nil where it may not be, or nil with something inside."""
    element = _some(
        writer,
        rng,
        lambda it, declared: (
            it.getparent() is not None
            and (not declared.is_nillable or bool(it.text) or len(it) > 0)
        ),
    )
    if element is not None:
        element.set(_NIL, rng.choice(("true", "1")))
    return element is not None


def name_other_type(writer: Writer, rng: random.Random) -> bool:
    element = _some(writer, rng, lambda it, _: it.getparent() is not None)
    if element is not None:
        element.set(_TYPE, rng.choice(("nowhere:Type", "Coupon", "")))
    return element is not None


BREAKS: tuple[Break, ...] = (
    add_unknown_element,
    add_unknown_attribute,
    put_twice,
    put_in_other_order,
    take_out_of_namespace,
    put_text_among_elements,
    put_wrong_value,
    put_element_in_value,
    make_nil_wrongly,
    name_other_type,
)


def valid(headers: Mapping[str, str], names: Names, number: int) -> Attempt:
    """The valid request of a number."""
    writer = Writer(random.Random(number), names)
    return _enveloped(headers, _written(writer, number))


def invalid(headers: Mapping[str, str], names: Names, number: int) -> Attempt:
    """The invalid request of a number: a valid one in which one thing is wrong."""
    writer = Writer(random.Random(number), names)
    payload = _written(writer, number)
    breaks = list(BREAKS)
    writer.rng.shuffle(breaks)
    next(one for one in breaks if one(writer, writer.rng))
    return _enveloped(headers, payload)


def numbered(
    make: Callable[[Mapping[str, str], Names, int], Attempt],
    headers: Mapping[str, str],
    names: Names,
    count: int,
) -> Iterator[Attempt]:
    """So many requests of one kind."""
    return (make(headers, names, number) for number in range(count))


def _written(writer: Writer, number: int) -> etree._Element:
    """The request of each operation in turn."""
    known = requests()
    return writer.write(known[number % len(known)])


def _enveloped(headers: Mapping[str, str], payload: etree._Element) -> Attempt:
    root = etree.Element(f"{{{SOAP_ENVELOPE}}}Envelope", nsmap={"s": SOAP_ENVELOPE, "b": BILLING})
    header = etree.SubElement(root, f"{{{SOAP_ENVELOPE}}}Header")
    for name, text in headers.items():
        etree.SubElement(header, f"{{{BILLING}}}{name}").text = text
    etree.SubElement(root, f"{{{SOAP_ENVELOPE}}}Body").append(payload)
    return Attempt(etree.tostring(root))
