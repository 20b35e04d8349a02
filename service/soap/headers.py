"""The SOAP headers of a request: who calls, under which key, and what must be understood."""

from collections.abc import Iterable

from lxml import etree

from service.domain.errors import IDEMPOTENCY_KEY_INVALID, INVALID_CREDENTIALS
from service.domain.idempotency import KEY_LENGTH_MAX
from service.domain.refusals import ServiceError
from service.domain.roles import Credentials
from service.soap import refusals
from service.soap.faults import refusal, service_fault
from service.soap.namespaces import BILLING, OWN_HEADERS, SOAP_ENVELOPE
from service.soap.readers import is_nil

__all__ = ["check_understood", "credentials", "idempotency_key"]

_MUST_UNDERSTAND = f"{{{SOAP_ENVELOPE}}}mustUnderstand"
_ACTOR = f"{{{SOAP_ENVELOPE}}}actor"
_NEXT = "http://schemas.xmlsoap.org/soap/actor/next"

_PASSWORD = f"{{{BILLING}}}Password"
_CREDENTIALS = {
    f"{{{BILLING}}}DeveloperToken": "developer_token",
    f"{{{BILLING}}}AuthenticationToken": "authentication_token",
    f"{{{BILLING}}}UserName": "user_name",
    _PASSWORD: "password",
}
_IDEMPOTENCY_KEY = f"{{{OWN_HEADERS}}}IdempotencyKey"

# Headers that change nothing here, and that clients send because another service of the
# original, or their toolkit, wants them: understanding them is to leave them alone.
_WITHOUT_EFFECT = frozenset(
    f"{{{namespace}}}{name}" if namespace else name
    for namespace, names in {
        BILLING: ("ApplicationToken", "CustomerId", "CustomerAccountId", "Action"),
        "": ("Action",),
        "http://www.w3.org/2005/08/addressing": ("Action", "MessageID", "To"),
        "http://schemas.xmlsoap.org/ws/2004/08/addressing": ("Action", "MessageID", "To"),
        "http://schemas.microsoft.com/ws/2005/05/addressing/none": ("Action", "To"),
    }.items()
    for name in names
)
_KNOWN = _WITHOUT_EFFECT | _CREDENTIALS.keys() | {_IDEMPOTENCY_KEY}


def check_understood(headers: Iterable[etree._Element]) -> None:
    """Refuse what must be understood and is not, then a mustUnderstand that is not 0 or 1.

    Only SOAP's own attribute counts: the original's documents show a mustUnderstand without
    a namespace, which means nothing. Headers for another actor are not looked at.

    Raises:
        WireFault: ``HeaderNotUnderstood`` or ``MustUnderstandInvalid``.
    """
    ours = [header for header in headers if header.get(_ACTOR, "") in {"", _NEXT}]
    for header in ours:
        if header.get(_MUST_UNDERSTAND) == "1" and header.tag not in _KNOWN:
            raise refusal(refusals.HEADER_NOT_UNDERSTOOD, element=header)
    for header in ours:
        if header.get(_MUST_UNDERSTAND, "0") not in {"0", "1"}:
            raise refusal(refusals.MUST_UNDERSTAND_INVALID, element=header)


def credentials(headers: Iterable[etree._Element]) -> Credentials:
    """Read who calls; headers that are absent, empty or nil count as not sent.

    Raises:
        WireFault: ``InvalidCredentials``: one stands twice, and says two things. Whoever looked
            at the first before may have let somebody through who is not the second.
    """
    values: dict[str, str | None] = {}
    for header in headers:
        name = _CREDENTIALS.get(header.tag)
        if name is not None:
            value = None if is_nil(header) else _text(header)
            if values.setdefault(name, value) != value:
                raise service_fault(ServiceError(INVALID_CREDENTIALS))
    return Credentials(**values)


def idempotency_key(headers: Iterable[etree._Element]) -> str | None:
    """Read the key of the request; one that is absent, empty or nil counts as not sent.

    Raises:
        ServiceError: ``IdempotencyKeyInvalid``: it is too long, is no text, or there are two.
    """
    sent = [it for it in headers if it.tag == _IDEMPOTENCY_KEY and not is_nil(it)]
    if any(len(header) for header in sent):
        raise ServiceError(IDEMPOTENCY_KEY_INVALID, "it has elements inside")
    keys = {_text(header) for header in sent} - {None}
    if len(keys) > 1:
        raise ServiceError(IDEMPOTENCY_KEY_INVALID, "it stands twice in the request")
    key = keys.pop() if keys else None
    if key is not None and len(key) > KEY_LENGTH_MAX:
        raise ServiceError(IDEMPOTENCY_KEY_INVALID, f"it has {len(key)} characters")
    return key


def _text(header: etree._Element) -> str | None:
    """The text; white space around it means nothing, except in a password."""
    text = header.text or ""
    return (text if header.tag == _PASSWORD else text.strip()) or None
