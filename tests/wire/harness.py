"""What the tests of the wire share: a service with canned operations, and checked answers."""

import io
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from lxml import etree

from service.addresses import CUSTOMER_BILLING_PATH
from service.domain.roles import Caller, Credentials
from service.operations.calls import Call
from service.soap.call_log import call_line
from service.soap.endpoint import create_endpoint
from service.soap.namespaces import ADAPI, BILLING, SOAP_ENVELOPE
from tests.conformance.checks import check_exchange
from tests.conformance.exchanges import Exchange, Message

NAMESPACES = {
    "s": SOAP_ENVELOPE,
    "b": BILLING,
    "adapi": ADAPI,
    "e": "https://bingads.microsoft.com/Customer/v13/Entities",
    "x": "https://bingads.microsoft.com/Customer/v13/Exception",
    "r": "http://schemas.microsoft.com/2003/10/Serialization/Arrays",
}
CAPTURED = Path(__file__).parent / "captured"
GUID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
CALLER = Caller(77, "kim", {})
REDEEM = "<b:RedeemCouponRequest><b:AccountId>7</b:AccountId></b:RedeemCouponRequest>"
_DECLARATIONS = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
_XSI = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'


def envelope(body: str = REDEEM, header: str = "") -> bytes:
    """An envelope with prefixes s, b, e, x, r and i declared."""
    return (
        f"<s:Envelope {_DECLARATIONS} {_XSI}><s:Header>{header}</s:Header>"
        f"<s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


@dataclass(frozen=True)
class Seen:
    """A call as the operation would see it."""

    operation: str
    credentials: Credentials
    arguments: list[Any]


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def is_plain(self) -> bool:
        """Whether a sentence came back instead of an envelope."""
        return self.headers["Content-Type"] == "text/plain; charset=utf-8"

    @property
    def root(self) -> etree._Element:
        return etree.fromstring(self.content)

    def text(self, path: str) -> str | None:
        """The text of the first element at a path below the envelope, if there is one."""
        return None if self.is_plain else self.root.findtext(path, namespaces=NAMESPACES)

    @property
    def tracking_id(self) -> str:
        if self.is_plain:
            return self.content.decode().rpartition(" TrackingId: ")[2].removesuffix(".\n")
        return self.text("s:Header/b:TrackingId") or ""

    @property
    def payload(self) -> etree._Element:
        return self.root.find("s:Body", NAMESPACES)[0]

    @property
    def fault_code(self) -> str:
        return (self.text("s:Body/s:Fault/faultcode") or "").removeprefix("s:")

    @property
    def fault_text(self) -> str:
        """The middle of the faultstring: symbol, message, what was met."""
        if self.is_plain:
            return self.content.decode().rpartition(" TrackingId: ")[0]
        text = self.text("s:Body/s:Fault/faultstring") or ""
        start = "Invalid client data. Check the SOAP fault details for more information. "
        return text.removeprefix(start).removesuffix(f" TrackingId: {self.tracking_id}.")

    @property
    def symbol(self) -> str:
        return self.fault_text.partition(":")[0]

    @property
    def error_code(self) -> int | None:
        """The number of the first error in a fault's detail."""
        codes = self.root.xpath(
            "s:Body/s:Fault/detail//*[local-name()='Code']", namespaces=NAMESPACES
        )
        return int(codes[0].text) if codes else None


class _Tee:
    """A stream that remembers what was read of it."""

    def __init__(self, stream: Any) -> None:
        self.pieces: list[bytes] = []
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        self.pieces.append(self._stream.read(size))
        return self.pieces[-1]


@dataclass
class WireService:
    """The endpoint with operations that answer what a test lays down.

    Attributes:
        answers: What each operation answers: a value, or an exception that it raises.
        refusal: What authentication raises, if anything.
        seen: The calls that came through gate and readers.
        log: The line of each call.
        exchanges: What was said; each must be as WS-I Basic Profile 1.1 has it.
    """

    settings: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    refusal: Exception | None = None
    seen: list[Seen] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)

    def __post_init__(self):
        self.endpoint = create_endpoint(
            self._authenticate,
            idempotency_keep=timedelta(hours=48),
            note_call=lambda record: self.log.append(call_line(record)),
            **({"validate_responses": True} | self.settings),
        )
        self.endpoint.app.event_manager.add_listener("method_call", self._see)

    def _authenticate(self, credentials, tracking_id):
        if self.refusal:
            raise self.refusal
        return Call(None, CALLER, NOON, tracking_id)

    def _see(self, ctx):
        self.seen.append(Seen(ctx.descriptor.operation_name, ctx.in_header, list(ctx.in_object)))

    def operation(self, name):
        """The canned operation of a name."""

        def operate(*_):
            answer = self.answers[name]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return operate

    def request(self, method: str, content: bytes = b"", **environ: Any) -> Answer:
        """Send one HTTP request; None as a value takes a variable out of the environment."""
        variables = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": CUSTOMER_BILLING_PATH,
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "8080",
            "CONTENT_TYPE": "text/xml; charset=utf-8",
            "CONTENT_LENGTH": str(len(content)),
            "wsgi.input": io.BytesIO(content),
            "wsgi.url_scheme": "http",
        } | environ
        stream = variables["wsgi.input"] = _Tee(variables["wsgi.input"])
        started = []
        chunks = self.endpoint(
            {name: value for name, value in variables.items() if value is not None},
            lambda status, headers: started.append((status, headers)),
        )
        ((status, headers),) = started
        answer = Answer(int(status[:3]), dict(headers), b"".join(chunks))
        assert answer.headers["Content-Length"] == str(len(answer.content))
        self._note(variables, b"".join(stream.pieces), answer)
        return answer

    def _note(self, variables: dict[str, Any], content: bytes, answer: Answer) -> None:
        exchange = Exchange(
            variables["REQUEST_METHOD"],
            CUSTOMER_BILLING_PATH,
            answer.status,
            Message({"content-type": variables["CONTENT_TYPE"] or ""}, content),
            Message(
                {name.lower(): value for name, value in answer.headers.items()}, answer.content
            ),
        )
        self.exchanges.append(exchange)
        check_exchange(exchange, self._broken_by_settings)

    @property
    def _broken_by_settings(self) -> set[str]:
        """The requirements that the service breaks when it is told to."""
        broken = set()
        if self.settings.get("fault_http_status") == 200:
            broken.add("R1126")
        if self.settings.get("validate_responses") is False:
            broken.add("R2712")
        return broken

    def post(self, content: bytes, **environ: Any) -> Answer:
        """Send a SOAP request, and check what is true of every SOAP reply."""
        answer = self.request("POST", content, **environ)
        check_reply(answer)
        return answer

    def call(self, body: str = REDEEM, header: str = "") -> Answer:
        """Send an envelope with this content."""
        return self.post(envelope(body, header))


