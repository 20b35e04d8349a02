"""Imports: all coupons of a file or none, and none before the last one is there."""

import csv
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from typing import Any

import pytest

from service.domain import errors
from service.domain.csv_cells import protected
from service.domain.csv_import import LineError
from service.domain.error_rows import ErrorRow
from service.domain.refusals import ServiceError
from service.domain.roles import COMMAND_LINE, Caller, Role
from service.domain.search import Paging, Predicate, SearchRequest
from service.operations import import_coupons as importing
from service.operations import write_import
from service.operations.check_database import check_database
from service.operations.classes import retire_class, show_class
from service.operations.export_coupons import export_coupons
from service.operations.import_coupons import (
    CHECKING,
    ERRORS_COUNT_MAX,
    WRITING,
    ImportReport,
    import_coupons,
)
from service.operations.redeem_coupon import redeem_coupon
from service.operations.search_coupons import search_coupons
from service.operations.write_import import PLACING
from service.storage.engine import Database
from service.storage.tables import (
    audit,
    coupon,
    coupon_batch,
    coupon_place,
    coupon_terms,
    unfinished_import,
)
from service.storage.watching import Watch, nobody_watches
from tests.databases import Databases
from tests.programme import START, Programme, member, utc

TABLES = (audit, coupon, coupon_batch, coupon_place, unfinished_import)

FULL_WIDTH_NEW = "\uff2e\uff25\uff37"


