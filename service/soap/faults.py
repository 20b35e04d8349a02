"""Faults on their way out: what is raised inside the wire, and what the caller reads of it."""

# mypy: disallow-subclassing-any=False

from types import SimpleNamespace

import structlog
from lxml import etree
from spyne import Fault

from service.domain.error_rows import FaultKind
from service.domain.errors import (
    INTERNAL_ERROR,
)
from service.domain.refusals import ServiceError, ServiceTroubleError
from service.soap.namespaces import ADAPI, BILLING
from service.soap.refusals import Refusal
from service.soap.types.adapi import AdApiFaultDetail
from service.soap.types.exception import ApiFault
from service.soap.values import write_string
from service.soap.writers import element_writer

__all__ = [
    "WireFault",
    "fault_xml",
    "internal_fault",
    "refusal",
    "service_fault",
    "trouble_fault",
]

_log = structlog.get_logger("service.soap")

_LONGEST_TEXT = 1000
"""Characters of an explanation in a faultstring; a schema error quotes the offending value."""


class WireFault(Fault):
    """What Spyne carries from where it was raised to where it is written.

    Args:
        fault_code: ``Server``, or one of the codes of a refusal.
        text: What went wrong, for the faultstring.
        symbol: The name of what went wrong, for the log.
        error: What the detail says; None for a refusal, which has no detail.
        http_status: The status of the reply, which is then plain text and no fault; None for
            that of every other fault.
    """

    def __init__(
        self,
        fault_code: str,
        text: str,
        *,
        symbol: str,
        error: ServiceError | None = None,
        http_status: int | None = None,
    ) -> None:
        super().__init__(fault_code, text)
        self.fault_code = fault_code
        self.text = text
        self.symbol = symbol
        self.error = error
        self.http_status = http_status


def refusal(
    row: Refusal, explanation: str = "", element: etree._Element | None = None
) -> WireFault:
    """Make the fault of a request that the gate does not let in.

    Args:
        row: The reason.
        explanation: What was met, for this request.
        element: Where it was met; the text names its line and name.
    """
    text = f"{row.symbol}: {row.message}"
    if element is not None:
        text += f" Line {element.sourceline}, element {etree.QName(element).localname}."
    if explanation:
        text += f" {explanation[:_LONGEST_TEXT]}"
    return WireFault(row.fault_code, text, symbol=row.symbol, http_status=row.http_status)


def service_fault(error: ServiceError) -> WireFault:
    """Make the fault that carries an error of the catalogue."""
    text = _sentence(f"{error.row.symbol}: {error.row.message}")
    if error.details:
        text += f" {error.details}"
    return WireFault("Server", text, symbol=error.row.symbol, error=error)


def trouble_fault(error: ServiceTroubleError, tracking_id: str) -> WireFault:
    """Log what keeps the service from its work, and make a fault that does not tell the reason."""
    _log.error(
        "service trouble", tracking_id=tracking_id, symbol=error.row.symbol, reason=error.reason
    )
    return service_fault(error)


def internal_fault(tracking_id: str) -> WireFault:
    """Log the exception being handled, and make a fault that tells nothing of it."""
    _log.error("internal error", tracking_id=tracking_id, exc_info=True)
    return service_fault(ServiceError(INTERNAL_ERROR))


def fault_xml(fault: WireFault, tracking_id: str) -> str:
    """Write the element ``s:Fault``.

    The faultstring begins and ends as the original's does, on which clients match. It has
    the error between, for those clients that show nothing else.
    """
    return (
        f"<s:Fault><faultcode>s:{fault.fault_code}</faultcode><faultstring>"
        "Invalid client data. Check the SOAP fault details for more information."
        f" {write_string(_sentence(fault.text))} TrackingId: {tracking_id}.</faultstring>"
        f"{_detail_xml(fault.error, tracking_id)}</s:Fault>"
    )


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


_write_ad_api_fault_detail = element_writer("AdApiFaultDetail", ADAPI, AdApiFaultDetail)
_write_api_fault = element_writer("ApiFault", BILLING, ApiFault)


def _detail_xml(error: ServiceError | None, tracking_id: str) -> str:
    if error is None:
        return ""
    row = error.row
    if row.kind is FaultKind.AD_API:
        item = SimpleNamespace(
            code=row.code,
            detail=error.details or None,
            error_code=row.symbol,
            message=row.message,
        )
        content = _write_ad_api_fault_detail(
            SimpleNamespace(tracking_id=tracking_id, errors=[item])
        )
    else:
        item = SimpleNamespace(code=row.code, details=error.details_text, message=row.message)
        content = _write_api_fault(
            SimpleNamespace(tracking_id=tracking_id, operation_errors=[item])
        )
    return f"<detail>{content}</detail>"
