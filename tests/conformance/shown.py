"""What no check of a single message or description can show, and the tests that show it."""

from typing import NamedTuple

WIRE, CLIENTS = "tests/wire", "tests/clients"

SHOWN_BY: dict[str, tuple[str, ...]] = {
    "R1127": (f"{WIRE}/test_captured_envelopes.py::test_soap_action_does_not_count",),
    "R1017": (
        f"{WIRE}/test_captured_envelopes.py::test_a_recorded_request_is_read",
        f"{WIRE}/test_spyne_defects.py::test_9_the_declared_type_may_be_named",
    ),
    "R1025": (
        f"{WIRE}/test_headers.py::test_a_header_for_us_that_must_be_understood_is_refused",
        f"{WIRE}/test_refusals.py::test_must_understand_before_client",
    ),
    "R1027": (f"{WIRE}/test_headers.py::test_a_header_for_us_that_must_be_understood_is_refused",),
    "R1028": (f"{WIRE}/test_refusals.py::test_a_refusal_names_its_row",),
    "R2725": (
        f"{WIRE}/test_refusals.py::test_version_before_must_understand",
        f"{WIRE}/test_refusals.py::test_must_understand_before_client",
        f"{WIRE}/test_refusals.py::test_must_understand_before_an_invalid_must_understand",
    ),
    "R2739": (f"{WIRE}/test_headers.py::test_headers_that_change_nothing_are_let_through",),
    "R2751": ("tests/conformance/test_interoperability.py::test_headers_are_read_in_every_order",),
    "R2744": ("tests/conformance/test_tap.py::test_our_own_client_names_the_operation_in_quotes",),
    "R0001": (
        f"{WIRE}/test_http.py::test_the_contract_is_shown",
        "tests/contract/test_published.py::test_zeep_builds_a_client_from_it",
    ),
}
"""The tests of what a receiver does, by the number of the requirement."""


class Trap(NamedTuple):
    """Something in which services and clients are known to fall out.

    Attributes:
        what: What clients send or expect.
        shown_by: The tests.
    """

    what: str
    shown_by: tuple[str, ...]


_ENVELOPES = f"{WIRE}/test_captured_envelopes.py"
_DEFECTS = f"{WIRE}/test_spyne_defects.py"
_HTTP = f"{CLIENTS}/test_http.py"

TRAPS = (
    Trap(
        "Headers of WS-Addressing, which zeep adds",
        (f"{_ENVELOPES}::test_a_recorded_request_is_read",),
    ),
    Trap(
        "A header `Action` of no namespace, with mustUnderstand",
        (f"{WIRE}/test_headers.py::test_headers_that_change_nothing_are_let_through",),
    ),
    Trap(
        "SOAPAction empty, absent, wrong or unquoted",
        (f"{_ENVELOPES}::test_soap_action_does_not_count",),
    ),
    Trap(
        "Any prefix, the default namespace, a prefix that changes its meaning",
        (f"{_ENVELOPES}::test_one_meaning_however_it_is_written",),
    ),
    Trap(
        "Nil as `true` and as `1`; nil, absent and empty text are three things",
        (
            f"{_DEFECTS}::test_1_nil_false_is_not_nil",
            f"{CLIENTS}/test_oddities.py::test_an_odd_request_is_refused_by_name",
        ),
    ),
    Trap(
        "A list that is empty, absent or nil",
        (
            f"{_ENVELOPES}::test_one_meaning_however_it_is_written",
            f"{CLIENTS}/test_oddities.py::test_an_odd_request_is_refused_by_name",
        ),
    ),
    Trap(
        "Numbers as ` 5 `, `+5` and `05`; instants with an offset, no zone, seven digits",
        (
            f"{_DEFECTS}::test_5_integers_in_every_spelling_are_read",
            f"{_DEFECTS}::test_3_instants_are_read_exactly",
        ),
    ),
    Trap(
        "A byte order mark, UTF-16, and a charset in every spelling",
        (
            f"{_ENVELOPES}::test_a_byte_order_mark_is_read_over",
            f"{WIRE}/test_stock_spyne.py::test_utf_16_is_read",
            f"{_ENVELOPES}::test_content_type_in_every_spelling",
        ),
    ),
    Trap(
        "A chunked body, `Expect: 100-continue`, a compressed body",
        (
            f"{_HTTP}::test_a_chunked_body_is_read",
            f"{_HTTP}::test_a_client_may_wait_for_leave_to_send_the_body",
            f"{_HTTP}::test_a_connection_outlives_a_refused_body",
        ),
    ),
    Trap(
        "A comment or CDATA inside a value",
        (f"{_ENVELOPES}::test_a_comment_does_not_cut_a_code_short",),
    ),
    Trap(
        "References by `href` and `id`",
        (f"{WIRE}/test_stock_spyne.py::test_references_that_go_round_in_circles_are_refused",),
    ),
    Trap("`xsi:type` with a derived type", (f"{_DEFECTS}::test_9_the_declared_type_may_be_named",)),
    Trap(
        "The WSDL at `?wsdl`, `?WSDL` and `?singleWsdl`, with the address outside a proxy",
        (
            "tests/contract/test_published.py::test_a_document_is_asked_for_in_any_case",
            f"{WIRE}/test_http.py::test_the_public_url_wins_over_the_request",
        ),
    ),
    Trap("An envelope of SOAP 1.2", (f"{WIRE}/test_refusals.py::test_a_refusal_names_its_row",)),
    Trap(
        "Fault details as typed exceptions: zeep, suds, bingads, Node.js and PHP",
        (f"{CLIENTS}/test_faults.py::test_a_refusal_arrives_typed",),
    ),
    Trap(
        "TrackingId in the header of responses and of faults",
        (
            f"{CLIENTS}/test_search.py::test_a_success_has_its_own_tracking_id",
            f"{_HTTP}::test_a_fault_travels_with_status_500_and_the_tracking_id_in_its_header",
        ),
    ),
    Trap(
        "The quotas of WCF: 65,536 bytes in a message, 8,192 characters in a text",
        ("tests/conformance/test_interoperability.py::test_answers_fit_the_quotas_of_wcf",),
    ),
    Trap(
        "Faults with HTTP 500, as Node.js and PHP read them",
        (f"{CLIENTS}/test_faults.py::test_a_refusal_arrives_typed",),
    ),
    Trap("HEAD, PUT and others", (f"{_HTTP}::test_other_methods_are_not_allowed",)),
    Trap(
        "A connection that lives on after a refusal",
        (f"{_HTTP}::test_a_connection_outlives_a_refused_body",),
    ),
)
"""In the order in which they were collected."""