@pytest.fixture
def spring(programme: Programme, owner: int) -> int:
    """A class without coupons."""
    return programme.coupon_class(owner)


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of three coupons and places."""
    monkeypatch.setattr(importing, "CHUNK_LENGTH", 3)
    monkeypatch.setattr(write_import, "CHUNK_LENGTH", 3)
    monkeypatch.setattr(write_import, "PLACES_LENGTH", 3)


def file_of(*codes: str) -> str:
    return "\n".join(["code", *codes, ""])


def do_import(
    programme: Programme,
    owner: int,
    text: str,
    *,
    name: str = "Spring",
    caller: Caller = COMMAND_LINE,
    skip_duplicates: bool = False,
    watch: Watch = nobody_watches,
) -> ImportReport:
    def open_lines() -> Iterator[str]:
        return iter(text.splitlines(keepends=True))

    call = programme.call(caller)
    return import_coupons(
        call, owner, name, open_lines, skip_duplicates=skip_duplicates, watch=watch
    )


def at(step: str, action: Callable[[], object], done_count: int | None = None) -> Watch:
    """Does something once, when an import has come to a step."""
    is_done: list[bool] = []

    def watch(found: str, done: int, _all: int) -> None:
        if found == step and done_count in {None, done} and not is_done:
            is_done.append(True)
            action()

    return watch


def state(programme: Programme) -> list[Any]:
    return [programme.rows(table) for table in TABLES]


def require_sound(programme: Programme) -> None:
    assert check_database(programme.call()).breaches == []


def found_codes(programme: Programme, owner: int) -> list[str]:
    request = SearchRequest([Predicate("CustomerId", "Equals", str(owner))], [], Paging(0, 100))
    return [it.coupon_code for it in search_coupons(programme.call(), request)]


@contextmanager
def elsewhere(databases: Databases) -> Iterator[Programme]:
    """A programme on another database."""
    with closing(Database(databases.new())) as database:
        yield Programme(database)


def rows_of(text: str) -> dict[str, dict[str, str]]:
    """The rows of an export by their code, without what is of the class and the batch."""
    rows = list(csv.DictReader(text.splitlines()))
    return {row.pop("code"): row for row in rows if row.pop("class") and row.pop("batch_id")}


def test_every_code_is_a_coupon(programme: Programme, owner: int, spring: int) -> None:
    codes = [f"PAPER-{number:02}" for number in range(50)]
    report = do_import(programme, owner, file_of(*codes))
    assert report == ImportReport(
        batch_id=1,
        lines_count=50,
        created_count=50,
        skipped_count=0,
        used_count=0,
        errors_count=0,
        errors=[],
        passed_over_columns=[],
    )
    found = found_codes(programme, owner)
    assert sorted(found) == codes
    # One in 50! orders is that of the file.
    assert found != codes
    assert show_class(programme.call(), owner, "Spring").coupons_count == 50
    assert redeem_coupon(programme.call(), programme.account(owner), " paper-07") == START
    require_sound(programme)


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("count", [1, 2, 3, 4, 10])
def test_chunks_make_one_batch(programme: Programme, owner: int, spring: int, count: int) -> None:
    codes = [f"{'LONG' * (number % 2)}CODE{number}" for number in range(count)]
    assert do_import(programme, owner, file_of(*codes)).created_count == count
    assert {row["batch_id"] for row in programme.coupons(spring)} == {1}
    assert sorted(found_codes(programme, owner)) == sorted(codes)
    require_sound(programme)


def test_letters_of_any_script(programme: Programme, owner: int, spring: int) -> None:
    report = do_import(programme, owner, file_of("Übung", "ABC", "жду", "'=A+1"))
    assert report.created_count == 4
    assert sorted(found_codes(programme, owner)) == ["=A+1", "ABC", "ÜBUNG", "ЖДУ"]
    assert redeem_coupon(programme.call(), programme.account(owner), "übung") == START
    require_sound(programme)


def test_the_audit_log_tells(programme: Programme, owner: int, spring: int) -> None:
    do_import(programme, owner, file_of("AAA", "BBB"))
    entry = programme.rows(audit)[-1]
    assert (entry["action"], entry["entity"], entry["entity_id"]) == ("import", "coupon_batch", 1)
    assert entry["after"] == {"class_id": spring, "created_count": 2}


def test_lines_tell_terms_of_their_own(programme: Programme, owner: int, spring: int) -> None:
    text = "code,start_date,amount\nAAA,2026-01-01,50\nBBB,,50\nCCC,2026-01-01,7\nDDD,,50\n"
    assert do_import(programme, owner, text).created_count == 4
    terms = {row["terms_id"]: row for row in programme.rows(coupon_terms)}
    found = {
        row["code"]: (terms[row["terms_id"]]["start_date"], terms[row["terms_id"]]["amount"])
        for row in programme.coupons(spring)
    }
    start = utc(2026, 1, 1)
    assert found == {"AAA": (start, 50), "BBB": (None, 50), "CCC": (start, 7), "DDD": (None, 50)}
    # Those of the class are there already.
    assert len(terms) == 3
    (batch,) = programme.rows(coupon_batch)
    assert not batch["has_one_start"]
    require_sound(programme)


def test_one_start_is_the_start_of_the_batch(programme: Programme, owner: int, spring: int) -> None:
    do_import(programme, owner, "code,startdate\nAAA,2026-01-01\nBBB,2026-01-01\n")
    (batch,) = programme.rows(coupon_batch)
    assert (batch["start_date"], batch["has_one_start"]) == (utc(2026, 1, 1), True)


def test_nothing_is_made_when_a_line_is_wrong(
    programme: Programme, owner: int, spring: int
) -> None:
    before = state(programme)
    report = do_import(programme, owner, file_of("AAA", "B B", "CCC"))
    assert (report.batch_id, report.lines_count, report.created_count) == (None, 3, 0)
    assert report.errors == [LineError(3, "B B", "a code has only visible characters")]
    assert state(programme) == before


def test_duplicates_are_told(programme: Programme, owner: int, spring: int) -> None:
    do_import(programme, owner, file_of("OLD"))
    report = do_import(programme, owner, file_of("new", FULL_WIDTH_NEW, "old", "NEW"))
    assert report.errors == [
        LineError(3, "NEW", "line 2 has the same code"),
        LineError(4, "OLD", "a coupon has this code"),
        LineError(5, "NEW", "line 2 has the same code"),
    ]
    assert (report.errors_count, report.skipped_count) == (3, 0)
    assert found_codes(programme, owner) == ["OLD"]


def test_duplicates_are_passed_over(programme: Programme, owner: int, spring: int) -> None:
    do_import(programme, owner, file_of("OLD"))
    text = file_of("new", FULL_WIDTH_NEW, "old", "NEW")
    report = do_import(programme, owner, text, skip_duplicates=True)
    assert (report.created_count, report.skipped_count, report.errors_count) == (1, 3, 0)
    again = do_import(programme, owner, text, skip_duplicates=True)
    assert (again.batch_id, again.created_count, again.skipped_count) == (None, 0, 4)
    assert found_codes(programme, owner) == ["OLD", "NEW"]
    require_sound(programme)


def test_what_is_no_duplicate_is_told_all_the_same(
    programme: Programme, owner: int, spring: int
) -> None:
    text = file_of("AAA", "AAA", "B")
    report = do_import(programme, owner, text, skip_duplicates=True)
    assert [error.line for error in report.errors] == [4]
    assert programme.rows(coupon) == []


def test_minted_and_deleted_codes_are_taken(programme: Programme, owner: int, spring: int) -> None:
    minted, deleted = programme.mint(owner, count=2)
    programme.change(coupon, coupon.c.code == deleted, deleted_at=START, seq=None)
    report = do_import(programme, owner, file_of(minted, deleted))
    assert [error.value for error in report.errors] == [minted, deleted]


def test_the_first_errors_are_told_by_line(programme: Programme, owner: int, spring: int) -> None:
    codes = [f"A {number}" if number % 2 else f"B{number:03}" for number in range(300)]
    do_import(programme, owner, file_of(*codes[::2]))
    report = do_import(programme, owner, file_of(*codes))
    assert report.errors_count == 300
    assert [error.line for error in report.errors] == list(range(2, 2 + ERRORS_COUNT_MAX))


def test_an_export_is_taken_unchanged(
    programme: Programme, owner: int, databases: Databases, account: int
) -> None:
    programme.coupon_class(
        owner, "=Sum", pattern="=####", percent_off=Decimal(20), end_date=utc(2027, 1, 1)
    )
    codes = programme.mint(owner, "=Sum", 3)
    redeem_coupon(programme.call(), account, codes[0])
    text = "".join(export_coupons(programme.call(), owner))
    with elsewhere(databases) as other:
        mine = other.customer()
        other.coupon_class(mine)
        report = do_import(other, mine, text)
        assert (report.created_count, report.used_count, report.errors_count) == (2, 1, 0)
        assert sorted(found_codes(other, mine)) == codes[1:]
        again = "".join(export_coupons(other.call(), mine))
    exported = rows_of(text)
    assert exported.pop(protected(codes[0]))["redeemed_at"] != ""
    assert rows_of(again) == exported


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize(
    ("step", "done"), [(CHECKING, 5), (WRITING, 3), (WRITING, 5), (PLACING, 3)]
)
def test_who_is_interrupted_leaves_nothing(
    programme: Programme, owner: int, spring: int, step: str, done: int
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    before = state(programme)
    text = file_of("AAA", "BBB", "CCC", "DDD", "EEE")
    with pytest.raises(KeyboardInterrupt):
        do_import(programme, owner, text, watch=at(step, interrupt, done))
    assert state(programme) == before


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("step", [CHECKING, WRITING, PLACING])
def test_a_class_that_is_retired_meanwhile_gets_nothing(
    programme: Programme, owner: int, spring: int, step: str
) -> None:
    def retire() -> None:
        retire_class(programme.call(), owner, "Spring")

    text = file_of("AAA", "BBB", "CCC", "DDD")
    with pytest.raises(ServiceError) as refused:
        do_import(programme, owner, text, watch=at(step, retire))
    assert refused.value.row is errors.COUPON_CLASS_RETIRED
    assert [programme.rows(table) for table in TABLES[1:]] == [[], [], [], []]


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("step", [CHECKING, WRITING, PLACING])
def test_before_the_end_nobody_sees_a_coupon(
    programme: Programme, owner: int, spring: int, account: int, step: str
) -> None:
    seen: list[object] = []

    def look() -> None:
        require_sound(programme)
        seen.append(found_codes(programme, owner))
        seen.append(list(export_coupons(programme.call(), owner, codes_only=True)))
        with pytest.raises(ServiceError) as refused:
            redeem_coupon(programme.call(), account, "AAA")
        seen.append(refused.value.row)

    do_import(programme, owner, file_of("AAA", "BBB", "CCC", "DDD"), watch=at(step, look))
    assert seen == [[], ["code\n"], errors.COUPON_NOT_FOUND]
    redeem_coupon(programme.call(), account, "AAA")


@pytest.mark.usefixtures("small_chunks")
def test_codes_that_are_taken_meanwhile_are_told(
    programme: Programme, owner: int, spring: int
) -> None:
    def mint() -> None:
        do_import(programme, owner, file_of("BBB", "EEE"))

    text = file_of("EEE", "AAA", "DDD", "BBB", "CCC")
    report = do_import(programme, owner, text, watch=at(CHECKING, mint, 5))
    assert report.errors == [LineError(5, "BBB", "a coupon has this code")]
    assert sorted(found_codes(programme, owner)) == ["BBB", "EEE"]
    require_sound(programme)


@pytest.mark.usefixtures("small_chunks")
def test_codes_that_are_taken_meanwhile_are_passed_over(
    programme: Programme, owner: int, spring: int
) -> None:
    def mint() -> None:
        do_import(programme, owner, file_of("BBB", "EEE", "ÜÜÜ"))

    codes = ["EEE", "AAA", "DDD", "BBB", "CCC", "ÜÜÜ", "ÄÄÄ"]
    report = do_import(
        programme, owner, file_of(*codes), skip_duplicates=True, watch=at(CHECKING, mint, 7)
    )
    assert (report.created_count, report.skipped_count) == (4, 3)
    assert sorted(found_codes(programme, owner)) == sorted(codes)
    require_sound(programme)


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("step", [WRITING, PLACING])
def test_of_two_imports_at_once_the_later_one_makes_the_coupons(
    programme: Programme, owner: int, spring: int, step: str
) -> None:
    text = file_of("AAA", "BBB", "CCC", "DDD")
    later: list[ImportReport] = []

    def begin() -> None:
        later.append(do_import(programme, owner, text))

    with pytest.raises(ServiceError) as refused:
        do_import(programme, owner, text, watch=at(step, begin))
    assert refused.value.row is errors.IMPORT_REPLACED
    assert later[0].created_count == 4
    assert sorted(found_codes(programme, owner)) == ["AAA", "BBB", "CCC", "DDD"]
    assert programme.rows(unfinished_import) == []
    require_sound(programme)


@pytest.mark.usefixtures("small_chunks")
def test_two_imports_of_other_codes_do_not_meet(
    programme: Programme, owner: int, spring: int
) -> None:
    def begin() -> None:
        do_import(programme, owner, file_of("EEE"))

    do_import(programme, owner, file_of("AAA", "BBB", "CCC", "DDD"), watch=at(WRITING, begin))
    assert sorted(found_codes(programme, owner)) == ["AAA", "BBB", "CCC", "DDD", "EEE"]
    require_sound(programme)


@pytest.mark.parametrize(
    ("name", "caller", "row"),
    [
        ("Spring", member(1, Role.READ_ONLY), errors.NOT_AUTHORIZED),
        ("Spring", member(2), errors.NOT_AUTHORIZED),
        ("Summer", COMMAND_LINE, errors.COUPON_CLASS_NOT_FOUND),
    ],
)
@pytest.mark.usefixtures("spring")
def test_who_may_not_is_refused(
    programme: Programme, owner: int, name: str, caller: Caller, row: ErrorRow
) -> None:
    with pytest.raises(ServiceError) as refused:
        do_import(programme, owner, file_of("AAA"), name=name, caller=caller)
    assert refused.value.row is row
    assert programme.rows(coupon) == []
