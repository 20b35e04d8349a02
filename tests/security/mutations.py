"""Envelopes broken at random, each of them made from its number alone.

So a request that did harm is made again from the number that a failure names.
"""

import random
from collections.abc import Callable, Iterator, Sequence

from lxml import etree

from service.soap.namespaces import XSI
from tests.security.door import Attempt

Mutation = Callable[[random.Random, bytearray, bytes], None]

WORDS = (
    *(b"<!DOCTYPE a>", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"<!ENTITY b SYSTEM 'file:///'>"),
    *(b"&b;", b"&#0;", b"&#xFFFE;", b"&#13;", b"&lt;", b"&amp;amp;"),
    *(b"<![CDATA[", b"]]>", b"<!--", b"-->", b"<?x y?>", b"<?xml version='1.1'?>"),
    *(b"<a>", b"</a>", b"<a/>", b"</s:Body>", b"</s:Envelope>", b"<s:Body/>", b"<s:Fault/>"),
    *(b" xmlns=''", b" xmlns:s='urn:x'", b" i:nil='true'", b" i:nil='2'", b" i:type='b:x'"),
    *(b" s:mustUnderstand='1'", b" s:encodingStyle=''", b" href='#a' id='a'", b" xml:lang=''"),
    *(b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xc3\x28", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"),
    *("\u200d \u202e \ufeff \uff21 \ufffe \U0001f600".encode().split(b" ")),
    *(b"NaN", b"-INF", b"1e400", b"-0", b"9" * 20, b"-9223372036854775809", b"0" * 5000),
    *(b"9999-12-31T24:00:00", b"-0001-01-01T00:00:00Z", b"2026-02-29T00:00:00"),
    *(b"%s%n", b"' OR 1=1 --", b"<script>", b"=cmd|' /C calc'!A0", b"]" * 300, b"A" * 3000),
)
CONTENT_TYPES = (
    *("text/xml", "text/xml; charset=utf-16", "text/xml; charset=iso-8859-1", "text/xml;charset="),
    *(
        'text/xml; charset="UTF-8"',
        "application/json",
        "application/soap+xml",
        "",
        "text/xml;" * 99,
    ),
)
LENGTHS = ("0", "1", "-1", "", "9" * 12, "x", "99999")


def flip(rng: random.Random, content: bytearray, _other: bytes) -> None:
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)


def put_byte(rng: random.Random, content: bytearray, _other: bytes) -> None:
    content[rng.randrange(len(content))] = rng.randrange(256)


def put_word(rng: random.Random, content: bytearray, _other: bytes) -> None:
    place = rng.randrange(len(content))
    content[place:place] = rng.choice(WORDS)


def put_word_at_markup(rng: random.Random, content: bytearray, _other: bytes) -> None:
    """At the edge of a tag, where more is well formed."""
    place = _edge(rng, content)
    content[place:place] = rng.choice(WORDS)


def put_text(rng: random.Random, content: bytearray, _other: bytes) -> None:
    """In the place of an element's text."""
    start = content.find(b">", rng.randrange(len(content))) + 1
    end = content.find(b"<", start)
    if 0 < start <= end:
        content[start:end] = rng.choice(WORDS)


def cut(rng: random.Random, content: bytearray, _other: bytes) -> None:
    start, end = _slice(rng, content)
    del content[start:end]


def truncate(rng: random.Random, content: bytearray, _other: bytes) -> None:
    del content[rng.randrange(len(content)) :]


def double(rng: random.Random, content: bytearray, _other: bytes) -> None:
    start, end = _slice(rng, content)
    content[start:start] = content[start:end] * rng.choice((1, 1, 2, 50))


def double_element(rng: random.Random, content: bytearray, _other: bytes) -> None:
    start, end = _edge(rng, content), _edge(rng, content)
    start, end = min(start, end), max(start, end)
    content[start:start] = content[start:end]


def splice(rng: random.Random, content: bytearray, other: bytes) -> None:
    """Go on with another request, from somewhere in it."""
    content[rng.randrange(len(content)) :] = other[rng.randrange(len(other)) :]


