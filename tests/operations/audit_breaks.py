"""How each rule of the audit log is broken, and that rule alone."""

from datetime import timedelta
from typing import Any

from service.storage.tables import audit, coupon_batch, ledger, outbox, redemption
from tests.operations.lived import NOBODY, Break, Tampering
from tests.programme import START

LATE = START + timedelta(hours=1)


def untell(entity: str, name: str, action: str) -> Break:
    """Drop the entry of the audit log."""

    def drop(it: Tampering) -> int:
        it.drop(audit, audit_id=it.entry(entity, name, action)["audit_id"])
        return it[name]

    return drop


def untell_minting(it: Tampering) -> int:
    batch_id = it.row(coupon_batch)["batch_id"]
    it.drop(audit, entity="coupon_batch", entity_id=batch_id)
    return int(batch_id)


def retell_minting(it: Tampering, **after: Any) -> int:
    batch_id = it.row(coupon_batch)["batch_id"]
    entry = it.row(audit, entity="coupon_batch", entity_id=batch_id)
    it.set(audit, entry["audit_id"], after={**entry["after"], **after})
    return int(batch_id)


def dispatched(it: Tampering) -> int:
    return int(it.row(outbox, message_id=it["sent"])["coupon_id"])


def untell_dispatch(it: Tampering) -> int:
    it.drop(audit, action="dispatch", entity_id=dispatched(it))
    return dispatched(it)


def retell_dispatch(it: Tampering) -> int:
    entry = it.row(audit, action="dispatch", entity_id=dispatched(it))
    it.set(audit, entry["audit_id"], after={"sent_to_email": "else@example.com"})
    return dispatched(it)


def retell(entity: str, name: str, action: str, **after: Any) -> Break:
    """Change what the entry of the audit log says."""

    def change(it: Tampering) -> int:
        it.retell(entity, name, action, **after)
        return it[name]

    return change


def tell_of(entity: str, name: str, action: str) -> Break:
    """Put an entry into the audit log."""

    def tell(it: Tampering) -> int:
        entry = it.row(audit, entity="customer")
        changes = {"entity": entity, "entity_id": it[name], "action": action, "at": START}
        return it.copy(audit, entry, **changes)

    return tell


def tell_again(entity: str, name: str, action: str) -> Break:
    return lambda it: it.copy(audit, it.entry(entity, name, action))


def tell_of_nothing(entity: str, entity_id: int) -> Break:
    return lambda it: it.copy(audit, it.row(audit), entity=entity, entity_id=entity_id, action="x")


def line_without_entry(it: Tampering) -> int:
    it.retell("coupon", "unbounded", "spend", reference="else")
    return int(it.row(ledger, spend_id=it["last"])["line_id"])


def entry_without_line(it: Tampering) -> int:
    entry = it.entry("coupon", "unbounded", "spend")
    return it.copy(audit, entry, entity_id=it["unused"])


def distribution(it: Tampering) -> dict[str, Any]:
    return it.row(audit, action="distribute")


def tell_of_no_mail(it: Tampering) -> int:
    entry = distribution(it)
    it.set(audit, entry["audit_id"], after={**entry["after"], "email": None})
    return it["distributed"]


def drop_mail_to_account(it: Tampering) -> int:
    it.drop(audit, action="resend", entity_id=distribution(it)["entity_id"])
    it.drop(outbox, message_id=it["distributed"])
    return int(distribution(it)["audit_id"])


def resend_another(it: Tampering) -> int:
    entry = it.row(audit, action="resend")
    return it.set(audit, entry["audit_id"], after={**entry["after"], "message_id": it["failed"]})


