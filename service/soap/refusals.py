"""Why a request never reaches an operation: the table of the gate's refusals.

Each leaves as a SOAP fault with one of the codes that SOAP 1.1 reserves, or, where it has an
HTTP status of its own, as a line of plain text.
"""

from dataclasses import dataclass

__all__ = ["REFUSALS", "Refusal"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason.

    Attributes:
        symbol: Its name; the faultstring has it.
        fault_code: ``Client``, ``VersionMismatch`` or ``MustUnderstand``.
        message: The sentence that a caller reads.
        meaning: What to do about it, for the documentation.
        http_status: The status of the reply, which is then plain text; None for a SOAP fault
            with the status of every other fault.
    """

    symbol: str
    fault_code: str
    message: str
    meaning: str
    http_status: int | None = None


_rows: list[Refusal] = []


def _row(
    symbol: str,
    message: str,
    meaning: str,
    *,
    fault_code: str = "Client",
    http_status: int | None = None,
) -> Refusal:
    row = Refusal(symbol, fault_code, message, meaning, http_status)
    _rows.append(row)
    return row


# HTTP

CONTENT_TYPE_UNSUPPORTED = _row(
    "ContentTypeUnsupported",
    "The content type of a request is text/xml.",
    "SOAP 1.1 travels as text/xml; application/soap+xml is SOAP 1.2.",
    http_status=415,
)
CONTENT_ENCODING_UNSUPPORTED = _row(
    "ContentEncodingUnsupported",
    "The body of a request is not compressed.",
    "Send it without Content-Encoding.",
    http_status=415,
)
CONTENT_LENGTH_INVALID = _row(
    "ContentLengthInvalid",
    "Content-Length is not a number of bytes.",
    "Send the number of bytes of the body, or send it chunked.",
)
BODY_TOO_LARGE = _row(
    "BodyTooLarge",
    "The request is too large.",
    "Send fewer items in one request; the operator sets the limit.",
)
BODY_EMPTY = _row(
    "BodyEmpty",
    "The request has no content.",
    "Send a SOAP envelope.",
)
CHARSET_UNSUPPORTED = _row(
    "CharsetUnsupported",
    "The character set of a request is UTF-8 or UTF-16.",
    "Name one of the two in Content-Type, in the XML declaration, or in neither for UTF-8.",
)
CHARSET_CONTRADICTORY = _row(
    "CharsetContradictory",
    "Content-Type and XML declaration name different character sets.",
    "Name the same in both, or leave one out.",
)

# XML

XML_MALFORMED = _row(
    "XmlMalformed",
    "The request is not well-formed XML.",
    "The line and what the parser met there follow.",
)
DOCTYPE_FORBIDDEN = _row(
    "DoctypeForbidden",
    "A SOAP envelope has no document type declaration.",
    "Send values in full and not as entities.",
)
PROCESSING_INSTRUCTION_FORBIDDEN = _row(
    "ProcessingInstructionForbidden",
    "A SOAP envelope has no processing instructions.",
    "Leave them out.",
)
TOO_DEEP = _row(
    "TooDeep",
    "The elements of the request are nested too deeply.",
    "No request of the contract comes near the limit.",
)
TOO_MANY_ELEMENTS = _row(
    "TooManyElements",
    "The request has too many elements.",
    "Send fewer items in one request; the operator sets the limit.",
)
TOO_MANY_ATTRIBUTES = _row(
    "TooManyAttributes",
    "The request has too many attributes.",
    "No request of the contract comes near the limit.",
)

# Envelope

VERSION_MISMATCH = _row(
    "VersionMismatch",
    "The request is not a SOAP 1.1 envelope.",
    "Use the namespace http://schemas.xmlsoap.org/soap/envelope/ for the envelope.",
    fault_code="VersionMismatch",
)
HEADER_NOT_UNDERSTOOD = _row(
    "HeaderNotUnderstood",
    "A header that must be understood is not known here.",
    "Leave the header out, or its mustUnderstand.",
    fault_code="MustUnderstand",
)
MUST_UNDERSTAND_INVALID = _row(
    "MustUnderstandInvalid",
    "The value of mustUnderstand is 0 or 1.",
    "SOAP 1.1 knows no true and false here.",
)
ENVELOPE_INVALID = _row(
    "EnvelopeInvalid",
    "An envelope has at most one Header, then one Body, and nothing else.",
    "The line and the element that does not belong there follow.",
)
BODY_ENTRY_INVALID = _row(
    "BodyEntryInvalid",
    "The Body has exactly one child element.",
    "Call one operation in one request.",
)
ENCODING_STYLE_FORBIDDEN = _row(
    "EncodingStyleForbidden",
    "The contract is document/literal; it has no encodingStyle.",
    "Use the WSDL's binding, which is not rpc/encoded.",
)
FAULT_AS_REQUEST = _row(
    "FaultAsRequest",
    "A fault is not a request.",
    "Faults are sent by this service, and not to it.",
)
OPERATION_UNKNOWN = _row(
    "OperationUnknown",
    "The contract has no operation with this request element.",
    "Name and namespace of the Body's child choose the operation; SOAPAction does not.",
)

# Content

SCHEMA_INVALID = _row(
    "SchemaInvalid",
    "The request does not follow the schema.",
    "The line, the element and what is wrong with it follow.",
)
VALUE_OUT_OF_RANGE = _row(
    "ValueOutOfRange",
    "A value is valid in the schema and outside what can be handled.",
    "Instants are in the years 1 to 9999; numbers have less than 4300 digits.",
)

REFUSALS: tuple[Refusal, ...] = tuple(_rows)
