"""The figures of a programme: exact where little is counted, and kept where much is."""

from datetime import timedelta
from decimal import Decimal

import pytest

from service.domain.deletion import DeletionFilters
from service.domain.errors import ENTITY_NOT_EXISTENT, NOT_AUTHORIZED
from service.domain.figures import DAYS_COUNT, Figures, MoneyFigures
from service.domain.mail import MessageState
from service.domain.refusals import ServiceError
from service.operations import programme_figures as module
from service.operations.count_figures import FigureCounter
from service.operations.creation_jobs import NewCreationJob, add_creation_job
from service.operations.deletion_jobs import create_deletion_job
from service.operations.dispatch_coupons import dispatch_coupons
from service.operations.programme_figures import (
    class_figures,
    figures_of_classes,
    programme_figures,
)
from service.operations.record_spend import reverse_spend
from service.operations.redeem_coupon import redeem_coupon
from service.storage import class_counts
from service.storage.tables import outbox
from tests.operations.jobs import work
from tests.programme import START, Clock, Programme, member


def fill(programme: Programme, clock: Clock, owner: int) -> int:
    """A class of ten coupons of which four are redeemed, each in another state; its number."""
    accounts = [programme.account(owner) for _ in range(4)]
    class_id = programme.coupon_class(owner, spend_threshold=Decimal(10), active_duration=20)
    codes = programme.mint(owner, count=10)
    dispatch_coupons(programme.call(), ["kim@example.com", "lee@example.com"], owner, "Spring")
    rows = programme.coupons(class_id)
    free = [row["code"] for row in rows if row["sent_at"] is None]
    programme.claim(free[0], accounts[0])
    redeem_coupon(programme.call(), accounts[0], free[1])
    programme.spend(accounts[0], "11")
    clock.move(days=15)
    for account_id, code in zip(accounts[1:], free[2:], strict=False):
        redeem_coupon(programme.call(), account_id, code)
    programme.spend(accounts[1], "30")
    programme.spend(accounts[2], "100")
    clock.move(days=10)
    assert len(codes) == 10
    return class_id


def assert_filled(figures: Figures) -> None:
    funnel = figures.funnel
    assert (funnel.minted, funnel.deleted) == (10, 0)
    assert (funnel.dispatched, funnel.claimed, funnel.redeemed) == (2, 1, 4)
    # The first one has expired with 49 left of 50, the second has 30 left, the third none.
    assert (funnel.waiting, funnel.active, funnel.depleted, funnel.expired) == (1, 1, 1, 1)
    assert figures.money == (MoneyFigures("USD", Decimal(200), Decimal(71)),)
    days = {it.day: it.redeemed for it in figures.days if it.redeemed}
    assert days == {START.date(): 1, (START + timedelta(days=15)).date(): 3}
    assert len(figures.days) == DAYS_COUNT
    assert figures.uncounted_classes == 0


def count_all(programme: Programme) -> int:
    """What a worker does until nothing has changed; answers how many classes it counted."""
    counter = FigureCounter(programme.database, programme.clock)
    counted = 0
    while counter.count_next():
        counted += 1
        assert counted < 20
    return counted


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every class count as a large one."""
    monkeypatch.setattr(module, "COUNTED_AT_ONCE_MAX", 5)


def test_small_classes_are_counted_at_once(programme: Programme, clock: Clock, owner: int) -> None:
    class_id = fill(programme, clock, owner)
    for figures in (
        class_figures(programme.call(), class_id),
        figures_of_classes(programme.call(member(owner)), owner, [class_id])[class_id],
        programme_figures(programme.call(member(owner)), owner).figures,
        programme_figures(programme.call(), None).figures,
    ):
        assert_filled(figures)
        assert figures.as_of == clock.now


@pytest.mark.usefixtures("large")
def test_a_large_class_shows_what_a_worker_counted(
    programme: Programme, clock: Clock, owner: int
) -> None:
    class_id = fill(programme, clock, owner)
    before = class_figures(programme.call(), class_id)
    assert (before.as_of, before.uncounted_classes, before.funnel.minted) == (None, 1, 10)
    count_all(programme)
    counted_at = clock.now
    clock.move(minutes=1)
    for figures in (
        class_figures(programme.call(), class_id),
        figures_of_classes(programme.call(), owner, [class_id])[class_id],
        programme_figures(programme.call(), None).figures,
    ):
        assert_filled(figures)
        assert figures.as_of == counted_at


@pytest.mark.usefixtures("large")
def test_only_classes_that_changed_are_counted_anew(
    programme: Programme, clock: Clock, owner: int, account: int
) -> None:
    class_id = fill(programme, clock, owner)
    programme.coupon_class(owner, "Other")
    programme.mint(owner, "Other", count=10)
    assert count_all(programme) == 2
    clock.move(minutes=1)
    assert count_all(programme) == 0
    code = next(row["code"] for row in programme.coupons(class_id) if row["sent_at"] is not None)
    redeem_coupon(programme.call(), account, code)
    programme.spend(account, "10")
    reference = programme.spend(account, "5").reference
    clock.move(minutes=1)
    assert count_all(programme) == 1
    assert class_figures(programme.call(), class_id).money[0].drawn == Decimal(76)
    reverse_spend(programme.call(), account, reference)
    clock.move(minutes=1)
    assert count_all(programme) == 1
    figures = class_figures(programme.call(), class_id)
    assert figures.money[0].drawn == Decimal(71)
    assert figures.funnel.redeemed == 5


@pytest.fixture
def short(large: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every class be counted in several transactions."""
    monkeypatch.setattr(class_counts, "STRETCH_LENGTH", 3)


