"""Every operation that changes something, with a call of it that changes as much as it can."""

import ast
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
from sqlalchemy import Connection

from service import operations
from service.domain.csv_import import CouponLine
from service.domain.deletion import DeletionFilters
from service.domain.errors import COUPON_NOT_FOUND
from service.domain.idempotency import KeyedRequest
from service.domain.jobs import JobStatus, LeasedJob
from service.domain.mail import MessageState
from service.domain.refusals import ServiceError
from service.domain.roles import Caller, Role
from service.operations.attempts import decide
from service.operations.calls import Call
from service.operations.claim_coupons import AccountCoupon, claim_coupons
from service.operations.classes import retire_class, show_class, update_class
from service.operations.create_for_recipients import create_coupons_for_recipients
from service.operations.creation_jobs import (
    NewCreationJob,
    add_creation_job,
    cancel_creation_job,
    create_creation_job,
    retry_creation_job,
)
from service.operations.deletion_jobs import create_deletion_job
from service.operations.dispatch_coupons import dispatch_coupons
from service.operations.distribute_coupons import Distribution, distribute_coupons
from service.operations.guesses import count_failures, guessing
from service.operations.idempotency import once
from service.operations.initialise import initialise
from service.operations.job_work import JobDesk
from service.operations.mint_coupons import mint_coupons
from service.operations.outbox import Outbox, _resend_next, resend_message
from service.operations.parties import add_account, add_customer
from service.operations.record_spend import record_spend, reverse_spend
from service.operations.redeem_coupon import redeem_coupon
from service.operations.subscriptions import add_subscription, end_subscription
from service.operations.update_coupons import update_coupons
from service.operations.users import (
    DEVELOPER,
    add_user,
    disable_user,
    issue_token,
    revoke_token,
    set_email,
    set_password,
)
from service.operations.windows import DatabaseWindows, Window
from service.operations.write_import import ImportWriter
from service.storage import imports
from service.storage.tables import coupon_batch
from tests.crash import console_changes, discount_changes
from tests.programme import Programme, terms

Change = Callable[[], object]

TEN = Decimal(10)
_FOLDER = Path(operations.__path__[0])
_WAYS_TO_WRITE = {"decide", "writing"}


def changing_operations() -> Iterator[str]:
    """The public functions and methods that begin a changing transaction, as ``module.name``."""
    for path in sorted(_FOLDER.glob("*.py")):
        if path.stem != "attempts":
            yield from (f"{path.stem}.{name}" for name in _changing(path))


def _changing(path: Path) -> Iterator[str]:
    module = ast.parse(path.read_text(encoding="utf-8"))
    scopes = [module, *(it for it in module.body if isinstance(it, ast.ClassDef))]
    functions = {
        node.name: {*_called(node)}
        for scope in scopes
        for node in scope.body
        if isinstance(node, ast.FunctionDef)
    }

    def writes(name: str, seen: frozenset[str] = frozenset()) -> bool:
        return name in _WAYS_TO_WRITE or any(
            writes(called, seen | {name}) for called in functions.get(name, set()) - seen
        )

    yield from (name for name in functions if not name.startswith("_") and writes(name))


def _called(function: ast.FunctionDef) -> Iterator[str]:
    """The functions and methods of the module that it calls, and ways to write."""
    for node in ast.walk(function):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Name):
            yield called.id
        elif isinstance(called, ast.Attribute):
            is_own = isinstance(called.value, ast.Name) and called.value.id == "self"
            # What another module calls the same is another thing.
            if is_own or called.attr in _WAYS_TO_WRITE:
                yield called.attr


def _refuse() -> None:
    raise ServiceError(COUPON_NOT_FOUND)


