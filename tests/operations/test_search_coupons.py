"""SearchCoupons: the right coupons, in the right order, page by page."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import cycle, product
from typing import Any

import pytest
from sqlalchemy import event

from service.domain.coupons import Coupon, CouponClaimInfo, CouponRedemption
from service.domain.errors import NOT_AUTHORIZED, PAGING_INVALID
from service.domain.instants import NO_END
from service.domain.refusals import ServiceError
from service.domain.roles import COMMAND_LINE, Caller, Role
from service.domain.search import OrderBy, Paging, Predicate, SearchRequest
from service.operations.classes import update_class
from service.operations.dispatch_coupons import dispatch_coupons
from service.operations.redeem_coupon import redeem_coupon
from service.operations.search_coupons import search_coupons
from service.storage.engine import Database
from service.storage.party_tables import account
from service.storage.schema import upgrade
from service.storage.tables import coupon, coupon_class, coupon_terms, redemption
from tests.programme import START, Programme, member, terms, utc


def search(
    programme: Programme,
    customer_id: int,
    *predicates: Predicate,
    caller: Caller = COMMAND_LINE,
    **request: Any,
) -> tuple[Coupon, ...]:
    """Search a customer's coupons; without a page, the first hundred."""
    owner = Predicate("CustomerId", "Equals", str(customer_id))
    request.setdefault("page_info", Paging(0, 100))
    whole = SearchRequest(predicates=[owner, *predicates], **request)
    return search_coupons(programme.call(caller), whole)


def test_a_coupon_is_shown_whole(programme: Programme, owner: int, account: int) -> None:
    programme.coupon_class(
        owner,
        percent_off=Decimal("12.5"),
        spend_threshold=Decimal(25),
        active_duration=30,
        start_date=START - timedelta(days=1),
        end_date=START + timedelta(days=1),
        expiration_date=START + timedelta(days=60),
    )
    (code,) = programme.mint(owner)
    dispatch_coupons(programme.call(), ["kim@example.com"], owner, "Spring")
    programme.claim(code, account)
    redeem_coupon(programme.call(), account, code)
    (found,) = search(programme, owner, return_additional_fields=["CouponClaimInfo"])
    number = "X0000002"
    assert found == Coupon(
        coupon_code=code,
        class_name="Spring",
        coupon_type="Retention",
        amount=Decimal(50),
        spend_threshold=Decimal(25),
        currency_code="USD",
        percent_off=Decimal("12.5"),
        active_duration=30,
        expiration_date=START + timedelta(days=60),
        start_date=START - timedelta(days=1),
        end_date=START + timedelta(days=1),
        send_to_email="kim@example.com",
        send_to_date=START,
        is_redeemed=True,
        redemption_info=CouponRedemption(
            account_id=account,
            account_number=number,
            spend_to_threshold=Decimal(0),
            balance=Decimal(50),
            currency_code="USD",
            redemption_date=START,
            expiration_date=START + timedelta(days=30),
            activation_date=None,
        ),
        claim_info=CouponClaimInfo(account, number, START),
    )


def test_an_unused_coupon_says_nothing_of_its_use(programme: Programme, owner: int) -> None:
    programme.coupon(owner)
    (found,) = search(programme, owner, return_additional_fields=["CouponClaimInfo"])
    assert not found.is_redeemed
    assert (found.redemption_info, found.claim_info) == (None, None)
    assert (found.send_to_email, found.send_to_date, found.percent_off) == (None, None, None)


def test_who_redeemed_is_told_only_of_accounts_that_bill_to_the_owner(
    programme: Programme, owner: int, account: int
) -> None:
    code, foreign_code = programme.coupon(owner), programme.coupon(owner)
    redeem_coupon(programme.call(), account, code)
    redeem_coupon(programme.call(), programme.account(programme.customer()), foreign_code)
    found = {it.coupon_code: it for it in search(programme, owner, caller=member(owner))}
    assert found[code].is_redeemed
    assert found[foreign_code].is_redeemed
    info = found[code].redemption_info
    assert info is not None
    assert (info.account_id, info.expiration_date) == (account, NO_END)
    assert found[foreign_code].redemption_info is None


def test_claims_are_told_on_request(programme: Programme, owner: int, account: int) -> None:
    programme.claim(programme.coupon(owner), account)
    for fields in (None, [], ["TaxCertificate"]):
        (found,) = search(programme, owner, return_additional_fields=fields)
        assert found.claim_info is None
    (found,) = search(programme, owner, return_additional_fields=["CouponClaimInfo"])
    assert found.claim_info == CouponClaimInfo(account, "X0000002", START)


def test_a_customer_without_coupons_has_an_empty_page(programme: Programme, owner: int) -> None:
    assert search(programme, owner) == ()
    programme.coupon_class(owner)
    assert search(programme, owner) == ()
    assert search(programme, 1000) == ()


