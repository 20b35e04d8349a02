"""Random operations, run by the service and by the model; whatever is shown must agree."""

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import delete

from service.domain.coupons import Coupon as ShownCoupon
from service.domain.refusals import ServiceError
from service.domain.search import PAGE_SIZE_MAX, Paging, Predicate, SearchRequest
from service.domain.terms import CouponType
from service.operations.calls import Call
from service.operations.check_database import check_database
from service.operations.claim_coupons import AccountCoupon, claim_coupons
from service.operations.classes import retire_class
from service.operations.dispatch_coupons import dispatch_coupons
from service.operations.get_account_monthly_spend import get_account_monthly_spend
from service.operations.get_coupon_info import get_coupon_info
from service.operations.parties import list_accounts
from service.operations.record_spend import record_spend, reverse_spend
from service.operations.redeem_coupon import redeem_coupon
from service.operations.search_coupons import search_coupons
from service.storage import consistency
from service.storage.engine import Database
from service.storage.invariants.redemptions import LEDGER_EQUALITY
from service.storage.naming import metadata
from service.storage.tables import coupon as coupon_table
from service.storage.tables import ledger, redemption
from tests.programme import Clock, Programme, utc
from tests.property.model import Account, Coupon, CouponClass, Model, RefusedError, Spend
from tests.property.views import expected_coupon, expected_info, expected_spend, shown_spend

FIRST_NOON = utc(2024, 2, 28, 12)
TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)

AMOUNTS = st.sampled_from(["0.01", "5", "10", "20.5", "50"]).map(Decimal)
CENTS = st.integers(1, 6000).map(lambda cents: Decimal(cents) / 100)
PERCENTS = st.sampled_from(["0.5", "10", "12.5", "33.333333", "100"]).map(Decimal)
EMAILS = st.lists(
    st.sampled_from(["kim@example.com", "lee@example.com", "ann@example.com", "nobody"]),
    min_size=1,
    max_size=3,
)
DISTANCES = st.sampled_from([TICK, timedelta(hours=1), DAY, 2 * DAY, 29 * DAY, 30 * DAY, 31 * DAY])
AROUND = st.sampled_from([-TICK, 0 * TICK, TICK])


def mostly(value: Any, *others: Any) -> st.SearchStrategy[Any]:
    """The value, and in one case of six one of the others."""
    return st.sampled_from([value] * 5 * len(others) + list(others))


def whole_amount(amount: Decimal, currency: str) -> Decimal:
    """Yen have no smaller unit."""
    return amount if currency == "USD" else (amount * 100).quantize(Decimal(1))


def _answer_or_symbol(action: Callable[[], Any]) -> Any:
    try:
        return action()
    except ServiceError as refusal:
        return refusal.row.symbol
    except RefusedError as refusal:
        return refusal.args[0]


