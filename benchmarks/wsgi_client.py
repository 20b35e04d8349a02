"""Sends SOAP requests to a WSGI application in the same process."""

import io
from collections.abc import Callable
from typing import Any
from wsgiref.util import setup_testing_defaults

SoapClient = Callable[[bytes], bytes]

ENVELOPE = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header>{header}</s:Header>'
    '<s:Body><{operation}Request xmlns="https://bingads.microsoft.com/Billing/v13"'
    ' xmlns:e="https://bingads.microsoft.com/Customer/v13/Entities">{content}'
    "</{operation}Request></s:Body></s:Envelope>"
)


def client_of(application: Callable[..., Any], path: str) -> SoapClient:
    """A function that posts an envelope and answers the reply; a fault is an error."""

    def send(body: bytes) -> bytes:
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": path,
            "CONTENT_TYPE": "text/xml; charset=utf-8",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }
        setup_testing_defaults(environ)
        status: list[str] = []
        reply = b"".join(application(environ, lambda line, _headers: status.append(line)))
        if status != ["200 OK"]:
            raise RuntimeError(f"{status}: {reply[:2000]!r}")
        return reply

    return send


def envelope(operation: str, content: str, header: str = "") -> bytes:
    """A request of the billing service."""
    return ENVELOPE.format(operation=operation, content=content, header=header).encode()


def search_content(customer_id: int, index: int, size: int) -> str:
    """The elements of a SearchCoupons request for a page of a customer's coupons."""
    return (
        "<Predicates><e:Predicate><e:Field>CustomerId</e:Field><e:Operator>Equals</e:Operator>"
        f"<e:Value>{customer_id}</e:Value></e:Predicate></Predicates>"
        f"<PageInfo><e:Index>{index}</e:Index><e:Size>{size}</e:Size></PageInfo>"
    )
