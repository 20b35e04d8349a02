"""The console's search for coupons: every path finds what the rules say, page by page."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from service.domain.deletion import DeletionFilters
from service.domain.error_rows import ErrorRow
from service.domain.errors import ENTITY_NOT_EXISTENT, NOT_AUTHORIZED, PAGING_INVALID
from service.domain.found_coupons import CouponKind, CouponSearch, CouponStage, FoundCoupon
from service.domain.listings import write_key
from service.domain.refusals import ServiceError
from service.domain.roles import COMMAND_LINE, Caller, Role
from service.operations.deletion_jobs import create_deletion_job
from service.operations.dispatch_coupons import dispatch_coupons
from service.operations.find_coupons import find_coupons
from service.operations.redeem_coupon import redeem_coupon
from service.operations.unique_codes import generate_unique_codes
from service.storage import coupon_finder, coupon_paths
from tests.operations.jobs import work
from tests.operations.simple_coupons import new_coupon
from tests.programme import START, Clock, Programme, member

EMAIL = "kim@example.com"


def pages(
    programme: Programme, size: int = 50, caller: Caller = COMMAND_LINE, **search: Any
) -> Iterator[list[FoundCoupon]]:
    after = None
    for _ in range(200):
        page = find_coupons(programme.call(caller), CouponSearch(**search), after, size)
        yield page.items
        assert page.is_cut_short == (page.after is not None and len(page.items) < size)
        after = page.after
        if after is None:
            return
    raise AssertionError("the pages do not end")


def found(programme: Programme, size: int = 50, **more: Any) -> list[str]:
    """The codes on all pages."""
    codes = [it.code for page in pages(programme, size, **more) for it in page]
    assert len(codes) == len(set(codes))
    return codes


class Scene:
    """Two classes of an owner: of the first, coupons of each stage."""

    def __init__(self, programme: Programme, clock: Clock) -> None:
        self.programme = programme
        self.owner = programme.customer()
        self.account = programme.account(self.owner)
        self.spring = programme.coupon_class(self.owner, pattern="SP-####")
        self.autumn = programme.coupon_class(
            self.owner, "Autumn", pattern="AU-####", end_date=START + timedelta(days=1)
        )
        self.codes = set(programme.mint(self.owner, count=12)) | set(
            programme.mint(self.owner, count=12)
        )
        self.ended = set(programme.mint(self.owner, "Autumn", count=6))
        dispatch_coupons(programme.call(), [EMAIL, "lee@example.com"], self.owner, "Spring")
        rows = programme.coupons(self.spring)
        self.sent = {row["code"] for row in rows if row["sent_at"] is not None}
        free = [row["code"] for row in rows if row["sent_at"] is None]
        self.claimed, self.redeemed = {free[0]}, set(free[1:4])
        programme.claim(free[0], self.account)
        for code in self.redeemed:
            redeem_coupon(programme.call(), self.account, code)
        self.deleted = set(free[4:6])
        for code in self.deleted:
            filters = DeletionFilters(value=code, exact_match=True)
            create_deletion_job(programme.call(), self.owner, None, filters)
            work(programme)
        self.unused = self.codes - self.sent - self.claimed - self.redeemed - self.deleted
        clock.move(days=2)

    @property
    def by_stage(self) -> dict[CouponStage, set[str]]:
        return {
            CouponStage.UNUSED: self.unused,
            CouponStage.DISPATCHED: self.sent,
            CouponStage.CLAIMED: self.claimed,
            CouponStage.REDEEMED: self.redeemed,
            CouponStage.EXPIRED: self.ended,
            CouponStage.DELETED: self.deleted,
        }


@pytest.fixture
def scene(programme: Programme, clock: Clock) -> Scene:
    return Scene(programme, clock)


@pytest.fixture(params=["patient", "impatient"])
def patience(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once as it is, once so that each page looks at three coupons only."""
    if request.param == "impatient":
        monkeypatch.setattr(coupon_finder, "PATIENCE_S", 0)
        monkeypatch.setattr(coupon_finder, "STRETCH_LENGTH_MIN", 3)
        monkeypatch.setattr(coupon_paths, "PARTS_COUNT_MAX", 1)


@pytest.mark.usefixtures("patience")
@pytest.mark.parametrize("size", [2, 50])
def test_every_stage_is_found_on_every_path(programme: Programme, scene: Scene, size: int) -> None:
    for stage, codes in scene.by_stage.items():
        class_id = scene.autumn if stage is CouponStage.EXPIRED else scene.spring
        start = "au-" if stage is CouponStage.EXPIRED else "sp-"
        for narrowed in ({}, {"class_id": class_id}, {"code_start": start}, {"code_part": "-"}):
            assert set(found(programme, size, stage=stage, **narrowed)) == codes, (stage, narrowed)
        shown = [it for page in pages(programme, stage=stage) for it in page]
        assert {it.stage for it in shown} == {stage}


