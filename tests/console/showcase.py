"""A coupon programme in full swing, as the screenshots of the docs show it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from random import Random

from sqlalchemy import select

from service.domain.recorded import CallRecord
from service.domain.refusals import ServiceError
from service.domain.roles import COMMAND_LINE, Caller, Role
from service.operations.authentication import AUTHENTICATION, DEVELOPER
from service.operations.calls import Call
from service.operations.count_figures import FigureCounter
from service.operations.dispatch_coupons import dispatch_coupons
from service.operations.outbox import Outbox
from service.operations.parties import add_customer
from service.operations.record_spend import record_spend
from service.operations.redeem_coupon import redeem_coupon
from service.operations.users import add_user, issue_token
from service.storage.calls import add_calls
from service.storage.tables import coupon
from tests.programme import Programme

DAYS_COUNT = 30
PASSWORD = "correct horse battery staple"
CUSTOMER_NAME = "Contoso"
FIRST_NAMES = ("anna", "bela", "chidi", "dana", "emre", "fatou", "grace", "hana", "ivo", "june")
CLASSES: dict[str, tuple[int, dict[str, Decimal]]] = {
    "Spring 2026": (2_000, {"amount": Decimal(50), "spend_threshold": Decimal(25)}),
    "Welcome back": (800, {"amount": Decimal(75)}),
    "Partners": (700, {"amount": Decimal(120), "spend_threshold": Decimal(100)}),
}
"""How many coupons each has, and their terms."""


@dataclass
class Showcase:
    """Fills a programme day by day, the same each time.

    Attributes:
        programme: An empty one, whose clock stands at the first day; it is moved to the last.
    """

    programme: Programme
    random: Random = field(default_factory=lambda: Random(7))
    customer_id: int = 0
    shop: Caller = COMMAND_LINE
    accounts: list[int] = field(default_factory=list)
    sent: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in CLASSES})
    records: list[CallRecord] = field(default_factory=list)

    def fill(self) -> int:
        """Let a month pass; answers the number of the customer."""
        self._prepare()
        for _ in range(DAYS_COUNT):
            self.programme.clock.move(hours=21)
            for name in CLASSES:
                self._dispatch(name)
            for _ in range(self.random.randint(2, 11)):
                self.programme.clock.move(minutes=self.random.randint(2, 9))
                self._redeem()
            self.programme.clock.move(hours=1)
            self._spend()
        self._settle()
        return self.customer_id

    def _prepare(self) -> None:
        programme = self.programme
        self.customer_id = add_customer(programme.call(), CUSTOMER_NAME)
        add_user(
            programme.call(), "olga", Role.OPERATOR, None, PASSWORD, email="olga@contoso.example"
        )
        self._add_shop()
        for name, (count, changes) in CLASSES.items():
            programme.coupon_class(self.customer_id, name, pattern="####-####-####", **changes)
            programme.mint(self.customer_id, name, count)
        self.accounts = [programme.account(self.customer_id) for _ in range(40)]

    def _add_shop(self) -> None:
        call = self.programme.call()
        user_id = add_user(call, "web shop", Role.STANDARD, self.customer_id)
        for kind in (DEVELOPER, AUTHENTICATION):
            issue_token(self.programme.call(), "web shop", kind)
        self.shop = Caller(user_id, "web shop", {self.customer_id: Role.STANDARD})

    def _dispatch(self, name: str) -> None:
        count = self.random.randint(4, 20)
        begin = sum(map(len, self.sent.values()))
        emails: list[str | None] = [
            f"{self.random.choice(FIRST_NAMES)}.{begin + place}@mail.example"
            for place in range(count)
        ]
        self._call(
            "DispatchCoupons",
            lambda call: dispatch_coupons(call, emails, self.customer_id, name),
        )
        self.sent[name] += [str(email) for email in emails]

    def _redeem(self) -> None:
        name = self.random.choice([*CLASSES, "Spring 2026"])
        email = self.random.choice(self.sent[name])
        code = self._code_of(email)
        account_id = self.random.choice(self.accounts)
        self._call("RedeemCoupon", lambda call: redeem_coupon(call, account_id, code))

    def _code_of(self, email: str) -> str:
        statement = select(coupon.c.code).where(coupon.c.sent_to_email == email)
        with self.programme.database.reading() as connection:
            return str(connection.execute(statement).scalar_one())

    def _spend(self) -> None:
        for account_id in self.random.sample(self.accounts, 8):
            amount = Decimal(self.random.randint(500, 9_000)) / 100
            reference = f"invoice {self.programme.clock():%m%d%H}-{account_id}"
            record_spend(self.programme.call(), account_id, amount, reference, None)

    def _call(self, operation: str, ask: Callable[[Call], object]) -> None:
        """Do something for the shop, as over SOAP, and record it."""
        call = self.programme.call(self.shop)
        symbol, code = "ok", None
        try:
            ask(call)
        except ServiceError as error:
            symbol, code = error.row.symbol, error.row.code
        self.records.append(
            CallRecord(
                call.tracking_id,
                call.now,
                "CustomerBillingService",
                operation,
                self.shop.user_id,
                symbol,
                code,
                http_status=200 if code is None else 500,
                duration_ms=self.random.uniform(2, 9),
                request_bytes=self.random.randint(800, 1_400),
                response_bytes=self.random.randint(500, 900),
                is_replay=False,
            )
        )

    def _settle(self) -> None:
        """Do what a worker would have done meanwhile."""
        programme = self.programme
        with programme.database.writing() as connection:
            add_calls(connection, self.records)
        outbox = Outbox(programme.database, timedelta(minutes=5), 3, programme.clock)
        while (delivery := outbox.take()) is not None:
            is_late = delivery.message.message_id % 97 == 0
            if is_late:
                outbox.put_off(delivery.message, "451 4.7.1 Greylisted, try again later")
            else:
                outbox.mark_sent(delivery.message)
        counter = FigureCounter(programme.database, programme.clock)
        while counter.count_next() is not None:
            """Count them all."""
