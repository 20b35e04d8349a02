"""How each rule of discounts is broken, and that rule alone."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import insert

from service.storage.discount_tables import (
    bill,
    coupon_book,
    coupon_book_definition,
    coupon_definition,
    coupon_instance,
    coupon_modifier,
    coupon_rule,
    coupon_use,
    parent_coupon,
    unique_code,
)
from service.storage.party_tables import account, subscription
from service.storage.tables import audit, spend
from tests.operations.lived import Break, Tampering

TICK = timedelta(microseconds=1)
CENT = Decimal("0.01")


def _more(table: Any, name: str, column: str, difference: Any = 1) -> Break:
    """Change a figure of what is so named."""

    def change(it: Tampering) -> int:
        (key,) = table.primary_key.columns
        figure = it.row(table, **{key.name: it[name]})[column]
        return it.set(table, name, **{column: figure + difference})

    return change


def _set(table: Any, name: str, column: str, other: str) -> Break:
    """Let one thing point to another."""
    return lambda it: it.set(table, name, **{column: it[other]})


def _give_a_whole_and_more(it: Tampering) -> int:
    (modifier, *_) = it.rows(coupon_modifier, definition_id=it["CDF-1"])
    return it.set(coupon_modifier, modifier["modifier_id"], effect_amount=Decimal(101))


def _child_rule(it: Tampering) -> int:
    return int(it.rows(coupon_rule, definition_id=it["CDF-1"])[-1]["rule_id"])


def _simple_definition(it: Tampering) -> int:
    return int(it.row(parent_coupon, coupon_id=it["summer"])["definition_id"])


def _lie_in_oneself(it: Tampering) -> int:
    return it.set(coupon_rule, _child_rule(it), parent_rule_id=_child_rule(it))


def _lie_in_another_definition(it: Tampering) -> int:
    return it.set(coupon_rule, _child_rule(it), definition_id=_simple_definition(it))


def _add_foreign_kind(it: Tampering) -> int:
    """Which has no books."""
    row = it.row(coupon_book_definition, book_definition_id=it["CBD-1"])
    number = it.copy(coupon_book_definition, row, reference="CBD-2", customer_id=it["other"])
    it.copy(audit, it.entry("book definition", "CBD-1", "add"), entity_id=number)
    return number


def _claim_once_more_than_allowed(it: Tampering) -> int:
    """Of a coupon whose codes are counted apart: by a code that has two claims."""
    it.set(parent_coupon, "apart", coupons_max=1)
    return it["apart code"]


def _claim_again(it: Tampering) -> int:
    """What was removed when its code was retired."""
    it.drop(audit, entity="instance", entity_id=it["claim of retired code"], action="remove")
    it.set(coupon_instance, "claim of retired code", removed_at=None)
    return it["retired code"]


def _share_a_code(it: Tampering) -> int:
    it.set(coupon_book, "CBK-2", coupon_id=it["unused code"])
    return it["unused code"]


def _claim_class_as_parent(it: Tampering) -> int:
    """With a definition of its own."""
    row = it.row(parent_coupon, coupon_id=it["apart"])
    definition = it.row(coupon_definition, definition_id=row["definition_id"])
    number = it.copy(coupon_definition, definition, reference="another")
    values = {"coupon_id": it["unused"], "definition_id": number, "claims_count": 0}
    it.connection.execute(insert(parent_coupon).values({**row, **values, "retired_at": None}))
    it.copy(audit, it.entry("parent coupon", "apart", "add"), entity_id=it["unused"])
    return it["unused"]


def _claim_class_as_unique_code(it: Tampering) -> int:
    """Which its parent counts, and the audit log tells."""
    row = it.row(unique_code, coupon_id=it["unused code"])
    it.connection.execute(insert(unique_code).values({**row, "coupon_id": it["unused"]}))
    _more(parent_coupon, "summer", "claims_count")(it)
    it.retell("parent coupon", "summer", "generate", quantity=4)
    return it["unused"]


def _swap_codes(it: Tampering) -> set[int]:
    """Of two claims by the codes of their coupons."""
    it.set(coupon_instance, "claim of summer", coupon_id=it["apart"])
    it.set(coupon_instance, "claim of apart", coupon_id=it["summer"])
    return {it["claim of summer"], it["claim of apart"]}


def _claim_for_account(it: Tampering) -> int:
    number = it.row(bill, bill_id=it["standing bill"])["subscription_id"]
    account_id = it.row(subscription, subscription_id=number)["account_id"]
    values = {"target": "account", "subscription_id": None, "account_id": account_id}
    return it.set(coupon_instance, "claim of summer", **values)


def _attach_to_stranger(it: Tampering) -> int:
    stranger = next(row for row in it.rows(account) if row["customer_id"] != it["owner"])
    values = {"target": "account", "account_id": stranger["account_id"]}
    return it.set(coupon_instance, "spare instance", **values)


def _have_more_uses(it: Tampering) -> int:
    """Than the coupon gives."""
    _more(coupon_instance, "claim of summer", "remaining_uses")(it)
    return int(_more(coupon_instance, "claim of summer", "max_remaining_uses")(it))


def _hand_out_differently(it: Tampering) -> int:
    values = {"definition_id": _simple_definition(it)}
    return it.set(coupon_instance, "drawn instance", **values)


def _forget(action: str) -> Break:
    """Drop the entries of the audit log about the uses of an instance."""

    def drop(it: Tampering) -> int:
        it.drop(audit, entity="instance", entity_id=it["stock instance"], action=action)
        return it["stock instance"]

    return drop


def _bill_otherwise(it: Tampering) -> set[int]:
    """The subscription is in another currency now."""
    number = it.row(bill, bill_id=it["standing bill"])["subscription_id"]
    it.set(subscription, number, currency_code="EUR")
    return {it["standing bill"], it["rolled back bill"]}


def _give_more(it: Tampering) -> int:
    """An instance than its bill says."""
    use = it.row(coupon_use, bill_id=it["standing bill"], instance_id=it["stock instance"])
    it.set(coupon_use, use["use_id"], amount=use["amount"] + CENT)
    _more(coupon_instance, "stock instance", "discount_value", CENT)(it)
    return it["standing bill"]


def _attach_elsewhere(it: Tampering) -> set[int]:
    """An instance after it discounted bills."""
    other = it.row(coupon_instance, instance_id=it["claim of apart code"])["subscription_id"]
    it.set(coupon_instance, "stock instance", subscription_id=other)
    return {it["standing bill"], it["rolled back bill"]}


def _spend_more(it: Tampering) -> int:
    number = it.row(bill, bill_id=it["standing bill"])["spend_id"]
    left = it.row(spend, spend_id=number)["amount"]
    it.set(spend, number, amount=left + CENT)
    return it["standing bill"]


def _roll_back_later(it: Tampering) -> int:
    """Which the audit log tells as well."""
    entry = it.entry("bill", "rolled back bill", "roll back")
    it.set(audit, entry["audit_id"], at=entry["at"] + TICK)
    return int(_more(bill, "rolled back bill", "rolled_back_at", TICK)(it))


CONTROLS: dict[str, list[Break]] = {
    "a modifier is such as a definition may have": [_give_a_whole_and_more],
    "a rule lies in one of its definition that comes before it": [
        _lie_in_oneself,
        _lie_in_another_definition,
    ],
    "a kind of books is of the customer of its definition": [_add_foreign_kind],
    "a book is of the customer of its kind": [_set(coupon_book, "CBK-2", "customer_id", "other")],
    "a book has the coupons left that were not drawn of it": [
        _more(coupon_book, "CBK-1", "remaining_coupons")
    ],
    "a coupon counts the claims by its code, and its unique codes unless they count apart": [
        _more(parent_coupon, "summer", "claims_count"),
        _more(parent_coupon, "apart", "claims_count"),
    ],
    "a unique code counts its claims, and has no more than its coupon allows": [
        _more(unique_code, "unused code", "claims_count"),
        _claim_once_more_than_allowed,
    ],
    "a unique code that is retired has no claim in effect": [_claim_again],
    "a code without a class is that of one coupon, unique code, book or instance only": [
        _share_a_code
    ],
    "the code of a parent coupon is that of no class": [_claim_class_as_parent],
    "the code of a unique code is that of no class": [_claim_class_as_unique_code],
    "the code of a book is that of no class": [_set(coupon_book, "CBK-2", "coupon_id", "unused")],
    "the code of an instance is that of no class": [
        _set(coupon_instance, "spare instance", "coupon_id", "unused")
    ],
    "a claim is of its coupon's definition and code, and discounts a subscription": [
        _set(coupon_instance, "claim of summer", "definition_id", "CDF-1"),
        _swap_codes,
        _claim_for_account,
    ],
    "a claim has the uses of its coupon, and has left what it has not used": [
        _have_more_uses,
        _more(coupon_instance, "claim of summer", "remaining_uses", -1),
    ],
    "an instance is of the customer of its definition, and of what it is attached to": [
        _set(coupon_instance, "spare instance", "customer_id", "other"),
        _attach_to_stranger,
    ],
    "an instance that was taken from a book is of the book's customer and definition": [
        _hand_out_differently
    ],
    "an instance counts the bills that stand, and what it gave to them": [
        _more(coupon_instance, "stock instance", "used_count"),
        _more(coupon_instance, "stock instance", "discount_value", CENT),
    ],
    "a coupon has the unique codes of which the audit log tells": [
        lambda it: it.retell("parent coupon", "summer", "generate", quantity=2) and it["summer"]
    ],
    "the audit log tells how often an instance was used, and given a use back": [
        _forget("use"),
        _forget("give back"),
    ],
    "a bill is of the customer and in the currency of its subscription": [
        _set(bill, "standing bill", "customer_id", "other"),
        _bill_otherwise,
    ],
    "the discount of a bill is what its instances gave": [_give_more],
    "an instance discounts bills of the subscription or account that it is attached to": [
        _attach_elsewhere
    ],
    "a bill that left something, in the currency of its account, has a spend of that": [
        _spend_more
    ],
    "the spend of a bill is reversed when the bill is rolled back, and only then": [
        _roll_back_later
    ],
    "redeemed coupons paid of a bill what the ledger of its spend tells": [
        _more(bill, "standing bill", "drawn", -CENT)
    ],
}
"""Of each rule, in their order, what breaks it and no other."""