CONTROLS: dict[str, list[Break]] = {
    "the audit log tells that a customer was added, as its row does": [
        untell("customer", "owner", "add")
    ],
    "the audit log tells that an account was added, as its row does": [
        untell("account", "idler", "add")
    ],
    "the audit log tells that a subscription was added, as its row does": [
        untell("subscription", "running subscription", "add"),
        retell("subscription", "running subscription", "add", account_id=NOBODY),
        retell("subscription", "running subscription", "add", reference="else"),
    ],
    "the audit log tells that a subscription was ended, as its row does": [
        untell("subscription", "ended subscription", "end")
    ],
    "the audit log tells that a user was added, as its row does": [untell("user", "Kim", "add")],
    "the audit log tells that a user was disabled, as its row does": [
        untell("user", "Lee", "disable")
    ],
    "the audit log tells that a class was added, as its row does": [
        untell("coupon_class", "Spring", "add")
    ],
    "the audit log tells that a class was retired, as its row does": [
        untell("coupon_class", "Retired", "retire")
    ],
    "the audit log tells that a job was created, as its row does": [
        untell("job", "making job", "create")
    ],
    "the audit log tells that a job was cancelled, as its row does": [
        untell("job", "cancelled job", "cancel")
    ],
    "the audit log tells that a batch was minted or imported, as its row does": [
        untell_minting,
        lambda it: retell_minting(it, class_id=it["Yen"]),
        lambda it: retell_minting(it, created_count=1),
    ],
    "the audit log tells that a coupon was dispatched, as its row does": [
        untell_dispatch,
        retell_dispatch,
    ],
    "the audit log tells that a coupon was claimed, as its row does": [
        untell("coupon", "claimed", "claim"),
        lambda it: it.retell("coupon", "claimed", "claim", claimed_account_id=1) and it["claimed"],
    ],
    "the audit log tells that a coupon was redeemed, as its row does": [
        untell("coupon", "amount", "redeem"),
        retell("coupon", "amount", "redeem", account_id=NOBODY),
    ],
    "the audit log tells that a spend was recorded, as its row does": [
        untell("spend", "last", "record"),
        retell("spend", "last", "record", account_id=NOBODY),
        retell("spend", "last", "record", reference="else"),
    ],
    "the audit log tells that a spend was reversed, as its row does": [
        untell("spend", "reversed", "reverse")
    ],
    "the audit log tells that a definition was added, as its row does": [
        untell("definition", "CDF-1", "add")
    ],
    "the audit log tells that a kind of books was added, as its row does": [
        untell("book definition", "CBD-1", "add")
    ],
    "the audit log tells that a book was added, as its row does": [untell("book", "CBK-1", "add")],
    "the audit log tells that a simple coupon was added, as its row does": [
        untell("parent coupon", "summer", "add"),
        retell("parent coupon", "summer", "add", customer_id=NOBODY),
    ],
    "the audit log tells that a simple coupon was retired, as its row does": [
        untell("parent coupon", "apart", "retire")
    ],
    "the audit log tells that a unique code was retired, as its row does": [
        untell("unique code", "retired code", "retire")
    ],
    "the audit log tells that an instance was added, or a coupon claimed, as its row does": [
        untell("instance", "spare instance", "add"),
        untell("instance", "claim of summer", "claim"),
    ],
    "the audit log tells that a claim was removed, as its row does": [
        untell("instance", "claim of removed code", "remove")
    ],
    "the audit log tells that an instance was retired, as its row does": [
        untell("instance", "retired instance", "retire")
    ],
    "the audit log tells that coupons were applied to a bill, as its row does": [
        untell("bill", "standing bill", "apply"),
        retell("bill", "standing bill", "apply", reference="else"),
    ],
    "the audit log tells that a bill was rolled back, as its row does": [
        untell("bill", "rolled back bill", "roll back")
    ],
    "the audit log tells of what exists": [
        *(
            tell_of_nothing(entity, NOBODY)
            for entity in (
                *("customer", "account", "subscription", "user", "token"),
                *("coupon_class", "coupon_batch", "coupon", "job", "spend"),
                *("definition", "book definition", "book", "parent coupon"),
                *("unique code", "instance", "bill"),
            )
        ),
        tell_of_nothing("voucher", 1),
    ],
    "the row of what the audit log tells of has the same date": [
        tell_of("user", "Kim", "disable"),
        tell_of("token", "Kim's token", "revoke"),
        tell_of("subscription", "running subscription", "end"),
        tell_of("coupon_class", "Spring", "retire"),
        tell_of("job", "making job", "cancel"),
        tell_of("coupon", "unused", "dispatch"),
        tell_of("coupon", "unused", "claim"),
        tell_of("coupon", "unused", "redeem"),
        tell_of("spend", "last", "reverse"),
        tell_of("parent coupon", "summer", "retire"),
        tell_of("unique code", "unused code", "retire"),
        tell_of("instance", "claim of summer", "remove"),
        tell_of("instance", "spare instance", "retire"),
        tell_of("bill", "standing bill", "roll back"),
        lambda it: it.set(audit, it.entry("token", "Kim's token", "issue")["audit_id"], at=LATE),
    ],
    "the audit log tells once what happens once": [
        lambda it: it.copy(audit, it.row(audit, action="dispatch")),
        tell_again("coupon", "claimed", "claim"),
        tell_again("spend", "reversed", "reverse"),
        tell_again("customer", "owner", "add"),
        tell_again("job", "making job", "create"),
        tell_again("subscription", "ended subscription", "end"),
        tell_again("instance", "claim of summer", "claim"),
        tell_again("bill", "rolled back bill", "roll back"),
    ],
    "the audit log names users who exist": [
        lambda it: it.set(audit, it.row(audit)["audit_id"], user_id=NOBODY)
    ],
    "a redemption is as the audit log told of it last": [
        lambda it: it.set(redemption, "percentage", is_active=False),
        lambda it: it.set(redemption, "amount", activated_at=LATE),
        lambda it: it.set(redemption, "percentage", activated_at=LATE),
        retell("coupon", "unbounded", "spend", balance="1"),
        retell("coupon", "unbounded", "spend", spend_to_threshold="1"),
    ],
    "the audit log tells of each ledger line": [line_without_entry],
    "the ledger has a line of what spend did, as the audit log tells": [entry_without_line],
    "the audit log tells of a mail to an account": [tell_of_no_mail],
    "a mail to an account of which the audit log tells was written": [drop_mail_to_account],
    "a mail that was sent again is one of its coupon": [resend_another],
}
