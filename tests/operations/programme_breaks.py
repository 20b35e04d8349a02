"""How each rule of programmes, coupons, spend and mail is broken, and that rule alone."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import update

from service.storage.party_tables import membership, service_user, token
from service.storage.tables import (
    audit,
    coupon,
    coupon_batch,
    coupon_class,
    coupon_place,
    coupon_terms,
    creation_job,
    deletion_job,
    idempotency_key,
    job,
    ledger,
    outbox,
    redemption,
    spend,
)
from tests.operations.audit_breaks import retell_minting
from tests.operations.lived import FEATURE, NOBODY, Break, Tampering
from tests.programme import START

TICK = timedelta(microseconds=1)
CENT = Decimal("0.01")


def terms_of(it: Tampering, name: str) -> int:
    return int(it.row(coupon, coupon_id=it[name])["terms_id"])


def change_terms(it: Tampering, name: str, **values: Any) -> int:
    """Change the terms that the coupon alone has; answers its number."""
    it.set(coupon_terms, terms_of(it, name), **values)
    return it[name]


def redeem_between(it: Tampering, name: str, **dates: datetime) -> int:
    """Change when a coupon starts or ends, which its batch tells as well."""
    if "start_date" in dates:
        batch_id = it.row(coupon, coupon_id=it[name])["batch_id"]
        it.set(coupon_batch, batch_id, start_date=dates["start_date"])
    return change_terms(it, name, **dates)


def swap_classes(it: Tampering) -> set[int]:
    """Of two coupons."""
    first, second = it.row(coupon, class_id=it["Spring"]), it.row(coupon, class_id=it["Yen"])
    it.set(coupon, first["coupon_id"], class_id=second["class_id"])
    it.set(coupon, second["coupon_id"], class_id=first["class_id"])
    return {first["coupon_id"], second["coupon_id"]}


def count_once_more(it: Tampering) -> int:
    count = it.row(coupon_class, class_id=it["Spring"])["coupons_count"]
    return it.set(coupon_class, "Spring", coupons_count=count + 1)


def batch_of(it: Tampering, class_name: str) -> int:
    """The first batch of a class; it has two coupons."""
    return int(it.row(coupon_batch, class_id=it[class_name])["batch_id"])


def place_differently(it: Tampering, batch_id: int, place: int, **values: int) -> int:
    is_meant = (coupon_place.c.batch_id == batch_id, coupon_place.c.seq == place)
    it.connection.execute(update(coupon_place).where(*is_meant).values(values))
    return batch_id


def move_place(it: Tampering, class_name: str, old: int, new: int) -> int:
    """Which the coupon knows."""
    batch_id = batch_of(it, class_name)
    moved = it.row(coupon, batch_id=batch_id, seq=old)
    it.set(coupon, moved["coupon_id"], seq=new)
    return place_differently(it, batch_id, old, seq=new)


def drop_last_place(it: Tampering) -> int:
    it.drop(coupon_place, batch_id=batch_of(it, "Yen"), seq=1)
    return batch_of(it, "Yen")


def place_twice(it: Tampering) -> int:
    """A coupon of a batch at a place of a later one of the class."""
    first, second = it.rows(coupon_batch, class_id=it["Spring"])
    coupon_id = it.row(coupon, batch_id=first["batch_id"], seq=0)["coupon_id"]
    return place_differently(it, second["batch_id"], 0, coupon_id=coupon_id)


def forget_place(it: Tampering) -> int:
    """Both coupons of a batch believe that they are at its first place."""
    last = it.row(coupon, batch_id=batch_of(it, "Yen"), seq=1)
    it.set(coupon, last["coupon_id"], seq=0)
    return batch_of(it, "Yen")


def make_one_without_place(it: Tampering) -> int:
    row = it.row(coupon, batch_id=batch_of(it, "Yen"))
    it.copy(coupon, row, code="ANOTHER", seq=2)
    return batch_of(it, "Yen")


def say_that_one_more_was_made(it: Tampering) -> int:
    """Which the audit log tells as well."""
    batch_id = retell_minting(it, created_count=3)
    return it.set(coupon_batch, batch_id, created_count=3, requested_count=3)


def point_nowhere(it: Tampering, coupon_id: int, *columns: str) -> int:
    """As only PostgreSQL lets a coupon, and SQLite until the commit."""
    if it.connection.dialect.name == "sqlite":
        it.connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    return it.set(coupon, coupon_id, **dict.fromkeys(columns, NOBODY))


def left_coupon(it: Tampering) -> int:
    """It is at no place, and nobody counts it."""
    return int(it.row(coupon, batch_id=it["left batch"])["coupon_id"])


def count_what_was_not_made(it: Tampering) -> int:
    """By a job that has failed, as nothing is at its place then."""
    it.set(job, "cancelled job", status="failed")
    return it.set(creation_job, "cancelled job", created_amount=1)


def ask_for_less(it: Tampering) -> int:
    return it.set(coupon_batch, it.row(coupon_batch)["batch_id"], requested_count=1)


def lower_case(it: Tampering) -> int:
    code = it.row(coupon, coupon_id=it["unused"])["code"]
    return it.set(coupon, "unused", code=code.lower() + "q")


def claim_in_yen(it: Tampering) -> int:
    yen = it.row(coupon, class_id=it["Yen"])["terms_id"]
    claimed = it.row(coupon, claimed_account_id=it["waiter"])
    return it.set(coupon, claimed["coupon_id"], terms_id=yen)


def claim_for_another(it: Tampering) -> int:
    """Which the audit log tells as well."""
    it.retell("coupon", "claimed", "claim", claimed_account_id=it["idler"])
    return it.set(coupon, "claimed", claimed_account_id=it["idler"])


def activate(it: Tampering, name: str, after_redemption: timedelta) -> int:
    """At another time, which the audit log tells as well."""
    at = redeemed_at(it, name) + after_redemption
    last = it.rows(audit, entity="coupon", entity_id=it[name])[-1]
    it.set(audit, last["audit_id"], after={**last["after"], "activated_at": at.isoformat()})
    return it.set(redemption, name, activated_at=at)


def activate_the_used_up(it: Tampering) -> int:
    it.retell("coupon", "acquisition", "spend", is_active=True)
    return it.set(redemption, "acquisition", is_active=True)


def hasten_expiry(it: Tampering, name: str) -> int:
    row = it.row(redemption, coupon_id=it[name])
    return it.set(redemption, name, expires_at=row["expires_at"] - TICK)


def redeemed_at(it: Tampering, name: str) -> datetime:
    at: datetime = it.row(redemption, coupon_id=it[name])["redeemed_at"]
    return at


def given_for(it: Tampering, name: str) -> Decimal:
    """What coupons gave for the spend."""
    return sum((row["drawn"] for row in it.rows(ledger, spend_id=it[name])), Decimal(0))


def stand_again(it: Tampering) -> int:
    """Of a reversal only the lines are left."""
    it.drop(audit, entity="spend", entity_id=it["reversed"], action="reverse")
    return it.set(spend, "reversed", reversed_at=None)


def reverse_without_lines(it: Tampering) -> int:
    entry = it.entry("spend", "reversed", "reverse")
    it.copy(audit, entry, entity_id=it["drawn"])
    return it.set(spend, "drawn", reversed_at=entry["at"])


def change_line(it: Tampering, **values: Any) -> int:
    line = it.row(ledger, spend_id=it["reversed"], is_reversal=True)
    it.set(ledger, line["line_id"], **values)
    return it["reversed"]


def reverse_nothing(it: Tampering) -> int:
    line = it.row(ledger, spend_id=it["first"])
    zero = {"drawn": Decimal(0), "towards_threshold": Decimal(0), "is_reversal": True}
    it.copy(ledger, line, spend_id=it["last"], coupon_id=it["unbounded"], **zero)
    it.drop(ledger, spend_id=it["last"], is_reversal=False)
    it.drop(audit, entity="coupon", entity_id=it["unbounded"], tracking_id=tracking(it, "last"))
    return it["last"]


def tracking(it: Tampering, spend_name: str) -> str:
    return str(it.entry("spend", spend_name, "record")["tracking_id"])


def spend_by_another(it: Tampering) -> int:
    it.retell("spend", "drawn", "record", account_id=it["idler"])
    return it.set(spend, "drawn", account_id=it["idler"])


def spend_after_recording(it: Tampering) -> int:
    at = it.row(spend, spend_id=it["last"])["recorded_at"]
    return it.set(spend, "last", spent_at=at + TICK)


def second_message(it: Tampering) -> int:
    row = it.row(outbox, message_id=it["failed"])
    return it.copy(outbox, row, mail_id="<another>")


def drop_message(it: Tampering) -> int:
    row = it.row(outbox, message_id=it["failed"])
    it.drop(outbox, message_id=it["failed"])
    return int(row["coupon_id"])


def write_at_another_time(it: Tampering, name: str) -> int:
    row = it.row(outbox, message_id=it[name])
    return it.set(outbox, name, created_at=row["created_at"] + TICK)


def deleted_from(it: Tampering) -> int:
    """The batch of the coupon that was deleted."""
    return int(it.row(coupon, coupon_id=it["deleted"])["batch_id"])


def retell_deletion(it: Tampering, **after: Any) -> int:
    entry = it.row(audit, action="delete")
    # What both sides tell of the job is another rule's.
    count = after.get("deleted_count")
    if count is not None:
        it.set(deletion_job, "deletion job", deleted_amount=count)
    return it.set(audit, entry["audit_id"], after={**entry["after"], **after})


def untell_deletion(it: Tampering) -> int:
    it.set(deletion_job, "deletion job", deleted_amount=0)
    it.drop(audit, action="delete")
    return deleted_from(it)


def drop_role(it: Tampering) -> int:
    it.drop(membership, user_id=it["Kim"])
    return it["Kim"]


def forget_answer(it: Tampering) -> int:
    it.connection.execute(update(idempotency_key).values(reply=None))
    return it["Kim"]


CONTROLS: dict[str, list[Break]] = {
    "a user has a role": [drop_role],
    "a user who is disabled has no token in force": [
        lambda it: it.set(token, "Lee's token", revoked_at=None)
    ],
    "a user's name is spelled as it is looked up": [
        lambda it: it.set(service_user, "Kim", name="Kim "),
        lambda it: it.set(service_user, "Kim", name="Cafe\u0301"),
    ],
    "a request with a key has its answer": [forget_answer],
    "a class's name is spelled as it is looked up": [
        lambda it: it.set(coupon_class, "Spring", name=" Spring")
    ],
    "terms are such as a class may have": [
        lambda it: change_terms(it, "unused", percent_off=Decimal(101)) and terms_of(it, "unused"),
        lambda it: change_terms(it, "unused", amount=Decimal("5.001")) and terms_of(it, "unused"),
        lambda it: change_terms(it, "unused", currency_code="ZZZ") and terms_of(it, "unused"),
    ],
    "a class counts the coupons of its batches": [count_once_more],
    "a batch counts its places, and they run from 0 without gaps": [
        drop_last_place,
        lambda it: move_place(it, "Spring", 0, -1),
        lambda it: move_place(it, "Yen", 1, 2),
    ],
    "the coupon at a place of a batch is of the batch, and knows the place": [
        place_twice,
        forget_place,
        lambda it: place_differently(it, batch_of(it, "Yen"), 0, coupon_id=NOBODY),
    ],
    "a batch counts its coupons, and made no more than were asked for": [
        make_one_without_place,
        say_that_one_more_was_made,
        ask_for_less,
    ],
    "no coupon that can be handed out comes before the place where a batch is begun": [
        lambda it: it.set(coupon_batch, batch_of(it, "Yen"), unused_from=1)
    ],
    "a batch whose coupons have one StartDate tells it": [
        lambda it: it.set(coupon_batch, batch_of(it, "Yen"), start_date=START),
        lambda it: it.set(
            coupon_batch, it.row(coupon, coupon_id=it["percentage"])["batch_id"], start_date=None
        ),
    ],
    "a coupon is of the class of its batch": [swap_classes],
    "a code is folded as it is looked up": [
        lower_case,
        lambda it: it.set(coupon, "unused", code=""),
        lambda it: it.set(coupon, "unused", code="\uff21"),
    ],
    "a claim is of the feature of its coupon's class": [
        lambda it: it.set(coupon, "claimed", claimed_feature_id=FEATURE + 1),
        lambda it: it.set(coupon, "claimed", claimed_feature_id=None),
    ],
    "a coupon is claimed for an account in its currency": [claim_in_yen],
    "a coupon that is claimed is redeemed by no other account": [claim_for_another],
    "a coupon has its class, its batch and its terms": [
        lambda it: point_nowhere(it, it["unused"], "terms_id"),
        lambda it: point_nowhere(it, left_coupon(it), "batch_id"),
        lambda it: point_nowhere(it, left_coupon(it), "batch_id", "class_id"),
    ],
    "a job counts the coupons that it has made, wherever it is": [count_what_was_not_made],
    "a job is completed when it has made all coupons, and only then": [
        lambda it: it.set(job, "making job", status="cancelled"),
        lambda it: it.set(creation_job, "making job", number_of_coupons=4),
    ],
    "the coupons of a job that has ended are in its batch, each at its place": [
        lambda it: it.set(creation_job, "making job", placed_amount=2)
    ],
    "the coupons of a job that has not ended, or has failed, are not counted": [
        lambda it: it.set(job, "making job", status="failed"),
        lambda it: it.set(job, "making job", status="pending", ended_at=None),
    ],
    "the audit log tells how many coupons of a batch were deleted, and when": [
        lambda it: it.set(coupon, "deleted", deleted_at=START) and deleted_from(it),
        lambda it: retell_deletion(it, deleted_count=2) and deleted_from(it),
        untell_deletion,
    ],
    "a job counts the coupons that it has deleted, as the audit log tells": [
        lambda it: it.set(deletion_job, "deletion job", deleted_amount=2),
        lambda it: retell_deletion(it, job_id=NOBODY) and it["deletion job"],
    ],
    "a job says what it makes, or what it deletes": [
        lambda it: it.set(job, "deletion job", kind="creation"),
    ],
    "a coupon and its redemption have the same date": [
        lambda it: it.set(coupon, "amount", redeemed_at=None),
        lambda it: it.set(coupon, "amount", redeemed_at=START),
        lambda it: it.set(coupon, "unused", redeemed_at=START),
    ],
    "a coupon is redeemed in its currency, which is that of the account": [
        lambda it: it.set(redemption, "amount", currency_code="EUR"),
        lambda it: change_terms(it, "amount", currency_code="EUR"),
    ],
    "an Acquisition coupon, and no other, is redeemed for the account's customer": [
        lambda it: it.set(redemption, "acquisition", acquisition_customer_id=None),
        lambda it: it.set(redemption, "acquisition", acquisition_customer_id=it["other"]),
        lambda it: it.set(redemption, "amount", acquisition_customer_id=it["other"]),
    ],
    "a redemption grants the amount of the coupon's terms": [
        lambda it: change_terms(it, "amount", amount=Decimal(51))
    ],
    "a coupon is redeemed in the time that its terms give": [
        lambda it: redeem_between(it, "amount", start_date=redeemed_at(it, "amount") + TICK),
        lambda it: redeem_between(it, "percentage", end_date=redeemed_at(it, "percentage") - TICK),
    ],
    "a coupon that had to be claimed first was claimed": [
        lambda it: change_terms(it, "amount", is_reservation_mandatory=True)
    ],
    "a redemption expires when the coupon's terms say": [
        lambda it: hasten_expiry(it, "amount"),
        lambda it: hasten_expiry(it, "unbounded"),
        lambda it: change_terms(it, "unbounded", active_duration=30),
        lambda it: change_terms(it, "unbounded", expiration_date=START + timedelta(days=30)),
    ],
    "a coupon counts no more spend than its threshold": [
        lambda it: change_terms(it, "amount", spend_threshold=Decimal("9.99"))
    ],
    "a coupon that was activated has reached its threshold": [
        lambda it: change_terms(it, "acquisition", spend_threshold=CENT),
        lambda it: change_terms(it, "percentage", spend_threshold=CENT),
    ],
    "a coupon is activated between its redemption and its expiry": [
        lambda it: activate(it, "unbounded", -TICK),
        lambda it: activate(it, "amount", timedelta(days=30) + TICK),
    ],
    "an active coupon is not used up": [activate_the_used_up],
    "a spend is of the customer that its account bills to": [
        lambda it: it.set(spend, "last", customer_id=it["other"])
    ],
    "a spend is recorded when it is over": [spend_after_recording],
    "a spend is in whole units of its account's currency": [
        lambda it: it.set(spend, "last", amount=Decimal("20.001"))
    ],
    "a reversed spend, and no other, has a reversing line for each of its lines": [
        stand_again,
        reverse_without_lines,
        lambda it: change_line(it, is_activation=True),
    ],
    "a reversing line has a line that it reverses": [reverse_nothing],
    "coupons give no more for a spend than its amount": [
        lambda it: it.set(spend, "drawn", amount=given_for(it, "drawn") - CENT)
    ],
    "a coupon counts no more of a spend than its amount": [
        lambda it: it.set(spend, "threshold", amount=Decimal("9.99"))
    ],
    "a spend concerns only coupons that its account redeemed": [spend_by_another],
    "a coupon counts and draws on spend between its redemption and its expiry": [
        lambda it: it.set(spend, "using up", spent_at=redeemed_at(it, "acquisition") - TICK),
        lambda it: it.set(spend, "threshold", spent_at=redeemed_at(it, "amount") - TICK),
    ],
    "a coupon that was dispatched has a mail": [drop_message],
    "a mail goes where its coupon was handed, and was written then": [
        lambda it: it.set(outbox, "sent", recipient="else@example.com"),
        lambda it: write_at_another_time(it, "sent"),
        lambda it: write_at_another_time(it, "distributed"),
    ],
    "a coupon has one mail of a kind": [second_message],
    "a mail that was sent or failed had an attempt": [
        lambda it: it.set(outbox, "sent", attempts_count=0)
    ],
    "a mail that failed, and none that was sent or not tried, tells the error": [
        lambda it: it.set(outbox, "failed", last_error=None),
        lambda it: it.set(outbox, "sent", last_error="none"),
        lambda it: it.set(outbox, "distributed", last_error="none"),
    ],
}