def check_reply(answer: Answer) -> None:
    """Hold a reply against what SOAP, WS-I and the original say of every one."""
    assert GUID.fullmatch(answer.tracking_id)
    if answer.is_plain:
        assert answer.status == 415
        return
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert [child.tag for child in answer.root] == [
        f"{{{SOAP_ENVELOPE}}}Header",
        f"{{{SOAP_ENVELOPE}}}Body",
    ]
    fault = answer.root.find("s:Body/s:Fault", NAMESPACES)
    if fault is None:
        assert answer.status == 200
        return
    assert [child.tag for child in fault][:2] == ["faultcode", "faultstring"]
    assert [child.tag for child in fault][2:] in ([], ["detail"])
    code = fault.findtext("faultcode")
    assert code in {"s:Client", "s:Server", "s:VersionMismatch", "s:MustUnderstand"}
    assert (code == "s:Server") == (fault.find("detail") is not None)
    assert re.fullmatch(
        "Invalid client data[.] Check the SOAP fault details for more information[.] "
        f"[A-Za-z]+: .+[.] TrackingId: {answer.tracking_id}[.]",
        fault.findtext("faultstring"),
        re.DOTALL,
    )
    if fault.find("detail") is not None:
        assert fault.findtext("detail/*/adapi:TrackingId", namespaces=NAMESPACES) == (
            answer.tracking_id
        )