class Programmes(RuleBasedStateMachine):
    """Two customers with two accounts each, their classes, their coupons, their spend."""

    database: Database
    randomness: Random
    """What codes and places are drawn from."""

    def __init__(self) -> None:
        super().__init__()
        with self.database.writing() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(delete(table))
        self.clock = Clock(FIRST_NOON)
        self.programme = Programme(self.database, self.clock)
        self.model = Model()
        self.names = (f"Class {number}" for number in itertools.count(10))
        self.references = (f"invoice {number}" for number in itertools.count(1))

    # What the two answer.

    def agree(self, real: Callable[[], Any], expected: Callable[[], Any]) -> None:
        """Both answer the same, or both refuse for the same reason."""
        # The service comes first: what it is asked must not depend on what the model does.
        answer = _answer_or_symbol(real)
        assert answer == _answer_or_symbol(expected)

    @property
    def now(self) -> datetime:
        return self.clock()

    @property
    def customers(self) -> list[int]:
        return sorted({account.customer for account in self.model.accounts})

    def search(self, customer: int) -> tuple[ShownCoupon, ...]:
        """Every coupon of the customer as SearchCoupons shows it; a run has no second page."""
        request = SearchRequest(
            predicates=[Predicate("CustomerId", "Equals", str(customer))],
            page_info=Paging(0, PAGE_SIZE_MAX),
            return_additional_fields=["CouponClaimInfo"],
        )
        found = search_coupons(self.programme.call(), request)
        assert len(found) < PAGE_SIZE_MAX
        return found

    # How a programme grows.

    @initialize(data=st.data(), count=st.integers(2, 3), seed=st.integers(0, 2**32))
    def begin(self, data: st.DataObject, count: int, seed: int) -> None:
        # A run must be the same when it is run again: places decide between coupons.
        self.randomness.seed(seed)
        for currencies in (("USD", "USD"), ("USD", "JPY")):
            customer = self.programme.customer()
            for currency in currencies:
                self.programme.account(customer, currency)
            self.model.accounts += [
                Account(it.account_id, it.number, customer, it.currency_code)
                for it in list_accounts(self.programme.call(), customer)
            ]
        for _ in range(count):
            self.add_class(data, 3)
            for _ in range(2):
                self.redeem(data)

    @rule(data=st.data(), count=st.integers(1, 3), what=mostly("mint", "add", "retire"))
    def change_classes(self, data: st.DataObject, count: int, what: str) -> None:
        in_use = [terms for terms in self.model.classes if not terms.is_retired]
        if what == "add" or not in_use:
            self.add_class(data, count)
        elif what == "mint":
            self.mint(data.draw(st.sampled_from(in_use)), count)
        else:
            self.retire(data.draw(st.sampled_from(in_use)))

    def add_class(self, data: st.DataObject, count: int) -> None:
        terms = self.draw_terms(data)
        self.programme.coupon_class(
            terms.customer,
            terms.name,
            feature_id=terms.feature,
            coupon_type=CouponType(terms.kind),
            currency_code=terms.currency,
            amount=terms.amount,
            percent_off=terms.percent,
            spend_threshold=terms.threshold,
            active_duration=terms.days,
            start_date=terms.start,
            end_date=terms.end,
            expiration_date=terms.expires,
        )
        self.model.classes.append(terms)
        self.mint(terms, count)

    def draw_terms(self, data: st.DataObject) -> CouponClass:
        draw = data.draw
        currency = draw(mostly("USD", "JPY"))
        percent = draw(st.one_of(st.none(), PERCENTS))
        amount = draw(AMOUNTS if percent is None else mostly(Decimal(10), Decimal(0)))
        return CouponClass(
            name=next(self.names),
            customer=draw(st.sampled_from(self.customers)),
            kind=draw(mostly("Retention", "Acquisition")),
            currency=currency,
            amount=whole_amount(amount, currency),
            percent=percent,
            threshold=whole_amount(
                draw(mostly(Decimal(0), Decimal(10), Decimal("25.25"))), currency
            ),
            days=draw(mostly(None, 1, 30)),
            start=draw(mostly(None, self.now, self.now + TICK)),
            end=draw(mostly(None, self.now + DAY, self.now + 30 * DAY)),
            expires=draw(mostly(None, self.now + 2 * DAY, self.now + 40 * DAY)),
            feature=draw(st.sampled_from([None, 7, 8])),
        )

    def mint(self, terms: CouponClass, count: int) -> None:
        """Their order is drawn by the service: the model takes it over, once and for all."""
        codes = set(self.programme.mint(terms.customer, terms.name, count))
        assert len(codes) == count
        ids = {row["code"]: row["coupon_id"] for row in self.programme.rows(coupon_table)}
        self.model.coupons += [
            Coupon(ids[shown.coupon_code], shown.coupon_code, terms)
            for shown in self.search(terms.customer)
            if shown.coupon_code in codes
        ]

    def retire(self, terms: CouponClass) -> None:
        retire_class(self.programme.call(), terms.customer, terms.name)
        terms.is_retired = True

    # What is done with coupons.

    @rule(data=st.data(), emails=EMAILS)
    def dispatch(self, data: st.DataObject, emails: list[str]) -> None:
        terms = data.draw(st.sampled_from(self.model.classes))

        def dispatched() -> list[tuple[int, str]]:
            call = self.programme.call()
            errors = dispatch_coupons(call, list(emails), terms.customer, terms.name)
            return [(error.index, error.row.symbol) for error in errors]

        self.agree(dispatched, lambda: self.model.dispatch(terms, emails, self.now))

    @rule(data=st.data())
    def claim(self, data: st.DataObject) -> None:
        account, coupon = self.draw_pair(data)
        of_feature = [it for it in self.model.coupons if it.terms.feature] or [coupon]
        coupon = data.draw(mostly(data.draw(st.sampled_from(of_feature)), coupon))

        def claimed() -> datetime:
            pair = AccountCoupon(account.account_id, coupon.code)
            outcome = claim_coupons(self.programme.call(), [pair])
            for error in outcome.errors:
                raise ServiceError(error.row)
            return outcome.claims[0].claimed_at

        self.agree(claimed, lambda: self.model.claim(account, coupon, self.now))

    @rule(data=st.data())
    def redeem(self, data: st.DataObject) -> None:
        account, coupon = self.draw_pair(data)
        self.agree(
            lambda: redeem_coupon(self.programme.call(), account.account_id, coupon.code),
            lambda: self.model.redeem(account, coupon, self.now),
        )

    def draw_pair(self, data: st.DataObject) -> tuple[Account, Coupon]:
        """An account and a coupon, mostly one that nobody has redeemed in its currency."""
        account = data.draw(mostly(self.model.accounts[0], *self.model.accounts[1:]))
        fitting = [
            coupon
            for coupon in self.model.coupons
            if coupon.account is None and coupon.terms.currency == account.currency
        ]
        choice = data.draw(mostly(fitting or self.model.coupons, self.model.coupons))
        return account, data.draw(st.sampled_from(choice))

    # Spend.

    @rule(data=st.data(), amount=CENTS)
    def spend(self, data: st.DataObject, amount: Decimal) -> None:
        redeemed = [coupon.account for coupon in self.model.coupons if coupon.account]
        choice = data.draw(mostly(redeemed or self.model.accounts, self.model.accounts))
        account = data.draw(st.sampled_from(choice))
        amount = whole_amount(amount, account.currency)
        self.record(account, amount, next(self.references), self.draw_date(data))

    @precondition(lambda self: any(coupon.account for coupon in self.model.coupons))
    @rule(data=st.data(), beside=st.sampled_from([-1, 0, 1]))
    def spend_what_is_missing(self, data: st.DataObject, beside: int) -> None:
        """To the threshold or to the end of a coupon, and one unit beside it."""
        redeemed = [coupon for coupon in self.model.coupons if coupon.account]
        coupon = data.draw(st.sampled_from(redeemed))
        unit = Decimal("0.01") if coupon.terms.currency == "USD" else Decimal(1)
        amount = (coupon.missing or coupon.left) + beside * unit
        self.record(coupon.account, amount, next(self.references), self.draw_date(data))

    @precondition(lambda self: self.model.spends)
    @rule(data=st.data(), is_same=mostly(True, False))
    def repeat(self, data: st.DataObject, is_same: bool) -> None:
        (customer, reference), first = data.draw(self.known_spends())
        account, amount, at = first.account, first.amount, first.spent_at
        if not is_same:
            of_customer = [it for it in self.model.accounts if it.customer == customer]
            account = data.draw(st.sampled_from(of_customer))
            amount += data.draw(st.sampled_from([0, 1]))
            at -= data.draw(st.sampled_from([0 * TICK, TICK]))
        self.record(account, amount, reference, data.draw(st.sampled_from([None, at])))

    @precondition(lambda self: self.model.spends)
    @rule(data=st.data())
    def reverse(self, data: st.DataObject) -> None:
        (_, reference), first = data.draw(self.known_spends())
        account = data.draw(mostly(first.account, self.model.accounts[0]))
        self.agree_on_spend(
            lambda call: reverse_spend(call, account.account_id, reference),
            lambda: self.model.reverse(account, reference),
        )

    def known_spends(self) -> st.SearchStrategy[Any]:
        return st.sampled_from(list(self.model.spends.items()))

    def record(
        self, account: Account, amount: Decimal, reference: str, at: datetime | None
    ) -> None:
        self.agree_on_spend(
            lambda call: record_spend(call, account.account_id, amount, reference, at),
            lambda: self.model.record(account, amount, reference, at, self.now),
        )

    def agree_on_spend(self, real: Callable[[Call], Any], expected: Callable[[], Spend]) -> None:
        self.agree(
            lambda: shown_spend(real(self.programme.call())), lambda: expected_spend(expected())
        )

    @rule(data=st.data())
    def ask_for_a_month(self, data: st.DataObject) -> None:
        account = data.draw(st.sampled_from(self.model.accounts))
        instant = self.draw_date(data) or self.now
        spent = get_account_monthly_spend(self.programme.call(), account.account_id, instant)
        assert spent == self.model.month(account, instant)

    def draw_date(self, data: st.DataObject) -> datetime | None:
        """Now, some time ago, or beside something that happened or will."""
        if data.draw(mostly(True, False, False)):
            return None
        bounds = [self.now, FIRST_NOON]
        for coupon in self.model.coupons:
            if coupon.account:
                bounds += [coupon.redeemed_at, coupon.expires_at, coupon.activated_at or self.now]
        bounds = [bound for bound in bounds if bound <= self.now]
        return data.draw(st.sampled_from(bounds)) + data.draw(AROUND)

    @rule(data=st.data(), distance=DISTANCES)
    def move_the_clock(self, data: st.DataObject, distance: timedelta) -> None:
        """By some distance, or to the side of a bound that lies ahead."""
        ahead = [bound for bound in self.bounds() if self.now < bound < self.now + 50 * DAY]
        if ahead and data.draw(st.booleans()):
            bound = data.draw(st.sampled_from(ahead)) + data.draw(AROUND)
            self.clock.now = max(self.now, bound)
        else:
            self.clock.now += distance

    def bounds(self) -> list[datetime]:
        bounds = {coupon.expires_at for coupon in self.model.coupons if coupon.account}
        for terms in self.model.classes:
            bounds |= {at for at in (terms.start, terms.end, terms.expires) if at}
        return sorted(bounds)

    # What is shown after each step, and what never happens.

    @invariant()
    def searches_agree(self) -> None:
        for customer in self.customers:
            theirs = [it for it in self.model.coupons if it.terms.customer == customer]
            theirs.sort(key=lambda coupon: coupon.terms.name)
            assert self.search(customer) == tuple(map(expected_coupon, theirs))

    @invariant()
    def infos_agree(self) -> None:
        for customer in self.customers:
            infos = get_coupon_info(self.programme.call(), customer)
            theirs = [it for it in self.model.coupons if it.holder_customer == customer]
            theirs.sort(key=lambda coupon: (coupon.taken_at, coupon.coupon_id))
            assert infos == [expected_info(it, self.now) for it in theirs]

    @invariant()
    def the_ledger_bears_it_out(self) -> None:
        with self.database.reading() as connection:
            assert consistency.check(connection, [LEDGER_EQUALITY]).is_clean
        drawn = sum(
            -line["drawn"] if line["is_reversal"] else line["drawn"]
            for line in self.programme.rows(ledger)
        )
        assert drawn == self.model.drawn

    @invariant()
    def balances_and_activity_have_bounds(self) -> None:
        rows = self.programme.rows(redemption)
        assert all(0 <= row["balance"] <= row["granted"] for row in rows)
        active = [row["account_id"] for row in rows if row["is_active"]]
        assert len(active) == len(set(active))

    def teardown(self) -> None:
        """Every rule holds: a run ends anywhere, and what breaks a rule mostly stays."""
        assert check_database(self.programme.call()).is_clean