@pytest.mark.usefixtures("patience")
def test_coupons_are_found_by_what_is_known_of_them(programme: Programme, scene: Scene) -> None:
    there = scene.codes - scene.deleted | scene.ended
    assert set(found(programme, 5, customer_id=scene.owner)) == there
    assert set(found(programme, class_id=scene.autumn)) == scene.ended
    assert found(programme, email="kim@EXAMPLE.com") == [
        row["code"] for row in programme.coupons(scene.spring) if row["sent_to_email"] == EMAIL
    ]
    assert set(found(programme, 1, account_id=scene.account)) == scene.claimed | scene.redeemed
    assert (
        set(found(programme, account_id=scene.account, stage=CouponStage.CLAIMED)) == scene.claimed
    )
    assert found(programme, account_id=scene.account, code_start=min(scene.redeemed)) == [
        min(scene.redeemed)
    ]
    some = min(scene.codes)
    assert found(programme, code=f" {some.lower()} ") == [some]
    assert found(programme, code_start=some[:-1])[0] == some
    assert set(found(programme, code_part=some[4:6])) >= {some}
    assert found(programme, code_part="%") == found(programme, code="\0x") == []
    assert found(programme, email="nobody") == found(programme, code="SP-") == []


def test_a_coupon_is_shown_with_who_has_it(programme: Programme, scene: Scene) -> None:
    (page,) = pages(programme, code=min(scene.redeemed))
    (shown,) = page
    assert (shown.kind, shown.name, shown.class_id) == (CouponKind.CLASS, "Spring", scene.spring)
    assert (shown.account_id, shown.redeemed_at) == (scene.account, START)
    assert (shown.balance, shown.currency_code) == (Decimal(50), "USD")
    stranger = programme.account(programme.customer())
    code = min(scene.unused)
    redeem_coupon(programme.call(), stranger, code)
    (page,) = pages(programme, caller=member(scene.owner, Role.READ_ONLY), code=code)
    assert (page[0].account_id, page[0].stage) == (None, CouponStage.REDEEMED)


def test_codes_that_discount_bills_are_found(programme: Programme, owner: int) -> None:
    new_coupon(programme, owner, coupon_code="SUMMER")
    (unique,) = generate_unique_codes(programme.call(), "SUMMER", 1)
    for caller in (COMMAND_LINE, member(owner)):
        shown = {it.code: it for page in pages(programme, 50, caller, email="x") for it in page}
        assert shown == {}
        shown = {it.code: it for page in pages(programme, 50, caller, code="summer") for it in page}
        assert (shown["SUMMER"].kind, shown["SUMMER"].customer_id) == (CouponKind.PARENT, owner)
        (page,) = pages(programme, 50, caller, code=unique)
        assert (page[0].kind, page[0].name, page[0].stage) == (CouponKind.UNIQUE, "Summer", None)
    assert found(programme, 50, caller=member(programme.customer()), code="SUMMER") == []


def test_coupons_of_others_are_not_found(programme: Programme, scene: Scene) -> None:
    stranger = member(programme.customer())
    for search in ({}, {"code_start": "S"}, {"email": EMAIL}, {"stage": CouponStage.REDEEMED}):
        assert found(programme, 50, caller=stranger, **search) == []
    refused: list[tuple[dict[str, Any], Caller, ErrorRow]] = [
        ({"customer_id": scene.owner}, stranger, NOT_AUTHORIZED),
        ({"class_id": scene.spring}, stranger, NOT_AUTHORIZED),
        ({"account_id": scene.account}, stranger, NOT_AUTHORIZED),
        ({"class_id": 2**70}, stranger, NOT_AUTHORIZED),
        ({"class_id": 9999}, COMMAND_LINE, ENTITY_NOT_EXISTENT),
        ({"account_id": 2**70}, COMMAND_LINE, ENTITY_NOT_EXISTENT),
    ]
    for search, caller, row in refused:
        with pytest.raises(ServiceError) as refusal:
            find_coupons(programme.call(caller), CouponSearch(**search))
        assert refusal.value.row is row


@pytest.mark.parametrize(
    "after",
    ["x", "!", write_key("a"), write_key(1), write_key(1, 2, 3), write_key(1, 2**64), "W1td"],
)
def test_a_place_that_is_none_is_refused(programme: Programme, after: str) -> None:
    with pytest.raises(ServiceError) as refusal:
        find_coupons(programme.call(), CouponSearch(), after)
    assert refusal.value.row is PAGING_INVALID


@pytest.mark.parametrize("size", [0, 201])
def test_a_size_that_no_page_has_is_refused(programme: Programme, size: int) -> None:
    with pytest.raises(ServiceError) as refusal:
        find_coupons(programme.call(), CouponSearch(), None, size)
    assert refusal.value.row is PAGING_INVALID
