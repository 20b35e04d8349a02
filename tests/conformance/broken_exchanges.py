"""Exchanges that break a requirement each: what no check notices is not checked."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from service.soap.namespaces import SOAP_ENVELOPE
from tests.conformance.exchanges import NO_METHOD, Exchange, Message
from tests.conformance.forms import ENCODING


class Break(NamedTuple):
    """What is made of an exchange.

    Attributes:
        outcome: The exchange that is broken: response, fault, or that of another method.
    """

    outcome: str
    change: Callable[[Exchange], Exchange]


def _http(outcome: str, **changes: Any) -> Break:
    return Break(outcome, lambda exchange: replace(exchange, **changes))


def _headers(outcome: str, half: str, **headers: str) -> Break:
    """Change HTTP headers; an underscore is a hyphen."""
    changed = {name.replace("_", "-"): value for name, value in headers.items()}

    def change(exchange: Exchange) -> Exchange:
        message: Message = getattr(exchange, half)
        return replace(exchange, **{half: replace(message, headers={**message.headers, **changed})})

    return Break(outcome, change)


def _said(outcome: str, half: str, old: str, new: str) -> Break:
    """Exchange text, all of it that there is."""

    def change(exchange: Exchange) -> Exchange:
        message: Message = getattr(exchange, half)
        assert old.encode() in message.content
        content = message.content.replace(old.encode(), new.encode())
        return replace(exchange, **{half: replace(message, content=content)})

    return Break(outcome, change)


def _version(exchange: Exchange) -> Exchange:
    return replace(exchange, reply=replace(exchange.reply, version="2"))


def _old_version(exchange: Exchange) -> Exchange:
    return replace(exchange, reply=replace(exchange.reply, version="1.0"))


def _envelope_for_get(exchange: Exchange) -> Exchange:
    content = f'<Envelope xmlns="{SOAP_ENVELOPE}"/>'.encode()
    return replace(exchange, reply=replace(exchange.reply, content=content))


_STYLE = ' s:encodingStyle=""'
_RESPONSE = "<RedeemCouponResponse "

BREAKS: dict[str, Break] = {
    "R1141": Break("response", _version),
    "R1140": Break("response", _old_version),
    "R1132": Break("other method", _envelope_for_get),
    "R1124": _http("response", status=302),
    "R1111": _http("response", status=202),
    "R1112": _http("other method", status=204),
    "R1130": _http("other method", status=301),
    "R1125": _http("other method", status=503),
    "R1113": _http("other method", method=NO_METHOD, status=500),
    "R1114": _http("other method", status=404),
    "R1115": _headers("fault", "request", content_type="application/json"),
    "R1126": _http("fault", status=415),
    "R1121": _headers("response", "reply", set_cookie="session=1"),
    "SSBP5101": _headers("fault", "reply", content_type="application/xml; charset=utf-8"),
    "SSBP1003": _headers("fault", "reply", content_type="text/xml; charset=iso-8859-1"),
    "R9980": _said("response", "reply", "<s:Header>", "<s:Footer/><s:Header>"),
    "R1015": _said("response", "request", SOAP_ENVELOPE, "http://www.w3.org/2003/05/soap-envelope"),
    "R1014": _said("response", "reply", "<s:Body>", "<s:Body><x/>"),
    "R1008": _said("response", "request", "<s:Envelope", "<!DOCTYPE x><s:Envelope"),
    "R1009": _said("response", "request", "<s:Body>", "<s:Body><?x?>"),
    "R1033": _said(
        "fault",
        "reply",
        "<s:Header",
        '<s:Header xmlns:xml="http://www.w3.org/XML/1998/namespace"',
    ),
    "R1011": _said("response", "reply", "</s:Body>", "</s:Body><s:After/>"),
    "R1005": _said("fault", "reply", "<s:Fault", f"<s:Fault{_STYLE}"),
    "R1006": _said("response", "reply", _RESPONSE, f"<RedeemCouponResponse{_STYLE} "),
    "R1013": _said("response", "request", "<b:UserName", '<b:UserName s:mustUnderstand="true"'),
    "R1032": _said("response", "request", "<s:Body", '<s:Body s:mustUnderstand="1"'),
    "R2113": _said(
        "response",
        "request",
        "<b:RedeemCouponRequest",
        f'<b:RedeemCouponRequest xmlns:n="{ENCODING}" n:arrayType="i[]"',
    ),
    "R1029": _said("fault", "reply", "<s:Fault", "<x:Response xmlns:x='urn:x'/><s:Fault"),
    "R1000": _said("fault", "reply", "<detail>", "<reason/><detail>"),
    "R1001": _said("fault", "reply", "<detail>", "<detail xmlns='urn:x'>"),
    "R1004": _said("fault", "reply", "s:Server", "s:Sender"),
    "R1031": _said("fault", "reply", "s:Server", "s:Server.Busy"),
    "R2724": _said("fault", "request", "<b:AccountId>7<", "<b:AccountId>seven<"),
    "R2712": _said("response", "reply", "RedeemCouponResponse", "GetCouponInfoResponse"),
    "R2212": _said("response", "reply", "<s:Body>", "<s:Body><x:x xmlns:x='urn:x'/>"),
    "R2738": _said("fault", "reply", "h:TrackingId", "h:RequestId"),
}
"""What breaks each requirement."""
