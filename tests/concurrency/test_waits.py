"""Who has waited decides on what there is after the wait.

Each test has its control: a statement as it must not be, with which the outcome is another.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Connection

from service.domain.error_rows import ErrorRow
from service.domain.errors import (
    ACQUISITION_NOT_ELIGIBLE,
    COUPON_CLASS_RETIRED,
    NO_COUPON_AVAILABLE,
)
from service.domain.idempotency import KeyedRequest
from service.domain.refusals import ServiceError
from service.domain.roles import Role
from service.domain.terms import CouponType
from service.operations.authentication import DEVELOPER
from service.operations.calls import Call
from service.operations.claim_coupons import AccountCoupon, claim_coupons
from service.operations.classes import retire_class
from service.operations.dispatch_coupons import dispatch_coupons
from service.operations.distribute_coupons import Distribution, distribute_coupons
from service.operations.record_spend import record_spend
from service.operations.redeem_coupon import redeem_coupon
from service.operations.users import add_user, disable_user, issue_token
from service.storage import classes, coupons, idempotency, redemptions, users
from service.storage.party_tables import account, service_user, token
from service.storage.prepared import Prepared
from service.storage.sliding_windows import WINDOW_OF_SUBJECT
from service.storage.tables import coupon, coupon_class
from tests.concurrency.waiting import PATIENCE_S, joined, outcome_after_wait
from tests.programme import Programme
from tests.storage.engines import ON_POSTGRESQL

FEATURE = 7


@dataclass
class Scene:
    """A class of coupons, and how such a coupon is handed out.

    Attributes:
        is_dispatch: By DispatchCoupons, or else by DistributeCoupons.
    """

    programme: Programme
    owner: int
    is_dispatch: bool

    def handing_out(self, count: int = 1) -> Callable[[Call], list[ErrorRow]]:
        """Hands coupons to so many that have none; answers the errors."""
        if self.is_dispatch:
            emails: list[str | None] = [f"kim{number}@example.com" for number in range(count)]
            return lambda call: [
                it.row for it in dispatch_coupons(call, emails, self.owner, "Spring")
            ]
        account_ids = [self.programme.account(self.owner) for _ in range(count)]
        request = Distribution(account_ids=account_ids, class_name="Spring")
        return lambda call: [it.row for it in distribute_coupons(call, request)]

    def handed_out_count(self) -> int:
        """How many coupons somebody has, one each."""
        rows = self.programme.rows(coupon)
        holders = [row["sent_to_email"] or row["claimed_account_id"] for row in rows]
        found = [it for it in holders if it is not None]
        assert len(set(found)) == len(found)
        return len(found)


@pytest.fixture(params=["dispatch", "distribute"])
def scene(request: pytest.FixtureRequest, programme: Programme) -> Scene:
    owner = programme.customer()
    programme.coupon_class(owner, feature_id=FEATURE)
    return Scene(programme, owner, request.param == "dispatch")


# A coupon that somebody else holds, and may yet leave.


def hand_out_while_the_first_is_claimed(
    scene: Scene, coupons_count: int, *, claim_is_kept: bool
) -> list[ErrorRow]:
    """Hand out to as many as there are coupons, of which a claim holds one until they wait."""
    programme = scene.programme
    first, *_ = programme.mint(scene.owner, count=coupons_count)
    pairs = [AccountCoupon(programme.account(scene.owner), first)]
    hand_out = scene.handing_out(coupons_count)
    return outcome_after_wait(
        programme.database,
        lambda connection: claim_coupons(joined(programme.call(), connection), pairs),
        lambda: hand_out(programme.call()),
        is_kept=claim_is_kept,
    )


@pytest.mark.parametrize("coupons_count", [1, 3])
def test_a_coupon_whose_claim_is_undone_is_handed_out(scene: Scene, coupons_count: int) -> None:
    assert hand_out_while_the_first_is_claimed(scene, coupons_count, claim_is_kept=False) == []
    assert scene.handed_out_count() == coupons_count


@pytest.mark.parametrize("coupons_count", [1, 3])
def test_a_coupon_whose_claim_stays_is_not_handed_out(scene: Scene, coupons_count: int) -> None:
    errors = hand_out_while_the_first_is_claimed(scene, coupons_count, claim_is_kept=True)
    assert errors == [NO_COUPON_AVAILABLE]
    # The claimed one, and those that were free.
    assert scene.handed_out_count() == coupons_count


@ON_POSTGRESQL
def test_who_does_not_wait_finds_no_coupon(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coupons, "_UNUSED_IN_THE_END", coupons._UNUSED_AND_FREE)
    with pytest.raises(AssertionError, match="it did not wait"):
        hand_out_while_the_first_is_claimed(scene, 1, claim_is_kept=False)
    assert scene.handed_out_count() == 0


# A class that is being retired, or handed out.


def hand_out_while_the_class_is_retired(scene: Scene) -> list[ErrorRow]:
    """Retire the class, and end that when somebody who hands out its coupons waits."""
    programme = scene.programme
    programme.mint(scene.owner)
    hand_out = scene.handing_out()
    return outcome_after_wait(
        programme.database,
        lambda connection: retire_class(
            joined(programme.call(), connection), scene.owner, "Spring"
        ),
        lambda: hand_out(programme.call()),
    )


def test_who_comes_after_the_retirement_gets_nothing(scene: Scene) -> None:
    with pytest.raises(ServiceError) as refused:
        hand_out_while_the_class_is_retired(scene)
    assert refused.value.row is COUPON_CLASS_RETIRED
    assert scene.handed_out_count() == 0


def retire_while_a_coupon_is_handed_out(scene: Scene) -> None:
    """Hand a coupon out, and end that when somebody who retires the class waits."""
    programme = scene.programme
    programme.mint(scene.owner)
    hand_out = scene.handing_out()
    outcome_after_wait(
        programme.database,
        lambda connection: hand_out(joined(programme.call(), connection)),
        lambda: retire_class(programme.call(), scene.owner, "Spring"),
    )


def test_retiring_waits_for_who_hands_out(scene: Scene) -> None:
    retire_while_a_coupon_is_handed_out(scene)
    (row,) = scene.programme.rows(coupon_class)
    assert row["retired_at"] is not None
    assert scene.handed_out_count() == 1
    with pytest.raises(ServiceError) as refused:
        scene.handing_out()(scene.programme.call())
    assert refused.value.row is COUPON_CLASS_RETIRED


@ON_POSTGRESQL
def test_nobody_waits_for_a_class_that_is_not_kept(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classes, "keep_class_in_use", lambda *_: None)
    with pytest.raises(AssertionError, match="it did not wait"):
        hand_out_while_the_class_is_retired(scene)
    assert scene.handed_out_count() == 1


@ON_POSTGRESQL
def test_retiring_does_not_wait_where_the_class_is_not_kept(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classes, "keep_class_in_use", lambda *_: None)
    with pytest.raises(AssertionError, match="it did not wait"):
        retire_while_a_coupon_is_handed_out(scene)


# A spend that others record while a redemption waits for the account.


def redeem_while_an_old_spend_is_recorded(programme: Programme) -> datetime:
    """Redeem an Acquisition coupon, which waits until a spend of 60 days ago is recorded."""
    owner = programme.customer()
    account_id = programme.account(owner)
    code = programme.coupon(owner, coupon_type=CouponType.ACQUISITION)
    long_ago = programme.clock() - timedelta(days=60)

    def record(connection: Connection) -> None:
        call = joined(programme.call(), connection)
        record_spend(call, account_id, Decimal(1), "invoice", long_ago)

    return outcome_after_wait(
        programme.database, record, lambda: redeem_coupon(programme.call(), account_id, code)
    )


def test_a_redemption_sees_the_spend_that_it_waited_for(programme: Programme) -> None:
    with pytest.raises(ServiceError) as refused:
        redeem_while_an_old_spend_is_recorded(programme)
    assert refused.value.row is ACQUISITION_NOT_ELIGIBLE


@ON_POSTGRESQL
def test_who_locks_and_reads_at_once_does_not_see_it(
    programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock_and_read = redemptions._at_once(
        redemptions._WHO.with_for_update(of=account), redemptions._WHAT, WINDOW_OF_SUBJECT
    )
    monkeypatch.setattr(redemptions, "lock_parties", lambda *_: None)
    monkeypatch.setattr(redemptions, "_PARTIES", Prepared(lock_and_read))
    assert redeem_while_an_old_spend_is_recorded(programme) == programme.clock()


# A user whose requests with keys are at hand.

Manage = Callable[[Call, str], object]
MANAGE: dict[str, Manage] = {
    "disable": disable_user,
    "issue a token": lambda call, name: issue_token(call, name, DEVELOPER),
}


@pytest.fixture
def key_in_use(programme: Programme) -> Callable[[Connection], None]:
    """Lets a transaction begin a request of the user Kim."""
    user_id = add_user(programme.call(), "Kim", Role.STANDARD, programme.customer())
    request = KeyedRequest("key 1", "DispatchCoupons", b"".ljust(32))

    def take(connection: Connection) -> None:
        assert idempotency.take_key(connection, user_id, request, programme.clock())

    return take


@ON_POSTGRESQL
@pytest.mark.parametrize("manage", MANAGE.values(), ids=MANAGE)
def test_a_user_is_managed_while_its_requests_are_at_hand(
    programme: Programme, key_in_use: Callable[[Connection], None], manage: Manage
) -> None:
    with ThreadPoolExecutor(1) as threads, programme.database.writing() as connection:
        key_in_use(connection)
        threads.submit(manage, programme.call(), "Kim").result(PATIENCE_S)
    changed = [*programme.rows(token), *(it["disabled_at"] for it in programme.rows(service_user))]
    assert any(changed)


@ON_POSTGRESQL
@pytest.mark.parametrize("manage", MANAGE.values(), ids=MANAGE)
def test_a_user_whose_number_were_locked_would_have_to_wait(
    programme: Programme,
    key_in_use: Callable[[Connection], None],
    manage: Manage,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def lock_all(connection: Connection, name: str) -> int | None:
        named = users.select(service_user.c.user_id).where(service_user.c.name == name)
        return connection.execute(named.with_for_update()).scalar_one_or_none()

    monkeypatch.setattr(users, "lock_user_in_use", lock_all)
    outcome_after_wait(programme.database, key_in_use, lambda: manage(programme.call(), "Kim"))