@pytest.mark.usefixtures("short")
def test_a_class_is_the_sum_of_its_stretches(
    programme: Programme, clock: Clock, owner: int
) -> None:
    class_id = fill(programme, clock, owner)
    # Small batches are counted together as far as they go.
    for count in (1, 1, 2, 3):
        programme.mint(owner, count=count)
    with programme.database.reading() as connection:
        first, *small = class_counts.find_stretches(connection, class_id)
    assert len(small) == 6
    assert (first.first_seq, first.last_seq) == (0, 2)
    count_all(programme)
    figures = class_figures(programme.call(), class_id)
    assert figures.funnel.minted == 17
    with programme.database.reading() as connection:
        exact = class_counts.count_classes(connection, [class_id], clock.now)[class_id]
    uses = {name: getattr(figures.funnel, name) for name in class_counts.USES}
    assert uses == {name: exact.uses[name] for name in class_counts.USES}
    assert figures.money == (MoneyFigures("USD", Decimal(200), Decimal(71)),)


@pytest.mark.usefixtures("short")
def test_whoever_counts_rests_outside_of_transactions(
    programme: Programme, clock: Clock, owner: int
) -> None:
    fill(programme, clock, owner)
    open_counts: list[int] = []

    def rest(seconds: float) -> bool:
        assert seconds > 0
        open_counts.append(programme.database.open_count())
        return False

    assert FigureCounter(programme.database, programme.clock).count_next(rest)
    # Ten coupons in stretches of three, and what comes before.
    assert open_counts == [0] * 5


@pytest.mark.usefixtures("short")
def test_a_count_that_is_given_up_is_not_kept(
    programme: Programme, clock: Clock, owner: int
) -> None:
    class_id = fill(programme, clock, owner)
    counter = FigureCounter(programme.database, programme.clock)
    for rests_count in range(5):
        rests = iter([False] * rests_count + [True])
        assert counter.count_next(lambda _, rests=rests: next(rests)) is None
        assert class_figures(programme.call(), class_id).as_of is None
    assert count_all(programme) == 1


@pytest.mark.usefixtures("short")
def test_what_changes_between_stretches_is_counted_once_more(
    programme: Programme, clock: Clock, owner: int, account: int
) -> None:
    class_id = fill(programme, clock, owner)
    code = next(row["code"] for row in programme.coupons(class_id) if row["sent_at"] is not None)
    left = iter([code])

    def rest(_seconds: float) -> bool:
        for one in left:
            redeem_coupon(programme.call(), account, one)
        return False

    assert FigureCounter(programme.database, programme.clock).count_next(rest)
    clock.move(minutes=1)
    assert count_all(programme) == 1
    assert class_figures(programme.call(), class_id).funnel.redeemed == 5


@pytest.mark.usefixtures("short")
def test_what_is_deleted_between_stretches_is_counted_once_more(
    programme: Programme, clock: Clock, owner: int
) -> None:
    class_id = fill(programme, clock, owner)
    rests = 0

    def rest(_seconds: float) -> bool:
        nonlocal rests
        rests += 1
        if rests == 3:
            # The redeemed coupons are moved to the places that were counted before.
            create_deletion_job(programme.call(), owner, "Spring", DeletionFilters())
            work(programme)
        return False

    assert FigureCounter(programme.database, programme.clock).count_next(rest)
    clock.move(minutes=1)
    assert count_all(programme) == 1
    figures = class_figures(programme.call(), class_id)
    with programme.database.reading() as connection:
        exact = class_counts.count_classes(connection, [class_id], clock.now)[class_id]
    assert (figures.funnel.minted, figures.funnel.deleted) == (10, 6)
    assert figures.funnel.redeemed == exact.uses["redeemed"] == 4


