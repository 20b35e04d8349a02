"""RedeemCoupon: a coupon is bound to one account, once."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

import pytest
from sqlalchemy import Connection, update

from service.domain.error_rows import ErrorRow
from service.domain.errors import (
    ACCOUNT_ID_INVALID,
    ACQUISITION_NOT_ELIGIBLE,
    COUPON_ALREADY_REDEEMED,
    COUPON_CLAIMED_BY_ANOTHER_ACCOUNT,
    COUPON_CLASS_RETIRED,
    COUPON_ENDED,
    COUPON_EXPIRED,
    COUPON_NOT_FOUND,
    COUPON_NOT_STARTED,
    CURRENCY_MISMATCH,
    NOT_AUTHORIZED,
    NULL_PARAMETER,
)
from service.domain.instants import NO_END
from service.domain.refusals import ServiceError, ServiceTroubleError
from service.domain.roles import COMMAND_LINE, Caller, Role
from service.domain.terms import CouponType
from service.operations.attempts import ATTEMPTS_MAX
from service.operations.classes import retire_class, update_class
from service.operations.redeem_coupon import redeem_coupon
from service.storage import redemptions
from service.storage.redemptions import Parties
from service.storage.tables import audit, coupon, coupon_class, redemption, spend
from tests.operations.faults import require_all_or_nothing
from tests.programme import START, Clock, Programme, member, terms

TICK = timedelta(microseconds=1)


def refusal(
    programme: Programme,
    account_id: int | None,
    code: str | None,
    caller: Caller = COMMAND_LINE,
) -> ServiceError:
    """Why a redemption is refused; whatever is refused leaves no trace."""
    before = [programme.rows(table) for table in (coupon, redemption, audit)]
    with pytest.raises(ServiceError) as error:
        redeem_coupon(programme.call(caller), account_id, code)
    assert [programme.rows(table) for table in (coupon, redemption, audit)] == before
    return error.value


def test_a_redemption_is_stored_whole(programme: Programme, owner: int, account: int) -> None:
    code = programme.coupon(owner, amount=Decimal("12.34"), active_duration=30)
    call = programme.call(member(owner))
    assert redeem_coupon(call, account, code) == START
    (stored,) = programme.rows(coupon)
    assert stored["redeemed_at"] == START
    assert programme.rows(redemption) == [
        {
            "coupon_id": stored["coupon_id"],
            "account_id": account,
            "redeemed_at": START,
            "expires_at": START + timedelta(days=30),
            "activated_at": START,
            "is_active": True,
            "granted": Decimal("12.34"),
            "spend_to_threshold": Decimal(0),
            "balance": Decimal("12.34"),
            "currency_code": "USD",
            "acquisition_customer_id": None,
        }
    ]


def test_a_redemption_is_in_the_audit_log(programme: Programme, owner: int, account: int) -> None:
    code = programme.coupon(owner, spend_threshold=Decimal(1))
    call = programme.call(member(owner))
    redeem_coupon(call, account, code)
    last = programme.rows(audit)[-1]
    del last["audit_id"]
    assert last == {
        "at": START,
        "user_id": call.caller.user_id,
        "tracking_id": call.tracking_id,
        "action": "redeem",
        "entity": "coupon",
        "entity_id": programme.rows(coupon)[0]["coupon_id"],
        "before": None,
        "after": {
            "account_id": account,
            "redeemed_at": START.isoformat(),
            "expires_at": NO_END.isoformat(),
            "balance": "50",
        },
    }


def retire(programme: Programme, owner: int) -> None:
    retire_class(programme.call(), owner, "Spring")


def change_terms(programme: Programme, owner: int) -> None:
    update_class(programme.call(), owner, "Spring", lambda _: terms(end_date=START))


@pytest.mark.parametrize("event", [None, retire, change_terms])
def test_the_same_account_is_answered_the_first_date_again(
    programme: Programme,
    clock: Clock,
    owner: int,
    account: int,
    event: Callable[[Programme, int], None] | None,
) -> None:
    programme.coupon_class(owner, end_date=START + timedelta(days=1))
    (code,) = programme.mint(owner)
    redeem_coupon(programme.call(), account, code)
    if event:
        event(programme, owner)
    before = programme.rows(audit)
    clock.move(days=400)
    assert redeem_coupon(programme.call(), account, code) == START
    assert programme.rows(audit) == before


@pytest.mark.parametrize("write", [str.lower, " {}\n".format, "\u3000{}".format])
def test_a_code_is_folded(
    programme: Programme, owner: int, account: int, write: Callable[[str], str]
) -> None:
    code = programme.coupon(owner, pattern="AB-#####")
    assert redeem_coupon(programme.call(), account, write(code)) == START


def test_a_full_width_code_is_folded(programme: Programme, owner: int, account: int) -> None:
    code = programme.coupon(owner, pattern="AB#####")
    wide = "".join(chr(ord(character) + 0xFEE0) for character in code)
    assert redeem_coupon(programme.call(), account, wide) == START


def test_two_accounts_redeem_two_coupons(programme: Programme, owner: int, account: int) -> None:
    other = programme.account(programme.customer())
    programme.coupon_class(owner)
    for account_id, code in zip([account, other], programme.mint(owner, count=2), strict=True):
        redeem_coupon(programme.call(), account_id, code)
    assert {row["account_id"] for row in programme.rows(redemption)} == {account, other}


@pytest.mark.parametrize("account_id", [None, 0, -1])
def test_an_account_is_a_positive_number(programme: Programme, account_id: int | None) -> None:
    assert refusal(programme, account_id, "CODE").row is ACCOUNT_ID_INVALID


@pytest.mark.parametrize("code", [None, "", " \n"])
def test_a_code_is_needed(programme: Programme, account: int, code: str | None) -> None:
    error = refusal(programme, account, code)
    assert (error.row, error.details) == (NULL_PARAMETER, "CouponCode")


def test_an_unknown_code_is_told_in_short(programme: Programme, account: int) -> None:
    error = refusal(programme, account, "x" * 5000)
    assert (error.row, error.details) == (COUPON_NOT_FOUND, "coupon " + "X" * 100)


@pytest.mark.parametrize(
    ("role", "may_redeem"),
    [(Role.SUPER_ADMIN, True), (Role.STANDARD, True), (Role.READ_ONLY, False)],
)
def test_the_role_decides(
    programme: Programme, owner: int, account: int, role: Role, may_redeem: bool
) -> None:
    code, caller = programme.coupon(owner), member(owner, role)
    if may_redeem:
        assert redeem_coupon(programme.call(caller), account, code) == START
    else:
        assert refusal(programme, account, code, caller).row is NOT_AUTHORIZED


def test_rights_are_those_on_the_account_not_on_the_coupon(
    programme: Programme, owner: int, account: int
) -> None:
    guest = programme.customer()
    guest_account = programme.account(guest)
    code = programme.coupon(owner)
    assert refusal(programme, guest_account, code, member(owner)).row is NOT_AUTHORIZED
    assert redeem_coupon(programme.call(member(guest)), guest_account, code) == START


def test_an_unknown_account_looks_like_a_foreign_one(
    programme: Programme, owner: int, account: int
) -> None:
    code, caller = programme.coupon(owner), member(programme.customer())
    foreign = refusal(programme, account, code, caller)
    unknown = refusal(programme, account + 1000, code, caller)
    assert foreign.row is unknown.row is NOT_AUTHORIZED
    assert unknown.details == foreign.details.replace(str(account), str(account + 1000))


def test_whoever_has_no_right_cannot_try_codes(programme: Programme, account: int) -> None:
    caller = member(programme.customer())
    assert refusal(programme, account, "NO-SUCH-CODE", caller).row is NOT_AUTHORIZED


def test_an_operator_is_told_that_an_account_is_unknown(programme: Programme, owner: int) -> None:
    assert refusal(programme, 1000, programme.coupon(owner)).row is ACCOUNT_ID_INVALID


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"start_date": START + TICK}, COUPON_NOT_STARTED),
        ({"end_date": START - TICK}, COUPON_ENDED),
        ({"expiration_date": START - TICK}, COUPON_EXPIRED),
        ({"currency_code": "EUR"}, CURRENCY_MISMATCH),
        ({"start_date": START, "end_date": START, "expiration_date": START}, None),
    ],
)
def test_the_terms_decide(
    programme: Programme,
    owner: int,
    account: int,
    changes: dict[str, Any],
    expected: ErrorRow | None,
) -> None:
    code = programme.coupon(owner, **changes)
    if expected is None:
        assert redeem_coupon(programme.call(), account, code) == START
    else:
        assert refusal(programme, account, code).row is expected


def test_a_coupon_keeps_the_terms_that_it_was_minted_with(
    programme: Programme, owner: int, account: int
) -> None:
    programme.coupon_class(owner)
    (old,) = programme.mint(owner)
    update_class(programme.call(), owner, "Spring", lambda _: terms(end_date=START - TICK))
    (new,) = programme.mint(owner)
    assert refusal(programme, account, new).row is COUPON_ENDED
    assert redeem_coupon(programme.call(), account, old) == START


def test_another_account_comes_too_late(programme: Programme, owner: int, account: int) -> None:
    code, late = programme.coupon(owner), programme.account(owner)
    redeem_coupon(programme.call(), account, code)
    assert refusal(programme, late, code).row is COUPON_ALREADY_REDEEMED


def test_a_retired_class_is_not_redeemed(programme: Programme, owner: int, account: int) -> None:
    programme.coupon_class(owner)
    (code,) = programme.mint(owner)
    retire(programme, owner)
    assert refusal(programme, account, code).row is COUPON_CLASS_RETIRED


def test_a_claimed_coupon_is_for_its_account(
    programme: Programme, owner: int, account: int
) -> None:
    code = programme.coupon(owner)
    programme.claim(code, account)
    other = programme.account(owner)
    assert refusal(programme, other, code).row is COUPON_CLAIMED_BY_ANOTHER_ACCOUNT
    assert redeem_coupon(programme.call(), account, code) == START


@pytest.fixture
def new_customers_coupons(programme: Programme, owner: int) -> list[str]:
    programme.coupon_class(owner, coupon_type=CouponType.ACQUISITION)
    return programme.mint(owner, count=2)


def test_a_customer_redeems_one_acquisition_coupon_ever(
    programme: Programme, clock: Clock, account: int, new_customers_coupons: list[str]
) -> None:
    first, second = new_customers_coupons
    customer_id = programme.customer()
    accounts = [programme.account(customer_id) for _ in range(2)]
    redeem_coupon(programme.call(), accounts[0], first)
    clock.move(days=1000)
    for account_id in accounts:
        assert refusal(programme, account_id, second).row is ACQUISITION_NOT_ELIGIBLE
    assert redeem_coupon(programme.call(), account, second) == clock.now
    by_customer = [row["acquisition_customer_id"] for row in programme.rows(redemption)]
    assert len(set(by_customer)) == 2
    assert customer_id in by_customer


def test_acquisition_coupons_are_for_new_customers(
    programme: Programme, owner: int, account: int, new_customers_coupons: list[str]
) -> None:
    code, bound = new_customers_coupons[0], START - timedelta(days=30)
    programme.spend(account, spent_at=bound - TICK)
    assert refusal(programme, account, code).row is ACQUISITION_NOT_ELIGIBLE
    programme.change(spend, spend.c.account_id == account, spent_at=bound)
    assert redeem_coupon(programme.call(), account, code) == START


def test_retention_coupons_do_not_count_as_acquisition(
    programme: Programme, owner: int, account: int, new_customers_coupons: list[str]
) -> None:
    redeem_coupon(programme.call(), account, programme.coupon(owner))
    redeem_coupon(programme.call(), account, new_customers_coupons[0])
    redeem_coupon(programme.call(), account, programme.coupon(owner))
    assert len(programme.rows(redemption)) == 3


def test_a_fault_at_any_statement_leaves_nothing(
    programme: Programme, engine_name: str, account: int, new_customers_coupons: list[str]
) -> None:
    code = new_customers_coupons[0]
    statements_count = require_all_or_nothing(
        programme, lambda: redeem_coupon(programme.call(), account, code)
    )
    # The beginning, account and coupon; then coupon, redemption, audit; and, as the coupon has
    # no threshold, the account's coupons, the one that becomes active, audit. On PostgreSQL there
    # are locks before, and coupon, redemption and audit are one statement.
    assert statements_count == (8 if engine_name == "sqlite" else 7)


@pytest.fixture
def lost_races(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Lets so many attempts find, when they write, that the class was retired meanwhile."""

    def lose(count: int) -> None:
        find, left = redemptions.find_parties, iter(range(count))

        def overtaken(connection: Connection, *arguments: Any, **more: Any) -> Parties:
            found = find(connection, *arguments, **more)
            for _ in islice(left, 1):
                connection.execute(update(coupon_class).values(retired_at=START))
            return found

        monkeypatch.setattr(redemptions, "find_parties", overtaken)

    return lose


def test_whoever_loses_a_race_decides_again(
    programme: Programme, owner: int, account: int, lost_races: Callable[[int], None]
) -> None:
    code = programme.coupon(owner)
    lost_races(ATTEMPTS_MAX - 1)
    assert redeem_coupon(programme.call(), account, code) == START
    # What the lost attempts did is undone.
    assert programme.rows(coupon_class)[0]["retired_at"] is None
    assert len(programme.rows(redemption)) == 1


def test_nobody_decides_for_ever(
    programme: Programme, owner: int, account: int, lost_races: Callable[[int], None]
) -> None:
    code = programme.coupon(owner)
    lost_races(ATTEMPTS_MAX)
    with pytest.raises(ServiceTroubleError, match="ServiceBusy"):
        redeem_coupon(programme.call(), account, code)
    assert programme.rows(redemption) == []
