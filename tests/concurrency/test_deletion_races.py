"""What is redeemed, handed out or updated while coupons are deleted is that or deleted, not both.

Each race has its control: a deletion, or an update, that sees which coupons are meant in one
transaction and writes in another.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYetError
from dataclasses import replace
from decimal import Decimal
from functools import partial
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from service.domain.deletion import DeletionFilters
from service.domain.error_rows import ErrorRow
from service.domain.errors import (
    COUPON_NOT_FOUND,
)
from service.domain.jobs import JobStatus, LeasedJob
from service.operations.calls import Call
from service.operations.check_database import check_database
from service.operations.claim_coupons import AccountCoupon, claim_coupons
from service.operations.delete_coupons import delete_coupons
from service.operations.deletion_jobs import create_deletion_job
from service.operations.dispatch_coupons import dispatch_coupons
from service.operations.job_work import JobDesk
from service.operations.redeem_coupon import redeem_coupon
from service.operations.update_coupons import update_coupons
from service.storage import classes, deletions
from service.storage.tables import coupon, coupon_terms, job
from tests.concurrency.race import PATIENCE_SECONDS, race
from tests.operations.jobs import desk
from tests.programme import START, Programme, terms

COUPONS_COUNT = 24
ROUNDS_MAX = 20
FEATURE = 7

Delete = Callable[[JobDesk, LeasedJob], JobStatus]


def delete_in_two_steps(work_desk: JobDesk, leased: LeasedJob) -> JobStatus:
    """As one must not: see what is not redeemed, and delete it as if it still were not."""
    with work_desk.database.reading() as connection:
        plan = deletions.find_plan(connection, leased.job_id)
        stretch = deletions.next_stretch(connection, plan, 1000)
        assert stretch is not None
        victims = deletions.find_victims(connection, plan, stretch)
    with work_desk.database.writing() as connection:
        unmarked = coupon.c.coupon_id.in_(victims.coupon_ids.tolist())
        # The database would notice a coupon that is both: so it is forgotten.
        connection.execute(
            update(coupon)
            .where(unmarked)
            .values(seq=None, deleted_at=work_desk.clock(), redeemed_at=None)
        )
    return JobStatus.COMPLETED


def in_pieces(work_desk: JobDesk, leased: LeasedJob) -> JobStatus:
    return delete_coupons(replace(work_desk, chunk_length=5), leased)


def begin(programme: Programme, owner: int, **filters: Any) -> LeasedJob:
    create_deletion_job(programme.call(), owner, "Spring", DeletionFilters(**filters))
    taken = desk(programme).take()
    assert taken is not None
    return taken


def delete_while_redeeming(programme: Programme, delete: Delete) -> tuple[set[str], set[str]]:
    """Delete a class's coupons while each is redeemed; answers which were, and which are gone."""
    owner = programme.customer()
    programme.coupon_class(owner)
    codes = programme.mint(owner, count=COUPONS_COUNT)
    account_ids = [programme.account(owner) for _ in codes]
    leased = begin(programme, owner)

    def redeem(call: Call, account_id: int, code: str) -> str | ErrorRow:
        redeem_coupon(call, account_id, code)
        return code

    actions: list[Callable[[], Any]] = [
        partial(redeem, programme.call(), account_id, code)
        for account_id, code in zip(account_ids, codes, strict=True)
    ]
    actions.append(lambda: delete(desk(programme), leased))
    Random(owner).shuffle(actions)
    answers = race(actions)
    refused = [it for it in answers if isinstance(it, ErrorRow)]
    assert set(refused) <= {COUPON_NOT_FOUND}
    redeemed = {it for it in answers if isinstance(it, str) and it in codes}
    stored = [row for row in programme.rows(coupon) if row["code"] in codes]
    return redeemed, {row["code"] for row in stored if row["deleted_at"] is not None}


@pytest.mark.parametrize("delete", [delete_coupons, in_pieces])
def test_a_coupon_is_redeemed_or_deleted(programme: Programme, delete: Delete) -> None:
    redeemed, deleted = delete_while_redeeming(programme, delete)
    assert redeemed.isdisjoint(deleted)
    assert len(redeemed) + len(deleted) == COUPONS_COUNT
    assert check_database(programme.call()).is_clean


def test_a_deletion_in_two_steps_would_be_noticed(programme: Programme) -> None:
    rounds = (delete_while_redeeming(programme, delete_in_two_steps) for _ in range(ROUNDS_MAX))
    assert any(redeemed & deleted for redeemed, deleted in rounds)