@pytest.mark.parametrize("role", [Role.SUPER_ADMIN, Role.STANDARD, Role.READ_ONLY])
def test_everybody_who_belongs_to_the_owner_may_search(
    programme: Programme, owner: int, role: Role
) -> None:
    code = programme.coupon(owner)
    assert [it.coupon_code for it in search(programme, owner, caller=member(owner, role))] == [code]


def test_a_foreign_customer_looks_like_an_unknown_one(programme: Programme, owner: int) -> None:
    programme.coupon(owner)
    stranger = member(programme.customer())
    for customer_id in (owner, 1000):
        with pytest.raises(ServiceError) as error:
            search(programme, customer_id, caller=stranger)
        assert error.value.row is NOT_AUTHORIZED
        assert error.value.details == f"customer {customer_id}"


def test_a_request_is_checked_before_rights(programme: Programme, owner: int) -> None:
    with pytest.raises(ServiceError) as error:
        search(programme, owner, caller=member(1000), page_info=None)
    assert error.value.row is PAGING_INVALID


# Every search of a large programme, against a slow and obvious model of it.

OWNER, OTHER = 1, 2
DAYS = [None, utc(2026, 3, 1) - timedelta(microseconds=1), utc(2026, 3, 1), utc(2026, 4, 1)]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Programme]:
    """Two customers, classes of several sizes and terms, coupons in every state."""
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('search') / 'large.db'}")
    upgrade(database)
    programme = Programme(database)
    chance = random.Random(20260301)
    customers = [programme.customer(), programme.customer()]
    assert customers == [OWNER, OTHER]
    accounts = [programme.account(customer_id) for customer_id in customers * 2]
    names = ["Spring", "\u00c9t\u00e9", "autumn", "Winter", "Never minted"]
    chance.shuffle(names)
    days = cycle(DAYS)
    for name in names:
        programme.coupon_class(OWNER, name, pattern="########")
    programme.coupon_class(OTHER, "Spring", pattern="########")
    programme.mint(OTHER, count=20)
    for name in names:
        for count in (7, 13, 11) if name != "Never minted" else ():
            new = terms(start_date=next(days), amount=Decimal(chance.randint(1, 99)))
            update_class(programme.call(), OWNER, name, lambda _: new)  # noqa: B023
            programme.mint(OWNER, name, count)
    programme.clock.move(days=60)
    for row in chance.sample(programme.rows(coupon), 90):
        if chance.random() < 0.5:
            programme.claim(row["code"], account_id := chance.choice(accounts))
        else:
            account_id = chance.choice(accounts)
        if chance.random() < 0.7:
            redeem_coupon(programme.call(), account_id, row["code"])
    yield programme
    database.close()


@pytest.fixture(scope="module")
def model(large: Programme) -> list[dict[str, Any]]:
    """Every coupon of the owner, with all that searches look at, in the default order."""
    classes = {row["class_id"]: row for row in large.rows(coupon_class)}
    all_terms = {row["terms_id"]: row for row in large.rows(coupon_terms)}
    accounts = {row["account_id"]: row for row in large.rows(account)}
    redeemers = {row["coupon_id"]: row["account_id"] for row in large.rows(redemption)}
    rows = []
    for row in large.rows(coupon):
        owned_by = classes[row["class_id"]]
        redeemer = accounts.get(redeemers.get(row["coupon_id"]))
        is_at_home = redeemer is not None and redeemer["customer_id"] == OWNER
        if owned_by["customer_id"] == OWNER:
            facts = {
                "class_name": owned_by["name"],
                "start_date": all_terms[row["terms_id"]]["start_date"],
                "amount": all_terms[row["terms_id"]]["amount"],
                "is_redeemed": redeemer is not None,
                "shown_redeemer": redeemer["account_id"] if redeemer and is_at_home else None,
            }
            rows.append({**row, **facts})
    return sorted(rows, key=lambda row: (row["class_name"], row["batch_id"], row["seq"]))


def expected_of(
    model: list[dict[str, Any]],
    class_name: str | None,
    is_redeemed: bool | None,
    starts_from: datetime | None,
    ordering: OrderBy | None,
) -> list[dict[str, Any]]:
    """The model's answer: filter, then sort; sorting in Python is stable, ties keep their order."""
    rows = [
        row
        for row in model
        if class_name in {None, row["class_name"]}
        and is_redeemed in {None, row["is_redeemed"]}
        and (
            starts_from is None
            or (row["start_date"] is not None and row["start_date"] >= starts_from)
        )
    ]
    if ordering is None:
        return rows
    turned = ordering.order == "Descending"
    if ordering.field == "CouponClassName":
        return sorted(rows, key=lambda row: str(row["class_name"]), reverse=turned)
    return sorted(
        rows,
        key=lambda row: (row["start_date"] is not None, row["start_date"] or START),
        reverse=turned,
    )


