"""What SearchCoupons may be asked."""

from dataclasses import asdict
from typing import Any

import pytest

from service.domain.error_rows import ErrorRow
from service.domain.errors import (
    BATCH_TOO_LARGE,
    INPUT_INVALID,
    PAGING_INVALID,
    PREDICATE_INVALID,
    PREDICATE_MISSING,
)
from service.domain.refusals import ServiceError
from service.domain.search import (
    CouponQuery,
    OrderBy,
    Paging,
    Predicate,
    SearchRequest,
    check_search,
)
from tests.programme import utc

OWNER = Predicate("CustomerId", "Equals", "17")
PAGE = Paging(0, 100)


def query(*predicates: Predicate | None, **changes: Any) -> CouponQuery:
    request: dict[str, Any] = {"predicates": [OWNER, *predicates], "page_info": PAGE}
    return check_search(SearchRequest(**{**request, **changes}))


def refusal(*predicates: Predicate | None, **changes: Any) -> tuple[ErrorRow, str]:
    with pytest.raises(ServiceError) as error:
        query(*predicates, **changes)
    return error.value.row, error.value.details


def test_only_the_customer_is_required() -> None:
    assert query() == CouponQuery(customer_id=17, offset=0, size=100)


@pytest.mark.parametrize(
    ("predicate", "expected"),
    [
        (Predicate("CouponClassName", "Equals", "Spring sale"), {"class_name": "Spring sale"}),
        (Predicate("CouponClassName", "Equals", " Spring "), {"class_name": "Spring"}),
        (Predicate("IsRedeemed", "Equals", "true"), {"is_redeemed": True}),
        (Predicate("IsRedeemed", "Equals", "TRUE"), {"is_redeemed": True}),
        (Predicate("IsRedeemed", "Equals", " True\n"), {"is_redeemed": True}),
        (Predicate("IsRedeemed", "Equals", "1"), {"is_redeemed": True}),
        (Predicate("IsRedeemed", "Equals", "false"), {"is_redeemed": False}),
        (Predicate("IsRedeemed", "Equals", "False"), {"is_redeemed": False}),
        (Predicate("IsRedeemed", "Equals", "0"), {"is_redeemed": False}),
    ],
)
def test_each_predicate_narrows_the_search(predicate: Predicate, expected: dict[str, Any]) -> None:
    assert asdict(query(predicate)) == {**asdict(query()), **expected}


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-01", (2026, 3, 1)),
        ("2028-02-29", (2028, 2, 29)),
        (" 2026-03-01 ", (2026, 3, 1)),
        ("2026-03-01T23:59:59.999999Z", (2026, 3, 1)),
        ("2026-03-01T00:00:00", (2026, 3, 1)),
        ("2026-03-01T00:30:00+01:00", (2026, 2, 28)),
        ("2026-03-01T23:30:00-01:00", (2026, 3, 2)),
        ("0001-01-01", (1, 1, 1)),
    ],
)
def test_of_a_start_date_only_the_day_in_utc_counts(text: str, day: tuple[int, int, int]) -> None:
    found = query(Predicate("StartDate", "GreaterThanEquals", text))
    assert found.starts_from == utc(*day)


@pytest.mark.parametrize("text", ["1", "9223372036854775807", " 17 ", "007"])
def test_identifiers_are_positive_64_bit_numbers(text: str) -> None:
    predicates = [Predicate("CustomerId", "Equals", text)]
    assert query(predicates=predicates).customer_id == int(text)


BAD_IDS = [
    *("", " ", "0", "-1", "1.0", "1e3", "abc", "0x11", "1 2", "\u0661", "\u00b2", "1_0"),
    *("9223372036854775808", "01" + "0" * 30, "9" * 5000),
]


@pytest.mark.parametrize("text", [None, *BAD_IDS], ids=repr)
def test_other_identifiers_are_refused(text: str | None) -> None:
    row, details = refusal(predicates=[Predicate("CustomerId", "Equals", text)])
    assert row is PREDICATE_INVALID
    assert details.startswith("Predicates[0].Value: ")
    assert len(details) < 100


@pytest.mark.parametrize(
    ("predicate", "expected"),
    [
        (None, "Predicates[1] has no Field"),
        (Predicate(), "Predicates[1] has no Field"),
        (Predicate("", "Equals", "x"), "Predicates[1] has no Field"),
        (Predicate("Amount", "Equals", "1"), "Predicates[1].Field 'Amount' is not one of"),
        (Predicate("isredeemed", "Equals", "1"), "Predicates[1].Field 'isredeemed' is not"),
        (OWNER, "Predicates[1] repeats CustomerId"),
        (Predicate("CouponClassName", "Equals", None), "Predicates[1].Value: "),
        (Predicate("CouponClassName", "Equals", " "), "Predicates[1].Value: "),
        (Predicate("IsRedeemed", "Equals", None), "Predicates[1].Value: "),
        (Predicate("IsRedeemed", "Equals", "yes"), "Predicates[1].Value: "),
        (Predicate("IsRedeemed", "Equals", "2"), "Predicates[1].Value: "),
        (Predicate("StartDate", "GreaterThanEquals", None), "Predicates[1].Value: "),
        (Predicate("StartDate", "GreaterThanEquals", "2026-02-29"), "Predicates[1].Value: "),
        (Predicate("StartDate", "GreaterThanEquals", "1 March"), "Predicates[1].Value: "),
        (Predicate("StartDate", "GreaterThanEquals", "1" * 5000), "Predicates[1].Value: "),
    ],
)
def test_other_predicates_are_refused(predicate: Predicate | None, expected: str) -> None:
    row, details = refusal(predicate)
    assert row is PREDICATE_INVALID
    assert details.startswith(expected)
    assert len(details) < 200