def test_what_is_handed_out_meanwhile_is_consistent(programme: Programme) -> None:
    """Dispatched, claimed and deleted at once, by two jobs; whatever wins, all adds up."""
    owner = programme.customer()
    programme.coupon_class(owner, feature_id=FEATURE)
    codes = programme.mint(owner, count=COUPONS_COUNT)
    jobs = [begin(programme, owner), begin(programme, owner, usable=True)]

    def dispatch(call: Call, number: int) -> None:
        emails: list[str | None] = [f"a{number}-{it}@example.com" for it in range(3)]
        dispatch_coupons(call, emails, owner, "Spring")

    def claim(call: Call, account_id: int, code: str) -> None:
        claim_coupons(call, [AccountCoupon(account_id, code)])

    actions: list[Callable[[], Any]] = [
        *(partial(dispatch, programme.call(), number) for number in range(5)),
        *(partial(claim, programme.call(), programme.account(owner), code) for code in codes[::5]),
        *(partial(in_pieces, desk(programme), leased) for leased in jobs),
    ]
    Random(1).shuffle(actions)
    race(actions)
    assert check_database(programme.call()).is_clean
    assert all(row["deleted_at"] for row in programme.rows(coupon))
    assert {row["status"] for row in programme.rows(job)} == {"completed"}


Update = Callable[[Call, int, int], int]


def update_batch(call: Call, owner: int, batch_id: int) -> int:
    return update_coupons(call, owner, terms(amount=Decimal(80)), batch_id=batch_id)


def update_in_two_steps(call: Call, owner: int, batch_id: int) -> int:
    """As one must not: see what is not redeemed, and give it new terms as if it still were not."""
    with call.database.reading() as connection:
        free = select(coupon.c.coupon_id).where(
            coupon.c.batch_id == batch_id, coupon.c.redeemed_at.is_(None)
        )
        ids = connection.scalars(free).all()
    with call.database.writing() as connection:
        terms_id = classes.add_terms(connection, terms(amount=Decimal(80)))
        chosen = update(coupon).where(coupon.c.coupon_id.in_(ids))
        return connection.execute(chosen.values(terms_id=terms_id)).rowcount


def update_while_redeeming(programme: Programme, change: Update) -> bool:
    """Update a batch while its coupons are redeemed; answers whether the database is as it was."""
    owner = programme.customer()
    programme.coupon_class(owner)
    codes = programme.mint(owner, count=COUPONS_COUNT)
    (batch_id,) = {row["batch_id"] for row in programme.rows(coupon) if row["code"] in codes}
    actions: list[Callable[[], Any]] = [
        partial(redeem_coupon, programme.call(), programme.account(owner), code) for code in codes
    ]
    actions.insert(COUPONS_COUNT // 3, partial(change, programme.call(), owner, batch_id))
    answers = race(actions)
    assert not [it for it in answers if isinstance(it, ErrorRow)]
    return check_database(programme.call()).is_clean


def test_a_redemption_goes_by_the_terms_that_the_coupon_keeps(programme: Programme) -> None:
    assert all(update_while_redeeming(programme, update_batch) for _ in range(3))


def test_an_update_in_two_steps_would_be_noticed(programme: Programme) -> None:
    rounds = (update_while_redeeming(programme, update_in_two_steps) for _ in range(ROUNDS_MAX))
    assert not all(rounds)


def test_whoever_uses_the_class_is_waited_for(programme: Programme) -> None:
    owner = programme.customer()
    class_id = programme.coupon_class(owner)
    programme.mint(owner)
    leased = begin(programme, owner)
    with ThreadPoolExecutor(1) as threads:
        with programme.database.writing() as connection:
            classes.keep_class_in_use(connection, class_id)
            deleting = threads.submit(delete_coupons, desk(programme), leased)
            require_waiting(deleting)
        assert deleting.result(PATIENCE_SECONDS) is JobStatus.COMPLETED
    assert programme.rows(coupon)[0]["deleted_at"] == START


def require_waiting(task: "Future[Any]") -> None:
    with pytest.raises(NotYetError):
        task.result(0.3)


@pytest.mark.parametrize("wait_for_it", ["claim", "dispatch"])
def test_nothing_is_missed_while_terms_change(programme: Programme, wait_for_it: str) -> None:
    """Whoever waits for an update finds the coupons again: they have only other terms."""
    owner = programme.customer()
    class_id = programme.coupon_class(owner, feature_id=FEATURE)
    (code,) = programme.mint(owner)
    account_id = programme.account(owner)

    def take() -> Any:
        if wait_for_it == "claim":
            return claim_coupons(programme.call(), [AccountCoupon(account_id, code)]).errors
        return dispatch_coupons(programme.call(), ["anna@example.com"], owner, "Spring")

    with ThreadPoolExecutor(1) as threads:
        with programme.database.writing() as connection:
            classes.have_class_alone(connection, class_id)
            taking = threads.submit(take)
            require_waiting(taking)
            give_terms(connection)
        assert taking.result(PATIENCE_SECONDS) == []


def give_terms(connection: Connection) -> None:
    old = connection.execute(select(coupon_terms)).mappings().one()
    values = {name: old[name] for name in old if name != "terms_id"}
    key = connection.execute(insert(coupon_terms).values(values)).inserted_primary_key
    assert key is not None
    connection.execute(update(coupon).values(terms_id=key[0]))