class Scenes:
    """A programme with something in every table, and a call of each operation on it."""

    def __init__(self, programme: Programme) -> None:
        self.programme = programme
        self.owner = programme.customer()
        self.account_id = programme.account(self.owner, email="kim@example.com")
        self.other_id = programme.account(self.owner, email="lea@example.com")
        programme.coupon_class(self.owner, feature_id=7)
        self.codes = programme.mint(self.owner, count=5)
        programme.coupon_class(self.owner, "Summer")
        self.batch_id = programme.rows(coupon_batch)[0]["batch_id"]
        self.redeemed = programme.coupon(self.owner)
        redeem_coupon(programme.call(), self.account_id, self.redeemed)
        record_spend(programme.call(), self.account_id, TEN, "first")
        dispatch_coupons(programme.call(), ["anna@example.com"], self.owner, "Spring")
        self.subscribe("first order")
        user_id = add_user(
            programme.call(), "kim", Role.STANDARD, self.owner, email="kim@example.com"
        )
        self.kim = Caller(user_id, "kim", {self.owner: Role.STANDARD})
        self.token_id = issue_token(programme.call(), "kim", DEVELOPER).token_id

    def subscribe(self, reference: str) -> int:
        """Add a subscription of the account."""
        plan = {"product_id": "ads", "rate_plan_id": "monthly"}
        return add_subscription(self.programme.call(), self.account_id, reference, **plan)

    def change(self, operation: str) -> Change:
        """A call of the operation, as ``changing_operations`` names it."""
        module, _, name = operation.partition(".")
        if module == "outbox":
            return self._mails(is_failed=name.startswith("resend"))[operation]
        if module in {"creation_jobs", "deletion_jobs", "job_work"}:
            return self._jobs()[operation]
        if module == "write_import":
            return self._imports()[operation]
        if module in console_changes.MODULES or name == "set_own_password":
            return console_changes.console_changes(self.programme, self.kim)[operation]
        if module in discount_changes.MODULES:
            return discount_changes.discount_changes(self.programme, self.owner)[operation]
        others = (self._counted, self._coupons, self._programmes, self._users)
        return {name: change for made in others for name, change in made().items()}[operation]

    def _counted(self) -> dict[str, Change]:
        programme, call = self.programme, self.programme.call(self.kim)

        def guess_wrong() -> None:
            with suppress(ServiceError):
                guessing(call, _refuse)

        windows = DatabaseWindows(programme.database, programme.clock)
        return {
            "guesses.count_failures": lambda: count_failures(
                programme.database, [bytes(32)], 10, call.now
            ),
            "guesses.guessing": guess_wrong,
            "windows.count": lambda: windows.count([Window("user", 1, 10)]),
        }

    def _coupons(self) -> dict[str, Change]:
        call = self.programme.call
        pairs = [AccountCoupon(self.account_id, code) for code in self.codes]
        distribution = Distribution(
            account_ids=[self.account_id, self.other_id],
            class_name="Spring",
            send_notification=True,
        )
        request = KeyedRequest("key", "RedeemCoupon", bytes(32))
        emails: list[str | None] = ["ben@example.com", "cleo@example.com"]
        return {
            "create_for_recipients.create_coupons_for_recipients": lambda: (
                create_coupons_for_recipients(
                    call(), self.owner, "Summer", [self.account_id, self.other_id]
                )
            ),
            "update_coupons.update_coupons": lambda: update_coupons(
                call(), self.owner, terms(amount=TEN), batch_id=self.batch_id
            ),
            "claim_coupons.claim_coupons": lambda: claim_coupons(call(), pairs[-1:]),
            "dispatch_coupons.dispatch_coupons": lambda: dispatch_coupons(
                call(), list(emails), self.owner, "Spring"
            ),
            "distribute_coupons.distribute_coupons": lambda: distribute_coupons(
                call(), distribution
            ),
            "idempotency.once": lambda: once(
                call(self.kim), request, timedelta(hours=24), self._redeem_and_answer
            ),
            "record_spend.record_spend": lambda: record_spend(
                call(), self.account_id, TEN, "second"
            ),
            "record_spend.reverse_spend": lambda: reverse_spend(call(), self.account_id, "first"),
            "redeem_coupon.redeem_coupon": lambda: redeem_coupon(
                call(), self.other_id, self.codes[-1]
            ),
        }

    def _redeem_and_answer(self, call: Call) -> str:
        return str(redeem_coupon(call, self.other_id, self.codes[-1]))

    def _programmes(self) -> dict[str, Change]:
        call, owner = self.programme.call, self.owner
        return {
            "classes.add_class": lambda: self.programme.coupon_class(owner, "Autumn"),
            "classes.retire_class": lambda: retire_class(call(), owner, "Spring"),
            "classes.update_class": lambda: update_class(
                call(), owner, "Spring", lambda _: terms(amount=TEN)
            ),
            "mint_coupons.mint_coupons": lambda: mint_coupons(call(), owner, "Spring", 3),
            "parties.add_account": lambda: add_account(call(), owner, "X9999999", "USD", None),
            "parties.add_customer": lambda: add_customer(call(), "Another"),
            "subscriptions.add_subscription": lambda: self.subscribe("second order"),
            "subscriptions.end_subscription": lambda: end_subscription(call(), "first order"),
        }

    def _users(self) -> dict[str, Change]:
        call = self.programme.call
        return {
            "users.add_user": lambda: add_user(call(), "lea", Role.READ_ONLY, self.owner),
            "users.disable_user": lambda: disable_user(call(), "kim"),
            "users.issue_token": lambda: issue_token(call(), "kim", DEVELOPER),
            "users.revoke_token": lambda: revoke_token(call(), self.token_id),
            "users.set_email": lambda: set_email(call(), "kim", "k@example.com"),
            "users.set_password": lambda: set_password(call(), "kim", "another password"),
        }

    def _mails(self, *, is_failed: bool) -> dict[str, Change]:
        """Calls on a message that a worker has taken or, if it is to be resent, that failed."""
        call = self.programme.call
        worker = Outbox(self.programme.database, timedelta(minutes=5), 3, self.programme.clock)
        dispatch_coupons(call(), ["taken@example.com"], self.owner, "Spring")
        delivery = worker.take()
        assert delivery is not None
        message = delivery.message
        if is_failed:
            worker.mark_failed(message, "no such user")
        return {
            "outbox.take": worker.take,
            "outbox.mark_sent": lambda: worker.mark_sent(message),
            "outbox.mark_failed": lambda: worker.mark_failed(message, "no such user"),
            "outbox.put_off": lambda: worker.put_off(message, "busy"),
            "outbox.resend_message": lambda: resend_message(call(), message.message_id),
            # Its batches are the transactions: called again, it goes on where it stopped.
            "outbox.resend_messages": lambda: _resend_next(call(), MessageState.FAILED, 0),
        }

    def _jobs(self) -> dict[str, Change]:
        """Calls on a job that is new, one that a worker has taken, and one that failed."""
        call, owner = self.programme.call, self.owner
        desk = JobDesk(self.programme.database, timedelta(minutes=5), 3, clock=self.programme.clock)
        new = NewCreationJob(customer_id=owner, class_name="Spring", number_of_coupons=5)
        many = replace(new, number_of_coupons=20_001)
        # Whoever creates it is told of its end.
        failed, taken, untouched = (add_creation_job(call(self.kim), new) for _ in range(3))
        leased = desk.take()
        assert leased is not None
        assert leased.job_id == failed.job_id
        desk.fail(leased, "disk full", is_permanent=True)
        held = desk.take()
        assert held is not None
        assert held.job_id == taken.job_id

        def finish(connection: Connection, job: LeasedJob) -> None:
            desk.end(connection, job, JobStatus.CANCELLED)

        return {
            "creation_jobs.add_creation_job": lambda: add_creation_job(call(), new),
            "creation_jobs.create_creation_job": lambda: create_creation_job(call(), many),
            "creation_jobs.cancel_creation_job": lambda: cancel_creation_job(
                call(), untouched.job_id
            ),
            "creation_jobs.retry_creation_job": lambda: retry_creation_job(call(), failed.job_id),
            "deletion_jobs.create_deletion_job": lambda: create_deletion_job(
                call(), owner, "Spring", DeletionFilters()
            ),
            "job_work.do_chunk": lambda: desk.do_chunk(held, finish),
            "job_work.fail": lambda: desk.fail(held, "disk full", is_permanent=True),
            "job_work.give_back": lambda: desk.give_back(held),
            "job_work.take": desk.take,
        }

    def _imports(self) -> dict[str, Change]:
        """Transactions of an import that has written one coupon of two."""
        call = self.programme.call()
        meant = show_class(call, self.owner, "Spring")
        writer = ImportWriter(call, meant, 2, [meant.terms])
        lines = [CouponLine(number, f"IMPORTED{number}", 0) for number in (2, 3)]
        writer.add(lines[:1], np.array([0]))
        other = ImportWriter(call, meant, 1, [meant.terms])
        return {
            "write_import.add": lambda: writer.add(lines[1:], np.array([1])),
            "write_import.give_up": lambda: writer.give_up(other.batch_id),
            # Each is several transactions, and can be called again: these are the last ones.
            "write_import.finish": lambda: writer._decide(writer._finish),
            "write_import.remove_import": lambda: decide(
                call.database, lambda it: imports.remove_batch(it, other.batch_id)
            ),
        }


def change_of(programme: Programme, operation: str) -> Change:
    """A call of the operation on a programme that is empty until now."""
    if operation == "initialise.initialise":
        # Only an empty database is given its first customer.
        return lambda: initialise(programme.call(), programme.database)
    return Scenes(programme).change(operation)
