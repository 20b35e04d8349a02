"""What a scripted life is made of: a customer, its client, a mail server, a clock."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from email.headerregistry import Address
from email.message import EmailMessage
from threading import Event
from typing import Any

from service.domain.instants import parse_instant
from service.jobs.mail_templates import MailTemplates
from service.jobs.mail_worker import MailWorker
from service.jobs.smtp import SmtpTransport
from service.operations.check_database import check_database
from service.operations.outbox import Outbox
from service.operations.record_spend import record_spend, reverse_spend
from service.storage.tables import coupon
from tests.clients.callers import Caller
from tests.mail.server import MailServer
from tests.programme import Programme

Connect = Callable[[int, int], Caller]
LEASE = timedelta(minutes=5)
ATTEMPTS_MAX = 16
SENDER = Address("Contoso", addr_spec="coupons@example.com")

CLAIMED, WAITING, ACTIVE, USED_UP, EXPIRED = 1, 2, 3, 4, 5
"""Status as GetCouponInfo shows it; a coupon that nobody claimed or redeemed is not shown."""


@dataclass(frozen=True)
class Shown:
    """A redeemed coupon as SearchCoupons and GetCouponInfo show it alike; money as text."""

    status: int
    counted: str
    balance: str
    active_since: datetime | None = None


@dataclass
class Life:
    """A customer with an account, and what it does and sees through its client."""

    programme: Programme
    connect: Connect
    mails: MailServer
    customer_id: int = field(init=False)
    account_id: int = field(init=False)
    caller: Caller = field(init=False)

    def __post_init__(self) -> None:
        self.customer_id = self.programme.customer()
        self.account_id = self.programme.account(self.customer_id)
        self.caller = self.connect(self.customer_id, self.account_id)

    def at(self, text: str) -> datetime:
        """Move the clock to an instant; answers it."""
        self.programme.clock.now = parse_instant(text)
        return self.programme.clock.now

    # What the operator does.

    def mint(self, name: str = "Spring", **terms: Any) -> str:
        """One coupon of a new class: its code."""
        self.programme.coupon_class(self.customer_id, name, **terms)
        (code,) = self.programme.mint(self.customer_id, name)
        return code

    def hand_out(self, name: str = "Spring", **terms: Any) -> str:
        """One coupon of a new class, minted, sent, and read in the mail: its code."""
        code = self.mint(name, **terms)
        mail = self.dispatch(f"{name}@example.com", name)
        body = mail.get_body(("plain",))
        assert body is not None
        assert mail["To"] == self.found(code).SendToEmail == f"{name}@example.com"
        assert code in body.get_content()
        return code

    def spend(self, amount: str, account_id: int | None = None) -> str:
        """Report what the account spent now; answers what coupons gave for it."""
        spender = account_id or self.account_id
        return money(self.programme.spend(spender, amount).drawn)

    def spend_and_take_back(self, amount: str, meanwhile: Callable[[], None]) -> None:
        """Report a spend that is a mistake, and take it back after something else."""
        reference = "mistake"
        record_spend(self.programme.call(), self.account_id, Decimal(amount), reference)
        meanwhile()
        reverse_spend(self.programme.call(), self.account_id, reference)

    # What the customer does.

    def dispatch(self, email: str, name: str = "Spring") -> EmailMessage:
        """Send a coupon of the class; answers the mail that the mail server got."""
        assert self.caller.dispatch(self.customer_id, name, email) == []
        outbox = Outbox(self.programme.database, LEASE, ATTEMPTS_MAX, self.programme.clock)
        transport = SmtpTransport(self.mails.settings())
        MailWorker(outbox, MailTemplates(None), transport, SENDER).drain(Event())
        assert self.mails.envelope_recipients[-1] == email
        return self.mails.taken[-1]

    def redeem(self, code: str, account_id: int | None = None) -> datetime:
        redeemed_at: datetime = self.caller.redeem(account_id or self.account_id, code)
        return redeemed_at

    # What the customer sees.

    def found(self, code: str) -> Any:
        """The coupon as SearchCoupons shows it."""
        coupons = self.caller.search(
            ("CustomerId", "Equals", str(self.customer_id)),
            fields=self.caller.flags("CouponClaimInfo"),
        )
        (found,) = (it for it in coupons if it.CouponCode == code)
        return found

    def info(self, code: str) -> Any:
        """The coupon as GetCouponInfo shows it; None while nobody has it."""
        (coupon_id,) = (
            row["coupon_id"] for row in self.programme.rows(coupon) if row["code"] == code
        )
        infos = self.caller.call("GetCouponInfo", CustomerId=self.customer_id)
        every = infos.CouponInfoData if infos else []
        return next((it for it in every if it.CouponId == coupon_id), None)

    def shown(self, code: str) -> Shown:
        """What both operations show of a redeemed coupon, having made sure that they agree."""
        assert check_database(self.programme.call()).is_clean
        found, info = self.found(code), self.info(code)
        redemption = found.RedemptionInfo
        assert found.IsRedeemed is True
        assert money(info.CouponValue) == money(found.Amount)
        assert money(info.SpendToThreshold) == money(found.SpendThreshold)
        assert info.AccountId == redemption.AccountId
        assert info.RedemptionDate == redemption.RedemptionDate
        assert info.ExpirationDate == redemption.ExpirationDate
        assert info.CurrencyCode == redemption.CurrencyCode == found.CurrencyCode
        assert money(info.Balance) == money(redemption.Balance)
        return Shown(
            info.Status,
            money(redemption.SpendToThreshold),
            money(redemption.Balance),
            redemption.ActivationDate,
        )


def money(value: Any) -> str:
    """An amount, whichever type the client has for it, in as few digits as say it."""
    return f"{Decimal(str(value)).normalize():f}"
