"""A floor: what lxml, a compiled schema and the service's writers take, and nothing else.

There is no gate, no authentication, no operation, no database and no log: the request is parsed
and validated, and the reply is written from memory.
"""

from collections.abc import Callable, Iterable
from copy import copy
from datetime import timedelta
from threading import local
from typing import Any

from lxml import etree

from benchmarks.supply import Memory
from benchmarks.traffic import UNKNOWN_CODE
from service.domain.errors import COUPON_NOT_FOUND
from service.domain.refusals import ServiceError
from service.soap.contract import CUSTOMER_BILLING
from service.soap.endpoint import create_endpoint
from service.soap.faults import fault_xml, service_fault
from service.soap.namespaces import BILLING, ENTITIES, SOAP_ENVELOPE
from service.soap.protocol import ReplyProtocol

_BODY = f"{{{SOAP_ENVELOPE}}}Body"
_INDEX, _SIZE = (f"{{{BILLING}}}PageInfo/{{{ENTITIES}}}{name}" for name in ("Index", "Size"))
_CODE = f"{{{BILLING}}}CouponCode"
_TRACKING_ID = "00000000-0000-4000-8000-000000000000"
_ENVELOPE = (
    f'<s:Envelope xmlns:s="{SOAP_ENVELOPE}"><s:Header><h:TrackingId xmlns:h="{BILLING}">'
    f"{_TRACKING_ID}</h:TrackingId></s:Header><s:Body>%s</s:Body></s:Envelope>"
)
Answer = Callable[[etree._Element], str]  # noqa: SLF001 - lxml has no other name for it


def lxml_application(memory: Memory) -> Callable[..., Iterable[bytes]]:
    """A WSGI application that answers from memory."""
    tools = _Tools()
    answers = _answers(memory)

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        content = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        (payload,) = etree.fromstring(content, tools.parser).iterchildren(_BODY)
        (request,) = payload
        tools.schema.assertValid(request)
        status = "200 OK"
        try:
            text = answers[request.tag](request)
        except ServiceError as error:
            status = "500 Internal Server Error"
            text = fault_xml(service_fault(error), _TRACKING_ID)
        reply = (_ENVELOPE % text).encode()
        headers = [("Content-Type", "text/xml; charset=utf-8"), ("Content-Length", str(len(reply)))]
        start_response(status, headers)
        return [reply]

    return application


def _answers(memory: Memory) -> dict[str, Answer]:
    """What answers each request element, by its tag."""
    writers: ReplyProtocol = create_endpoint(
        _never, idempotency_keep=timedelta(days=2)
    ).app.out_protocol

    def search(request: etree._Element) -> str:
        page = memory.page[: int(request.findtext(_SIZE, "0"))]
        if request.findtext(_INDEX) != "0":
            # The writers know an object that they have written: these are others each time.
            page = [copy(coupon) for coupon in page]
        return writers.write_response("SearchCoupons", page)

    def redeem(request: etree._Element) -> str:
        if request.findtext(_CODE) == UNKNOWN_CODE:
            raise ServiceError(COUPON_NOT_FOUND, UNKNOWN_CODE)
        return writers.write_response("RedeemCoupon", memory.redeemed_at)

    def tell(_request: etree._Element) -> str:
        return writers.write_response("GetCouponInfo", memory.infos)

    operations = {"SearchCoupons": search, "RedeemCoupon": redeem, "GetCouponInfo": tell}
    return {f"{{{BILLING}}}{name}Request": answer for name, answer in operations.items()}


def _never(*_credentials: object) -> Any:
    raise NotImplementedError


class _Tools(local):
    """A set for each thread, as the service has it."""

    def __init__(self) -> None:
        self.parser = etree.XMLParser(resolve_entities=False, no_network=True, collect_ids=False)
        self.schema = CUSTOMER_BILLING.compile_schema()
