"""What breaks stock Spyne breaks it still: ``tests/wire/test_stock_spyne.py`` would notice."""

from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.stock_spyne import stock_application
from benchmarks.supply import Memory
from tests.programme import START
from tests.reliability.proofs import STOCK_DEFECTS, Report
from tests.security.door import Attempt, send
from tests.storage.engines import ON_SQLITE
from tests.wire import test_stock_spyne as defects
from tests.wire.conftest import make_service, service
from tests.wire.harness import WireService

__all__ = ["make_service", "service"]

TESTS: tuple[Callable[[Any], None], ...] = (
    defects.test_an_empty_body_element_is_refused,
    defects.test_an_envelope_without_body_is_refused,
    defects.test_an_empty_http_body_is_refused,
    lambda service: defects.test_utf_16_is_read(service, "utf-16", True, "; charset=utf-16"),
    defects.test_bytes_that_are_not_utf_8_are_refused,
    defects.test_references_that_go_round_in_circles_are_refused,
    defects.test_a_fault_sent_as_request_is_refused,
    defects.test_an_external_entity_is_refused,
    defects.test_an_unknown_charset_is_refused,
    defects.test_a_bad_content_length_is_refused,
    defects.test_a_document_type_is_refused,
    defects.test_an_external_parameter_entity_is_refused,
    defects.test_a_processing_instruction_is_refused,
    defects.test_two_children_in_the_body_are_refused,
    defects.test_two_bodies_are_refused,
    defects.test_an_unknown_header_that_must_be_understood_is_refused,
    defects.test_an_encoding_style_is_refused,
    defects.test_json_is_refused,
)


class StockService:
    """Stock Spyne in the place of the service.

    Attributes:
        seen: As far as its tests ask.
        is_wrong: Whether it raised something, or let something in.
    """

    def __init__(self) -> None:
        self.seen: list[object] = []
        self.is_wrong = False
        self._application = stock_application(Memory([], [], START))

    def post(self, content: bytes, **environ: str) -> Any:
        self.is_wrong = True
        reply = send(self._application, Attempt(content, environ))
        self.is_wrong = reply.status == 200
        return reply


def is_wrong(test: Callable[[Any], None]) -> bool:
    stock = StockService()
    with pytest.raises(BaseException):  # noqa: B017, PT011 - what escapes, or what the test says
        test(stock)
    return stock.is_wrong


@ON_SQLITE
def test_the_service_answers_what_breaks_stock_spyne(
    make_service: Callable[[], WireService], report: Report
) -> None:
    for test in TESTS:
        test(make_service())
    report.proof(STOCK_DEFECTS, rounds=len(TESTS), failures=0)
    failures = sum(map(is_wrong, TESTS))
    report.control(STOCK_DEFECTS, rounds=len(TESTS), failures=failures)
    assert failures > len(TESTS) // 2