def encode_otherwise(rng: random.Random, content: bytearray, _other: bytes) -> None:
    codec = rng.choice(("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7"))
    content[:] = content.decode("utf-8", "replace").encode(codec)


def change_tree(rng: random.Random, content: bytearray, other: bytes) -> None:
    """Break a request that stays well formed: these go furthest."""
    try:
        root, donor = etree.fromstring(bytes(content)), etree.fromstring(other)
    except (etree.XMLSyntaxError, ValueError):
        return
    rng.choice(TREE_CHANGES)(rng, list(root.iter("*")), list(donor.iter("*")))
    content[:] = etree.tostring(root)


Elements = list[etree._Element]


def move(rng: random.Random, elements: Elements, _others: Elements) -> None:
    moved, place = rng.choice(elements), rng.choice(elements)
    if moved not in (*place.iterancestors(), place) and moved.getparent() is not None:
        place.insert(rng.randrange(len(place) + 1), moved)


def remove(rng: random.Random, elements: Elements, _others: Elements) -> None:
    removed = rng.choice(elements)
    if removed.getparent() is not None:
        removed.getparent().remove(removed)


def graft(rng: random.Random, elements: Elements, others: Elements) -> None:
    rng.choice(elements).append(rng.choice(others))


def rename(rng: random.Random, elements: Elements, others: Elements) -> None:
    rng.choice(elements).tag = rng.choice(others).tag


def retell(rng: random.Random, elements: Elements, others: Elements) -> None:
    """Give an element the text of another."""
    leaves = [it for it in elements if len(it) == 0]
    rng.choice(leaves or elements).text = rng.choice(others).text


def nest(rng: random.Random, elements: Elements, _others: Elements) -> None:
    place = rng.choice(elements)
    for _ in range(rng.choice((5, 30, 40, 300))):
        place = etree.SubElement(place, place.tag)


def set_attribute(rng: random.Random, elements: Elements, others: Elements) -> None:
    names = [name for it in others for name in it.attrib] + ["a", f"{{{XSI}}}nil", f"{{{XSI}}}type"]
    rng.choice(elements).set(
        rng.choice(names), rng.choice(("", "true", "0", "1", "x:y", "a" * 999))
    )


TREE_CHANGES = (move, remove, graft, rename, retell, retell, nest, set_attribute, set_attribute)
MUTATIONS: tuple[Mutation, ...] = (
    *(flip, put_byte, put_word, put_word_at_markup, put_word_at_markup, put_text, put_text),
    *(cut, truncate, double, double_element, double_element, splice, encode_otherwise),
)


def mutated(seeds: Sequence[bytes], number: int) -> Attempt:
    """The broken request of a number."""
    rng = random.Random(number)
    content = bytearray(rng.choice(seeds))
    for _ in range(rng.choice((0, 1, 1, 2, 4))):
        change_tree(rng, content, rng.choice(seeds))
    for _ in range(rng.choice((0, 0, 1, 1, 1, 2, 8))):
        if content:
            rng.choice(MUTATIONS)(rng, content, rng.choice(seeds))
    environ = {}
    if rng.random() < 0.03:
        environ["CONTENT_TYPE"] = rng.choice(CONTENT_TYPES)
    if rng.random() < 0.03:
        environ["CONTENT_LENGTH"] = rng.choice(LENGTHS)
    if rng.random() < 0.01:
        environ["HTTP_CONTENT_ENCODING"] = rng.choice(("gzip", "identity", "br"))
    return Attempt(bytes(content), environ)


def mutations(seeds: Sequence[bytes], count: int, first: int = 0) -> Iterator[Attempt]:
    """So many broken requests, from a number on."""
    return (mutated(seeds, number) for number in range(first, first + count))


def _slice(rng: random.Random, content: bytearray) -> tuple[int, int]:
    start = rng.randrange(len(content))
    return start, start + rng.randrange(min(200, len(content) - start) + 1)


def _edge(rng: random.Random, content: bytearray) -> int:
    place = content.find(rng.choice((b"<", b">")), rng.randrange(len(content)))
    return max(place, 0)