def shown(found: Coupon) -> tuple[Any, ...]:
    info = found.redemption_info
    claim = found.claim_info
    return (
        found.coupon_code,
        found.class_name,
        found.start_date,
        found.amount,
        found.is_redeemed,
        info and info.account_id,
        claim and claim.account_id,
    )


def row_shown(row: dict[str, Any]) -> tuple[Any, ...]:
    names = ("code", "class_name", "start_date", "amount", "is_redeemed", "shown_redeemer")
    return (*(row[name] for name in names), row["claimed_account_id"])


ORDERINGS = [
    None,
    *(
        OrderBy(field, order)
        for field in ("CouponClassName", "CouponStartDate")
        for order in ("Ascending", "Descending")
    ),
]
CLASS_NAMES = [None, "Spring", "\u00c9t\u00e9", "Never minted", "Unknown"]
STARTS = [None, "2026-03-01", "2026-03-02T23:59:59Z", "2027-01-01"]


def predicates_of(
    class_name: str | None, is_redeemed: bool | None, starts_from: str | None
) -> list[Predicate]:
    return [
        Predicate(field, operator, value)
        for field, operator, value in (
            ("CouponClassName", "Equals", class_name),
            ("IsRedeemed", "Equals", None if is_redeemed is None else str(is_redeemed)),
            ("StartDate", "GreaterThanEquals", starts_from),
        )
        if value is not None
    ]


@pytest.mark.parametrize("ordering", ORDERINGS, ids=lambda it: it and f"{it.field} {it.order}")
@pytest.mark.parametrize("class_name", CLASS_NAMES)
def test_every_search_answers_the_pages_of_the_model(
    large: Programme,
    model: list[dict[str, Any]],
    class_name: str | None,
    ordering: OrderBy | None,
) -> None:
    for is_redeemed, start in product((None, True, False), STARTS):
        starts_from = datetime.fromisoformat(start[:10] + "T00:00:00+00:00") if start else None
        expected = expected_of(model, class_name, is_redeemed, starts_from, ordering)
        for size in (7, 100):
            for index in range(len(expected) // size + 2):
                page = search(
                    large,
                    OWNER,
                    *predicates_of(class_name, is_redeemed, start),
                    ordering=[ordering] if ordering else None,
                    page_info=Paging(index, size),
                    return_additional_fields=["CouponClaimInfo"],
                )
                wanted = expected[index * size : (index + 1) * size]
                assert [shown(it) for it in page] == [row_shown(row) for row in wanted]


def test_the_model_has_coupons_of_every_kind(model: list[dict[str, Any]]) -> None:
    assert len(model) == 4 * 31
    assert {row["start_date"] for row in model} == set(DAYS)
    kinds = {
        (
            row["is_redeemed"],
            row["shown_redeemer"] is not None,
            row["claimed_account_id"] is not None,
        )
        for row in model
    }
    redeemed = {(True, *more) for more in product((True, False), repeat=2)}
    assert kinds == redeemed | {(False, False, True), (False, False, False)}


@pytest.mark.parametrize("size", [1, 2, 30, 31, 32, 99, 100])
def test_pages_across_classes_have_no_gap(
    large: Programme, model: list[dict[str, Any]], size: int
) -> None:
    pages_count = -(-len(model) // size)
    pages = [search(large, OWNER, page_info=Paging(it, size)) for it in range(pages_count + 1)]
    assert pages[-1] == ()
    codes = [it.coupon_code for page in pages for it in page]
    assert codes == [row["code"] for row in model]


def test_a_page_far_past_the_end_is_empty(large: Programme) -> None:
    last = Paging(2**31 - 1, 100)
    assert search(large, OWNER, page_info=last) == ()
    redeemed = Predicate("IsRedeemed", "Equals", "true")
    assert search(large, OWNER, redeemed, page_info=last) == ()


def test_every_page_costs_the_same_statements(large: Programme) -> None:
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    counts = []
    event.listen(large.database.engine, "before_cursor_execute", note)
    try:
        for index in range(12):
            statements.clear()
            assert search(large, OWNER, page_info=Paging(index, 5))
            counts.append(len(statements))
    finally:
        event.remove(large.database.engine, "before_cursor_execute", note)
    assert len(set(counts)) == 1


def test_other_customers_coupons_are_not_among_them(
    large: Programme, model: list[dict[str, Any]]
) -> None:
    theirs = search(large, OTHER)
    assert len(theirs) == 20
    assert not {it.coupon_code for it in theirs} & {row["code"] for row in model}
