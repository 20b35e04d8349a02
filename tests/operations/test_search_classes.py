"""SearchCouponClasses: which classes, in which order, a page at a time."""

from dataclasses import replace
from typing import Any

import pytest

from service.domain.errors import NOT_AUTHORIZED, PAGING_INVALID
from service.domain.pages import Page, PageWanted
from service.domain.programmes import CouponClass
from service.domain.roles import Role
from service.domain.terms import CouponType
from service.operations.classes import retire_class, show_class, update_class
from service.operations.search_classes import ClassQuery, search_coupon_classes
from tests.operations.traces import refusal
from tests.programme import Programme, member

NAMES = [
    "100% off",
    "1000 off",
    "Autumn",
    "Caf\u00e9",
    "STRASSE",
    "Spring",
    "stra\u00dfe",
    "\u00c9t\u00e9",
]


@pytest.fixture
def stocked(programme: Programme, owner: int) -> Programme:
    """A programme with many classes, and some of another customer."""
    for name in reversed(NAMES):
        programme.coupon_class(owner, name)
    for name in ("Spring", "Winter"):
        programme.coupon_class(programme.customer(), name)
    return programme


def search(
    programme: Programme, owner: int, *, index: int = 0, size: int = 100, **wanted: Any
) -> Page[CouponClass]:
    query = ClassQuery(customer_id=owner, **wanted)
    return search_coupon_classes(programme.call(), query, PageWanted(index, size))


def names(page: Page[CouponClass]) -> list[str]:
    return [it.name for it in page.items]


def test_all_classes_come_by_name(stocked: Programme, owner: int) -> None:
    page = search(stocked, owner)
    assert names(page) == NAMES
    assert not page.has_more
    assert page.items[5] == show_class(stocked.call(), owner, "Spring")


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("spring", ["Spring"]),
        ("PR", ["Spring"]),
        ("in", ["Spring"]),
        (" um", ["Autumn"]),
        ("\u00e9", ["Caf\u00e9", "\u00c9t\u00e9"]),
        ("\u00c9", ["Caf\u00e9", "\u00c9t\u00e9"]),
        ("E\u0301T", ["\u00c9t\u00e9"]),
        ("Stra\u00dfe", ["STRASSE", "stra\u00dfe"]),
        ("strasse", ["STRASSE", "stra\u00dfe"]),
        # What databases take for a pattern stands for itself.
        ("%", ["100% off"]),
        ("100_", []),
        ("Winter", []),
        ("", NAMES),
        (" ", NAMES),
    ],
)
def test_a_part_of_the_name_is_enough(
    stocked: Programme, owner: int, part: str, expected: list[str]
) -> None:
    assert names(search(stocked, owner, name=part)) == expected


@pytest.mark.parametrize("part", [None, "a", "f"])
def test_pages_follow_one_another(stocked: Programme, owner: int, part: str | None) -> None:
    whole = names(search(stocked, owner, name=part))
    for size in range(1, len(whole) + 2):
        found: list[str] = []
        for index in range(len(whole) + 1):
            page = search(stocked, owner, name=part, index=index, size=size)
            found += names(page)
            assert page.has_more is (len(found) < len(whole)), (size, index)
        assert found == whole


@pytest.mark.parametrize("part", [None, "a"])
def test_a_page_follows_the_name_that_ended_another(
    stocked: Programme, owner: int, part: str | None
) -> None:
    whole = names(search(stocked, owner, name=part))
    for size in (1, 2, len(whole)):
        found: list[str] = []
        for _ in range(len(whole) + 1):
            after = found[-1] if found else None
            page = search(stocked, owner, name=part, after=after, size=size)
            found += names(page)
            assert page.has_more is (len(found) < len(whole))
        assert found == whole


def test_each_filter_holds_alone_and_with_the_others(programme: Programme, owner: int) -> None:
    acquisition = {"coupon_type": CouponType.ACQUISITION}
    programme.coupon_class(owner, "plain")
    programme.coupon_class(owner, "new", **acquisition)
    programme.coupon_class(owner, "feature", feature_id=7)
    programme.coupon_class(owner, "new feature", feature_id=7, **acquisition)
    retire_class(programme.call(), owner, "new feature")
    for wanted, expected in (
        (acquisition, ["new", "new feature"]),
        ({"coupon_type": CouponType.RETENTION}, ["feature", "plain"]),
        ({"feature_id": 7}, ["feature", "new feature"]),
        ({"feature_id": 0}, []),
        ({"feature_id": 2**31}, []),
        ({"is_retired": True}, ["new feature"]),
        ({"is_retired": False}, ["feature", "new", "plain"]),
        ({**acquisition, "is_retired": False}, ["new"]),
        ({**acquisition, "is_retired": False, "feature_id": 7}, []),
        ({"name": "NEW", "feature_id": 7}, ["new feature"]),
    ):
        assert names(search(programme, owner, **wanted)) == expected, wanted


def test_a_class_is_found_by_the_terms_that_it_has_now(programme: Programme, owner: int) -> None:
    programme.coupon_class(owner)
    update_class(
        programme.call(),
        owner,
        "Spring",
        lambda old: replace(old, coupon_type=CouponType.ACQUISITION),
    )
    assert names(search(programme, owner, coupon_type=CouponType.RETENTION)) == []
    assert names(search(programme, owner, coupon_type=CouponType.ACQUISITION)) == ["Spring"]


@pytest.mark.parametrize(
    "page", [{"index": -1}, {"size": 0}, {"size": -1}, {"size": 1001}], ids=str
)
def test_what_is_no_page_is_refused(programme: Programme, owner: int, page: Any) -> None:
    assert refusal(programme, lambda: search(programme, owner, **page)) is PAGING_INVALID


@pytest.mark.parametrize("page", [{"size": 1000}, {"index": 2**31 - 1, "size": 1000}], ids=str)
def test_the_bounds_of_a_page_are_accepted(programme: Programme, owner: int, page: Any) -> None:
    assert search(programme, owner, **page) == Page([], has_more=False)


def test_rights_decide(programme: Programme, owner: int) -> None:
    query = ClassQuery(customer_id=owner)
    stranger = programme.call(member(programme.customer()))
    row = refusal(programme, lambda: search_coupon_classes(stranger, query, PageWanted()))
    assert row is NOT_AUTHORIZED
    reader = programme.call(member(owner, Role.READ_ONLY))
    assert search_coupon_classes(reader, query, PageWanted()).items == []