OPERATORS = [
    *("Contains", "Equals", "GreaterThan", "GreaterThanEquals", "In", "LessThan"),
    *("LessThanEquals", "NotEquals", "StartsWith", "equals", "", None),
]
ACCEPTED = {
    "CustomerId": ("Equals", "17"),
    "CouponClassName": ("Equals", "Spring"),
    "IsRedeemed": ("Equals", "true"),
    "StartDate": ("GreaterThanEquals", "2026-03-01"),
}


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("field", ACCEPTED)
def test_each_field_has_one_operator(field: str, operator: str | None) -> None:
    accepted, value = ACCEPTED[field]
    predicates = [OWNER] if field != OWNER.field else []
    predicates.append(Predicate(field, operator, value))
    if operator == accepted:
        query(predicates=predicates)
    else:
        row, details = refusal(predicates=predicates)
        assert row is PREDICATE_INVALID
        assert f"must be {accepted}" in details


def test_each_field_counts_once() -> None:
    twice = Predicate("IsRedeemed", "Equals", "true")
    assert refusal(twice, twice) == (PREDICATE_INVALID, "Predicates[2] repeats IsRedeemed")


def test_four_predicates_are_accepted_and_five_are_not() -> None:
    four = [Predicate(field, *rest) for field, rest in ACCEPTED.items()]
    assert query(predicates=four).class_name == "Spring"
    row, details = refusal(predicates=[*four, None])
    assert row is BATCH_TOO_LARGE
    assert "5 items" in details


@pytest.mark.parametrize("predicates", [None, [], [Predicate("IsRedeemed", "Equals", "1")]])
def test_the_customer_must_be_given(predicates: list[Predicate | None] | None) -> None:
    assert refusal(predicates=predicates)[0] is PREDICATE_MISSING


@pytest.mark.parametrize("field", ["CouponClassName", "CouponStartDate"])
@pytest.mark.parametrize(
    ("order", "descending"), [("Ascending", False), ("Descending", True), (None, False)]
)
def test_two_fields_order_a_search(field: str, order: str | None, descending: bool) -> None:
    found = query(ordering=[OrderBy(field, order)])
    assert (found.order_by, found.descending) == (field, descending)


def test_only_the_first_ordering_counts() -> None:
    found = query(ordering=[OrderBy("CouponStartDate", "Descending"), OrderBy("Number"), None])
    assert (found.order_by, found.descending) == ("CouponStartDate", True)


@pytest.mark.parametrize("ordering", [None, []])
def test_without_an_ordering_it_is_by_class(ordering: list[OrderBy | None] | None) -> None:
    assert query(ordering=ordering).order_by == "CouponClassName"


@pytest.mark.parametrize("first", [None, OrderBy(), OrderBy("Number", "Ascending"), OrderBy("")])
def test_other_orderings_are_refused(first: OrderBy | None) -> None:
    assert refusal(ordering=[first])[0] is INPUT_INVALID


@pytest.mark.parametrize(
    ("page", "offset", "size"),
    [
        (Paging(0, 1), 0, 1),
        (Paging(None, 100), 0, 100),
        (Paging(3, 7), 21, 7),
        (Paging(2**31 - 1, 100), (2**31 - 1) * 100, 100),
    ],
)
def test_a_page_is_so_many_coupons_in(page: Paging, offset: int, size: int) -> None:
    found = query(page_info=page)
    assert (found.offset, found.size) == (offset, size)


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (None, "PageInfo is required"),
        (Paging(), "Size is 0"),
        (Paging(0, None), "Size is 0"),
        (Paging(0, 0), "Size is 0"),
        (Paging(0, -1), "Size is -1"),
        (Paging(0, 101), "Size is 101, it must be 1 to 100"),
        (Paging(-1, 1), "Index is -1, it must be 0 or more"),
    ],
)
def test_other_pages_are_refused(page: Paging | None, expected: str) -> None:
    row, details = refusal(page_info=page)
    assert row is PAGING_INVALID
    assert details.startswith(expected)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (None, False),
        ([], False),
        (["TaxCertificate"], False),
        (["CouponClaimInfo"], True),
        (["TaxCertificate", "CouponClaimInfo", "CouponClaimInfo"], True),
    ],
)
def test_claim_info_comes_on_request(fields: list[str] | None, expected: bool) -> None:
    assert query(return_additional_fields=fields).with_claim_info is expected
