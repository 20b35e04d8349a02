"""Requests that would have the parser fetch, open or swell something: ``hostile(target)``."""

import gzip

from tests.security.door import Attempt
from tests.wire.harness import REDEEM, envelope

REQUEST = envelope()
LAUGHS = 12
_XINCLUDE = 'xmlns:xi="http://www.w3.org/2001/XInclude"'


def _doctype(inside: str, use: bytes = b"&x;") -> bytes:
    return f"<!DOCTYPE e [{inside}]>".encode() + REQUEST.replace(b">7<", b">7" + use + b"<")


def _laughing() -> bytes:
    entities = "".join(
        f'<!ENTITY x{place} "{f"&x{place - 1};" * 10}">' for place in range(1, LAUGHS)
    )
    return _doctype(f'<!ENTITY x0 "ha">{entities}', f"&x{LAUGHS - 1};".encode())


def hostile(file_url: str, http_url: str) -> dict[str, Attempt]:
    """What an attacker sends who wants that file read, or that address asked.

    Args:
        file_url: Of a file that is there.
        http_url: Where somebody listens.
    """
    external = _doctype(f'<!ENTITY x SYSTEM "{file_url}">')
    include = f'<xi:include {_XINCLUDE} href="{file_url}" parse="text"/>'
    bomb = gzip.compress(REQUEST + b" " * 2**24)
    contents = {
        "billion laughs": _laughing(),
        "quadratic blow-up": _doctype(f'<!ENTITY x "{"x" * 90_000}">', b"&x;" * 20_000),
        "entity of a file": external,
        "entity of a file, in UTF-16": external.decode().encode("utf-16"),
        "entity of a file, after a comment": b"<!-- -->" * 99 + external,
        "entity of a file, after a mark": b"\xef\xbb\xbf" + external,
        "entity of an address": _doctype(f'<!ENTITY x SYSTEM "{http_url}">'),
        "parameter entity": _doctype(f'<!ENTITY % x SYSTEM "{http_url}"> %x;', b""),
        "parameter entity of a file": _doctype(f'<!ENTITY % x SYSTEM "{file_url}"> %x;', b""),
        "document type elsewhere": f'<!DOCTYPE e SYSTEM "{http_url}">'.encode() + REQUEST,
        "public document type": f'<!DOCTYPE e PUBLIC "-//x" "{file_url}">'.encode() + REQUEST,
        "XInclude": envelope(REDEEM.replace("7", include)),
        "XInclude in a header": envelope(header=include),
        "style sheet": f'<?xml-stylesheet href="{http_url}" type="text/xsl"?>'.encode() + REQUEST,
        "schema elsewhere": envelope(
            REDEEM.replace("Request>", f'Request i:schemaLocation="urn:x {http_url}">', 1)
        ),
        "schema of the namespace elsewhere": envelope(
            REDEEM.replace(
                "Request>",
                f'Request i:schemaLocation="https://bingads.microsoft.com/Billing/v13 {file_url}"'
                f' i:noNamespaceSchemaLocation="{file_url}">',
                1,
            )
        ),
        "bomb that says nothing": bomb,
    }
    attempts = {name: Attempt(content) for name, content in contents.items()}
    return attempts | {"gzip bomb": Attempt(bomb, {"HTTP_CONTENT_ENCODING": "gzip"})}
