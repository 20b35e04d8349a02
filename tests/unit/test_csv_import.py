"""What the lines of a CSV file say of coupons, and what is wrong with them."""

from decimal import Decimal

import pytest

from service.domain import csv_import, errors
from service.domain.csv_import import CouponFile, CouponLine, LineError
from service.domain.refusals import ServiceError
from service.domain.terms import CouponTerms, CouponType
from tests.programme import terms, utc


def read(text: str, **changes: object) -> tuple[CouponFile, list[CouponLine], list[LineError]]:
    """The file, its coupons, and what is wrong."""
    file = CouponFile(iter(text.splitlines(keepends=True)), terms(**changes))
    told: list[LineError] = []
    coupons = list(file.read(told.append))
    return file, coupons, told


def terms_of(text: str, **changes: object) -> CouponTerms:
    """The terms of the one coupon of a file."""
    file, [coupon], told = read(text, **changes)
    assert told == []
    return file.terms[coupon.terms_number]


def reason(line: str, header: str = "code") -> str:
    """What is wrong with the one line of a file."""
    _, coupons, [error] = read(f"{header}\n{line}\n")
    assert coupons == []
    assert error.line == 2
    return error.reason


def test_codes_are_folded_and_lines_are_numbered() -> None:
    file, coupons, told = read("Code\n abc1\n\n\uff21BC2\n")
    assert [(it.line, it.code) for it in coupons] == [(2, "ABC1"), (4, "ABC2")]
    assert (file.lines_count, told) == (2, [])


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_columns_come_in_any_order(delimiter: str) -> None:
    header = delimiter.join(["\ufeffExpiryDate", " VALUE ", "startdate"])
    line = delimiter.join(["2026-03-31", "abc", "2026-03-01T12:00:00+01:00"])
    found = terms_of(f"{header}\r\n{line}\r\n")
    assert found.start_date == utc(2026, 3, 1, 11)
    assert found.end_date is not None
    assert found.end_date.isoformat() == "2026-03-31T23:59:59.999999+00:00"


def test_a_column_that_is_not_there_leaves_the_terms_of_the_class() -> None:
    start = utc(2026, 1, 1)
    assert terms_of("code\nabc\n", start_date=start).start_date == start
    # One that is there tells it: an empty cell is none.
    assert terms_of("code,start_date\nabc,\n", start_date=start).start_date is None
    assert terms_of("code,amount\nabc,\n", amount=Decimal(7)).amount == 7


def test_every_term_can_be_told() -> None:
    cells = {
        "coupon_type": "acquisition",
        "currency_code": "EUR",
        "amount": "12.50",
        "percent_off": "20",
        "spend_threshold": "3",
        "active_duration": "30",
        "start_date": "2026-01-01",
        "end_date": "2026-01-02T00:00:00Z",
        "expiration_date": "2026-01-03T00:00:00Z",
        "is_reservation_mandatory": "TRUE",
    }
    text = f"code,{','.join(cells)}\nabc,{','.join(cells.values())}\n"
    assert terms_of(text) == CouponTerms(
        coupon_type=CouponType.ACQUISITION,
        currency_code="EUR",
        amount=Decimal("12.5"),
        percent_off=Decimal(20),
        spend_threshold=Decimal(3),
        active_duration=30,
        start_date=utc(2026, 1, 1),
        end_date=utc(2026, 1, 2),
        expiration_date=utc(2026, 1, 3),
        is_reservation_mandatory=True,
    )


def test_coupons_with_the_same_terms_share_them() -> None:
    file, coupons, _ = read("code,amount\naaa,1\nbbb,2\nccc,1\n")
    assert [it.terms_number for it in coupons] == [0, 1, 0]
    assert len(file.terms) == 2


def test_used_coupons_are_counted_and_passed_over() -> None:
    text = "code,sent_at,counter\naaa,,0\nbbb,2026-01-01,0\nccc,,1\n"
    file, coupons, told = read(text)
    assert [it.code for it in coupons] == ["AAA"]
    assert (file.lines_count, file.used_count, told) == (3, 2, [])