@pytest.mark.usefixtures("large")
def test_a_coupon_expires_although_nobody_changes_it(
    programme: Programme, clock: Clock, owner: int
) -> None:
    class_id = fill(programme, clock, owner)
    count_all(programme)
    clock.move(days=30)
    assert count_all(programme) == 1
    funnel = class_figures(programme.call(), class_id).funnel
    assert (funnel.active, funnel.waiting, funnel.depleted, funnel.expired) == (0, 0, 1, 3)
    clock.move(hours=23)
    assert count_all(programme) == 0
    clock.move(hours=2)
    assert count_all(programme) == 1


@pytest.mark.usefixtures("large")
def test_small_classes_stand_in_for_the_worker(
    programme: Programme, clock: Clock, owner: int
) -> None:
    fill(programme, clock, owner)
    count_all(programme)
    programme.coupon_class(owner, "New")
    dispatched = programme.mint(owner, "New", count=3)
    dispatch_coupons(programme.call(), ["ann@example.com"], owner, "New")
    figures = programme_figures(programme.call(), owner).figures
    assert (figures.funnel.dispatched, figures.funnel.minted) == (3, 10 + len(dispatched))
    assert figures.uncounted_classes == 0


def test_money_of_any_size_is_summed_exactly(
    programme: Programme, owner: int, account: int
) -> None:
    amount = Decimal("999999999999.99")
    class_id = programme.coupon_class(owner, amount=amount)
    codes = programme.mint(owner, count=12)
    for code in codes:
        redeem_coupon(programme.call(), account, code)
    count_all(programme)
    assert class_figures(programme.call(), class_id).money[0].granted == 12 * amount


def test_what_draws_without_bound_is_told_by_the_ledger(
    programme: Programme, owner: int, account: int
) -> None:
    class_id = programme.coupon_class(owner, amount=Decimal(0), percent_off=Decimal(10))
    redeem_coupon(programme.call(), account, programme.mint(owner)[0])
    programme.spend(account, "70")
    reverse_spend(programme.call(), account, programme.spend(account, "50").reference)
    figures = class_figures(programme.call(), class_id)
    assert figures.money == (MoneyFigures("USD", Decimal(0), Decimal(7)),)
    assert (figures.funnel.active, figures.funnel.depleted) == (1, 0)


def test_work_at_hand_is_counted(programme: Programme, clock: Clock, owner: int) -> None:
    programme.coupon_class(owner)
    new = NewCreationJob(customer_id=owner, class_name="Spring", number_of_coupons=3)
    add_creation_job(programme.call(), new)
    programme.mint(owner, count=5)
    emails: list[str | None] = [f"kim{number}@example.com" for number in range(3)]
    dispatch_coupons(programme.call(), emails, owner, "Spring")
    values = {"state": MessageState.FAILED.value, "attempts_count": 1, "last_error": "refused"}
    programme.change(outbox, outbox.c.message_id == 1, **values)
    clock.move(hours=1)
    figures = programme_figures(programme.call(), None)
    assert figures.jobs.counts == {"pending": 1}
    assert figures.jobs.oldest_pending_at == START
    assert figures.mail is not None
    assert (figures.mail.queued, figures.mail.failed) == (2, 1)
    assert figures.mail.due_since == START
    assert programme_figures(programme.call(member(owner)), owner).mail is None
    assert programme_figures(programme.call(), programme.customer()).jobs.counts == {}


def test_figures_of_others_are_refused(programme: Programme, owner: int) -> None:
    class_id = programme.coupon_class(owner)
    stranger = programme.call(member(programme.customer()))
    for ask in (
        lambda: programme_figures(stranger, owner),
        lambda: programme_figures(stranger, None),
        lambda: class_figures(stranger, class_id),
        lambda: class_figures(stranger, 9999),
        lambda: figures_of_classes(stranger, owner, [class_id]),
    ):
        with pytest.raises(ServiceError) as refusal:
            ask()
        assert refusal.value.row is NOT_AUTHORIZED
    with pytest.raises(ServiceError) as refusal:
        class_figures(programme.call(), 9999)
    assert refusal.value.row is ENTITY_NOT_EXISTENT
