"""A programme in which everything has happened that the operations can do, and its undoing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from sqlalchemy import Connection, Table, and_, delete, insert, select, update

from service.domain.csv_import import CouponLine
from service.domain.deletion import DeletionFilters
from service.domain.idempotency import KeyedRequest
from service.domain.mail import MessageState
from service.domain.roles import Caller, Role
from service.domain.terms import CouponType
from service.operations.calls import Call
from service.operations.claim_coupons import AccountCoupon, claim_coupons
from service.operations.classes import retire_class, show_class, update_class
from service.operations.create_for_recipients import create_coupons_for_recipients
from service.operations.creation_jobs import (
    NewCreationJob,
    add_creation_job,
    cancel_creation_job,
)
from service.operations.deletion_jobs import create_deletion_job
from service.operations.dispatch_coupons import dispatch_coupons
from service.operations.distribute_coupons import Distribution, distribute_coupons
from service.operations.idempotency import once
from service.operations.initialise import initialise
from service.operations.job_work import JobDesk
from service.operations.outbox import Outbox, resend_message, resend_messages
from service.operations.record_spend import record_spend, reverse_spend
from service.operations.redeem_coupon import redeem_coupon
from service.operations.subscriptions import add_subscription, end_subscription
from service.operations.update_coupons import update_coupons
from service.operations.users import (
    add_user,
    disable_user,
    issue_token,
    revoke_token,
    set_email,
    set_password,
)
from service.operations.work_on_jobs import work_on_next_job
from service.operations.write_import import ImportWriter
from service.storage.tables import audit, coupon
from tests.operations.discounted import Discounted
from tests.programme import START, Programme, terms

FEATURE = 7
LEASE = timedelta(minutes=5)
NOBODY = 10**9
"""The number of nothing."""


@dataclass
class Lived:
    """The programme, and the numbers of what is in it by the names that tests give."""

    programme: Programme
    ids: dict[str, int] = field(default_factory=dict)

    def __getitem__(self, name: str) -> int:
        return self.ids[name]

    def build(self) -> None:
        """Do everything once."""
        initialise(self.programme.call(), self.programme.database)
        self.ids["owner"], self.ids["other"] = self.programme.customer(), self.programme.customer()
        for name, currency, email in (
            ("spender", "USD", None),
            ("waiter", "USD", "waiter@example.com"),
            ("idler", "USD", "idler@example.com"),
            ("yen", "JPY", None),
        ):
            self.ids[name] = self.programme.account(self["owner"], currency, email)
        self._subscribe()
        self._employ()
        self._hand_out()
        self._redeem()
        self._spend()
        self._deliver()
        self._change_terms()
        self._work()
        self._discount()
        self._leave_an_import()

    def _subscribe(self) -> None:
        for name in ("running", "ended"):
            self.ids[f"{name} subscription"] = add_subscription(
                self.programme.call(), self["waiter"], name, product_id="ads", rate_plan_id="year"
            )
        self._later()
        end_subscription(self.programme.call(), "ended")

    def _employ(self) -> None:
        call = self.programme.call()
        for name in ("Kim", "Lee"):
            self.ids[name] = add_user(call, name, Role.STANDARD, self["owner"])
            self.ids[f"{name}'s token"] = issue_token(call, name, "developer").token_id
        self.ids["revoked token"] = issue_token(call, "Kim", "developer").token_id
        set_password(call, "Kim", "a secret")
        set_email(call, "Kim", "kim@example.com")
        self._later()
        self._ask_with_a_key()
        revoke_token(self.programme.call(), self["revoked token"])
        disable_user(self.programme.call(), "Lee")

    def _ask_with_a_key(self) -> None:
        request = KeyedRequest(key="key", operation="DispatchCoupons", body_digest=bytes(32))
        assert once(self._call_of_kim(), request, LEASE, lambda _call: "<reply/>").reply

    def _hand_out(self) -> None:
        owner = self["owner"]
        for name, changes in {
            "Spring": {},
            "Feature": {"feature_id": FEATURE},
            "Yen": {"currency_code": "JPY"},
            "Retired": {},
        }.items():
            self.ids[name] = self.programme.coupon_class(owner, name, **changes)
            self.programme.mint(owner, name, 2)
        self.programme.mint(owner, "Spring", 2)
        self._later()
        dispatched = ["anna@example.com", "bela@example.com"]
        assert dispatch_coupons(self.programme.call(), dispatched, owner, "Spring") == []
        self._later()
        update_class(
            self.programme.call(), owner, "Spring", lambda old: replace(old, end_date=None)
        )
        retire_class(self.programme.call(), owner, "Retired")
        code = self._coupon("claimed", feature_id=FEATURE)
        pair = AccountCoupon(self["spender"], code)
        assert claim_coupons(self.programme.call(), [pair]).errors == []
        request = Distribution(
            account_ids=[self["waiter"]], class_name="Feature", send_notification=True
        )
        assert distribute_coupons(self.programme.call(), request) == []
        self._later()

    def _coupon(self, name: str, **changes: Any) -> str:
        code = self.programme.coupon(self["owner"], **changes)
        self.ids[name] = self.only(coupon, coupon.c.code == code)["coupon_id"]
        return code

    def _redeem(self) -> None:
        claimed = self.only(coupon, coupon.c.coupon_id == self["claimed"])["code"]
        for name, account, changes in (
            ("amount", "spender", {"spend_threshold": Decimal(10), "active_duration": 30}),
            (
                "percentage",
                "spender",
                {"percent_off": Decimal(10), "start_date": START, "end_date": START + LEASE * 99},
            ),
            ("unbounded", "waiter", {"percent_off": Decimal(10), "amount": Decimal(0)}),
            ("acquisition", "idler", {"coupon_type": CouponType.ACQUISITION}),
        ):
            code = self._coupon(name, **changes)
            redeem_coupon(self.programme.call(), self[account], code)
            self._later()
        redeem_coupon(self.programme.call(), self["spender"], claimed)
        self._coupon("unused")
        self._later()

    def _spend(self) -> None:
        for name, account, amount in (
            ("first", "waiter", "30"),
            ("threshold", "spender", "10"),
            ("drawn", "spender", "40"),
            ("reversed", "spender", "5"),
            ("using up", "idler", "50"),
            ("last", "waiter", "20"),
        ):
            spent = record_spend(self.programme.call(), self[account], Decimal(amount), name)
            self.ids[name] = spent.spend_id
            self._later()
        reverse_spend(self.programme.call(), self["spender"], "reversed")
        self._later()

    def _deliver(self) -> None:
        """Of three messages one is sent, and one fails; one is sent again."""
        worker = Outbox(self.programme.database, LEASE, 16, self.programme.clock)
        for name in ("sent", "failed", "distributed"):
            delivery = worker.take()
            assert delivery is not None
            self.ids[name] = delivery.message.message_id
            if name == "failed":
                worker.mark_failed(delivery.message, "no such mailbox")
            else:
                worker.mark_sent(delivery.message)
        resend_message(self.programme.call(), self["distributed"])
        assert resend_messages(self.programme.call(), MessageState.SENT) == 1
        delivery = worker.take()
        assert delivery is not None
        worker.mark_sent(delivery.message)

    def _work(self) -> None:
        """Of three jobs one makes coupons, one is cancelled, and one deletes a coupon."""
        owner = self["owner"]
        for name in ("Bulk", "Deleted"):
            self.ids[name] = self.programme.coupon_class(owner, name)
        deleted = self.programme.mint(owner, "Deleted", 3)[0]
        for name, count in (("making", 3), ("cancelled", 2)):
            new = NewCreationJob(customer_id=owner, class_name="Bulk", number_of_coupons=count)
            job = add_creation_job(self._call_of_kim(), new)
            self.ids[f"{name} job"], self.ids[f"{name} batch"] = job.job_id, job.batch_id
            self._later()
        cancel_creation_job(self._call_of_kim(), self["cancelled job"])
        filters = DeletionFilters(value=deleted)
        deletion = create_deletion_job(self._call_of_kim(), owner, "Deleted", filters)
        self.ids["deletion job"] = deletion.job_id
        self.ids["deleted"] = self.only(coupon, coupon.c.code == deleted)["coupon_id"]
        desk = JobDesk(self.programme.database, LEASE, 3, clock=self.programme.clock)
        while work_on_next_job(desk):
            self._later()

    def _change_terms(self) -> None:
        """Of one coupon, and of a batch of which one is redeemed."""
        owner, call = self["owner"], self.programme.call()
        self.ids["Personal"] = self.programme.coupon_class(owner, "Personal")
        recipients = [self["waiter"], self["idler"]]
        made = create_coupons_for_recipients(call, owner, "Personal", recipients)
        self.ids["personal batch"] = made.batch_id
        (waiter, code), (_, other) = made.coupons
        self._later()
        redeem_coupon(self.programme.call(), waiter, code)
        mandatory = terms(is_reservation_mandatory=True, start_date=START)
        update_coupons(self.programme.call(), owner, mandatory, batch_id=made.batch_id)
        update_coupons(self.programme.call(), owner, terms(), coupon_code=other)
        self._later()

    def _discount(self) -> None:
        """Everything that coupons do which discount bills, for an account of their own."""
        scene = Discounted(self.programme, self["owner"])
        scene.build()
        self.ids |= scene.numbers()

    def _leave_an_import(self) -> None:
        """As one does whose process is killed."""
        call = self.programme.call()
        meant = show_class(call, self["owner"], "Bulk")
        writer = ImportWriter(call, meant, 2, [meant.terms])
        self.ids["left batch"] = writer.batch_id
        writer.add([CouponLine(2, "LEFTBEHIND", 0)], np.array([0], dtype=np.int64))

    def _call_of_kim(self) -> Call:
        kim = Caller(self["Kim"], "Kim", {self["owner"]: Role.STANDARD})
        return replace(self.programme.call(), caller=kim)

    def _later(self) -> None:
        self.programme.clock.move(minutes=1)

    def only(self, table: Table, where: Any) -> dict[str, Any]:
        """The one row of a table."""
        with self.programme.database.reading() as connection:
            return dict(connection.execute(select(table).where(where)).mappings().one())


@dataclass(frozen=True)
class Tampering:
    """A transaction that breaks things, and is undone."""

    connection: Connection
    lived: Lived

    def __getitem__(self, name: str) -> int:
        return self.lived[name]

    def set(self, table: Table, key: str | int, **values: Any) -> int:
        """Change the row of this number or name; answers its number."""
        number = self[key] if isinstance(key, str) else key
        (column,) = table.primary_key.columns
        changed = self.connection.execute(update(table).where(column == number).values(values))
        assert changed.rowcount == 1
        return number

    def rows(self, table: Table, **values: Any) -> list[dict[str, Any]]:
        """The rows with these values, oldest first."""
        where = [table.c[name] == value for name, value in values.items()]
        statement = select(table).where(*where).order_by(*table.primary_key.columns)
        return [dict(row) for row in self.connection.execute(statement).mappings()]

    def row(self, table: Table, **values: Any) -> dict[str, Any]:
        """The first row with these values."""
        return self.rows(table, **values)[0]

    def drop(self, table: Table, **values: Any) -> None:
        """Delete the rows with these values."""
        where = and_(*(table.c[name] == value for name, value in values.items()))
        assert self.connection.execute(delete(table).where(where)).rowcount >= 1

    def copy(self, table: Table, row: dict[str, Any], **changes: Any) -> int:
        """Insert a row again, under a new number, but for the changes; answers its number."""
        (column,) = table.primary_key.columns
        values = {**row, **changes}
        del values[column.name]
        key = self.connection.execute(insert(table).values(values)).inserted_primary_key
        assert key is not None
        return int(key[0])

    def entry(self, entity: str, name: str, action: str) -> dict[str, Any]:
        """The last entry of the audit log of this action on the entity."""
        return self.rows(audit, entity=entity, entity_id=self[name], action=action)[-1]

    def retell(self, entity: str, name: str, action: str, **after: Any) -> int:
        """Change what the entry says; answers its number."""
        entry = self.entry(entity, name, action)
        return self.set(audit, entry["audit_id"], after={**(entry["after"] or {}), **after})


Break = Callable[[Tampering], Any]
"""Breaks one rule; answers the number of what is to be reported, or a set of numbers."""


@contextmanager
def tampering(lived: Lived) -> Iterator[Tampering]:
    """Break things in a transaction that is undone in the end."""
    with lived.programme.database.engine.connect() as connection:
        yield Tampering(connection, lived)
        connection.rollback()