def test_columns_that_say_nothing_are_told() -> None:
    file, _, told = read('attributes,code,limitval\n"{""a"": 1}",aaa,1\n')
    assert (file.passed_over, told) == (["attributes"], [])


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("ab", "a code has 3 to 100 characters"),
        ("a" * 101, "a code has 3 to 100 characters"),
        ("a b c", "only visible characters"),
        ("abc\x01", "only visible characters"),
        ("abc\u200b", "only visible characters"),
        ("abc,def", "2 cells, where the header has 1"),
        ('"abc" def', "not CSV"),
    ],
)
def test_what_is_no_code_is_told(line: str, text: str) -> None:
    assert text in reason(line)


@pytest.mark.parametrize(
    ("column", "cell", "text"),
    [
        ("amount", "ten", "amount: 'ten' is not a number"),
        ("amount", "1_000", "amount: '1_000' is not a number"),
        ("amount", "0.001", "Amount must be a multiple of 0.01 USD"),
        ("amount", "0", "Amount above 0 or PercentOff is needed"),
        ("active_duration", "-1", "active_duration: '-1' is not a number of days"),
        ("active_duration", "9" * 5000, "ActiveDuration must be from 1"),
        ("start_date", "soon", "start_date: 'soon' is not a date"),
        ("coupon_type", "Gift", "coupon_type: 'Gift'"),
        ("currency_code", "XXX", "CurrencyCode 'XXX' is unknown"),
        ("is_reservation_mandatory", "maybe", "'maybe' is not true or false"),
        ("limitval", "0", "a coupon is redeemed once"),
        ("recipientintegrationid", "kim", "a coupon is claimed when it is there"),
    ],
)
def test_what_is_no_term_is_told(column: str, cell: str, text: str) -> None:
    assert text in reason(f"abc,{cell}", f"code,{column}")


def test_what_is_told_can_be_shown() -> None:
    _, _, [error] = read("code\n\x01\x02" + "a" * 200 + "\n")
    assert error.value == "\ufffd\ufffd" + "a" * 98


def test_a_broken_line_does_not_hide_the_next() -> None:
    _, coupons, told = read('code\n"aaa" x\nbbb\n"c\ndd"\neee\n')
    assert [it.code for it in coupons] == ["BBB", "EEE"]
    assert [error.line for error in told] == [2, 4]


@pytest.mark.parametrize(
    ("text", "details"),
    [
        ("", "no column code"),
        ("price\n", "unknown column 'price'"),
        ("start_date\n", "no column code"),
        ("code,value\n", "two columns for code"),
        ("code,startdate,start_date\n", "two columns for start_date"),
        ("code,class,class\n", "two columns for class"),
        ("code,\n", "unknown column ''"),
        ("code" + "x" * csv_import.LINE_LENGTH_MAX, "a line has more than"),
        ("code\n" + "x" * (csv_import.LINE_LENGTH_MAX + 1), "a line has more than"),
    ],
)
def test_what_is_no_list_of_coupons_is_refused(text: str, details: str) -> None:
    with pytest.raises(ServiceError) as refused:
        read(text)
    assert refused.value.row is errors.IMPORT_FILE_INVALID
    assert details in refused.value.details


def test_a_file_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_import, "LINES_COUNT_MAX", 2)
    assert len(read("code\naaa\nbbb\n")[1]) == 2
    with pytest.raises(ServiceError, match="more than 2 coupons"):
        read("code\naaa\nbbb\nccc\n")


def test_terms_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_import, "TERMS_COUNT_MAX", 2)
    _, coupons, [error] = read("code,amount\naaa,1\nbbb,2\nccc,3\nddd,1\n")
    assert [it.code for it in coupons] == ["AAA", "BBB", "DDD"]
    assert error == LineError(4, "ccc", "the file has more than 2 different terms")
