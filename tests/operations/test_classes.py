"""Coupon classes: added, listed, given new terms, retired."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest

from service.domain.codes import DEFAULT_ALPHABET
from service.domain.error_rows import ErrorRow
from service.domain.errors import (
    COUPON_CLASS_NOT_FOUND,
    COUPON_CLASS_RETIRED,
    ENTITY_NOT_EXISTENT,
    NAME_TAKEN,
    NOT_AUTHORIZED,
    NULL_PARAMETER,
    PATTERN_INVALID,
    TERMS_INVALID,
)
from service.domain.programmes import CouponClass
from service.domain.refusals import ServiceError
from service.domain.roles import Caller, Role
from service.domain.terms import CouponType
from service.operations.calls import Call
from service.operations.classes import (
    NewClass,
    add_class,
    list_classes,
    retire_class,
    show_class,
    show_class_by_id,
    update_class,
)
from service.storage.tables import audit, coupon_terms
from tests.operations.faults import require_all_or_nothing
from tests.operations.traces import refusal
from tests.programme import START, Clock, Programme, member, terms

EVERY_TERM = terms(
    coupon_type=CouponType.ACQUISITION,
    amount=Decimal("12.34"),
    percent_off=Decimal("7.654321"),
    spend_threshold=Decimal("0.01"),
    active_duration=90,
    start_date=START,
    end_date=START + timedelta(days=1),
    expiration_date=START + timedelta(days=2, microseconds=1),
    is_reservation_mandatory=True,
)


def test_a_class_is_stored_whole(programme: Programme, owner: int) -> None:
    call = programme.call(member(owner))
    new = NewClass(customer_id=owner, name=" Spring ", terms=EVERY_TERM, feature_id=3)
    class_id = add_class(call, new)
    expected = CouponClass(
        class_id=class_id,
        customer_id=owner,
        name="Spring",
        terms_id=programme.rows(coupon_terms)[0]["terms_id"],
        terms=EVERY_TERM,
        feature_id=3,
        code_pattern="####-####-####",
        code_alphabet=DEFAULT_ALPHABET,
        language="en",
        coupons_count=0,
        retired_at=None,
    )
    assert show_class(call, owner, " Spring") == expected
    assert list_classes(call, owner) == [expected]
    entry = programme.rows(audit)[-1]
    assert (entry["action"], entry["entity"], entry["entity_id"]) == (
        "add",
        "coupon_class",
        class_id,
    )
    assert entry["after"]["name"] == "Spring"
    assert entry["after"]["percent_off"] == "7.654321"


def test_a_pattern_is_stored_folded(programme: Programme, owner: int) -> None:
    programme.coupon_class(owner, pattern="spring-##")
    assert show_class(programme.call(), owner, "Spring").code_pattern == "SPRING-##"


def test_classes_are_listed_by_name(programme: Programme, owner: int) -> None:
    for name in ("Spring", "Autumn", "Winter"):
        programme.coupon_class(owner, name)
    programme.coupon_class(programme.customer(), "Summer")
    names = [it.name for it in list_classes(programme.call(member(owner)), owner)]
    assert names == ["Autumn", "Spring", "Winter"]


def test_a_class_is_shown_by_its_number_to_its_customer_only(
    programme: Programme, owner: int
) -> None:
    other = programme.customer()
    class_id = programme.coupon_class(owner)
    kim = programme.call(member(owner))
    assert show_class_by_id(kim, owner, class_id) == show_class(kim, owner, "Spring")
    for caller, customer_id, number, row in (
        (kim, owner, class_id + 1, ENTITY_NOT_EXISTENT),
        (kim, owner, 2**63, ENTITY_NOT_EXISTENT),
        (programme.call(), other, class_id, ENTITY_NOT_EXISTENT),
        (programme.call(member(other)), other, class_id, ENTITY_NOT_EXISTENT),
        (programme.call(member(other)), owner, class_id, NOT_AUTHORIZED),
    ):
        with pytest.raises(ServiceError) as error:
            show_class_by_id(caller, customer_id, number)
        assert error.value.row is row


def test_names_are_unique_in_a_customer(programme: Programme, owner: int) -> None:
    programme.coupon_class(owner)
    programme.coupon_class(programme.customer())
    programme.coupon_class(owner, "spring")
    assert refusal(programme, lambda: programme.coupon_class(owner, " Spring")) is NAME_TAKEN


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"customer_id": 1000}, ENTITY_NOT_EXISTENT),
        ({"name": ""}, TERMS_INVALID),
        ({"name": " "}, TERMS_INVALID),
        ({"name": "x" * 256}, TERMS_INVALID),
        ({"terms": terms(active_duration=0)}, TERMS_INVALID),
        ({"feature_id": -1}, TERMS_INVALID),
        ({"feature_id": 2**31}, TERMS_INVALID),
        ({"code_pattern": "ABC"}, PATTERN_INVALID),
        ({"code_alphabet": "A"}, PATTERN_INVALID),
    ],
)
def test_what_cannot_be_a_class_is_refused(
    programme: Programme, owner: int, changes: dict[str, Any], expected: ErrorRow
) -> None:
    new = replace(NewClass(customer_id=owner, name="Spring", terms=terms()), **changes)
    assert refusal(programme, lambda: add_class(programme.call(), new)) is expected


@pytest.mark.parametrize("changes", [{"name": "x" * 255}, {"feature_id": 0}, {"feature_id": 9}])
def test_the_bounds_of_a_class_are_accepted(
    programme: Programme, owner: int, changes: dict[str, Any]
) -> None:
    new = replace(NewClass(customer_id=owner, name="Spring", terms=terms()), **changes)
    assert add_class(programme.call(), new) > 0


def test_new_terms_are_added_and_the_old_ones_kept(programme: Programme, owner: int) -> None:
    programme.coupon_class(owner)
    update_class(programme.call(), owner, "Spring", lambda _: EVERY_TERM)
    assert show_class(programme.call(), owner, "Spring").terms == EVERY_TERM
    assert [row["amount"] for row in programme.rows(coupon_terms)] == [50, Decimal("12.34")]
    entry = programme.rows(audit)[-1]
    assert entry["action"] == "update"
    assert (entry["before"]["amount"], entry["after"]["amount"]) == ("50", "12.34")


def test_changes_that_meet_are_both_kept(programme: Programme, owner: int) -> None:
    programme.coupon_class(owner)
    both_ready = Barrier(2)

    def change(**values: Decimal) -> None:
        both_ready.wait()
        update_class(programme.call(), owner, "Spring", lambda old: replace(old, **values))

    for number in map(Decimal, range(1, 6)):
        with ThreadPoolExecutor(2) as pool:
            changes = [
                pool.submit(change, amount=number),
                pool.submit(change, spend_threshold=number),
            ]
        assert [it.result() for it in changes] == [None, None]
        kept = show_class(programme.call(), owner, "Spring").terms
        assert (kept.amount, kept.spend_threshold) == (number, number)


def test_a_class_is_retired_once(programme: Programme, clock: Clock, owner: int) -> None:
    programme.coupon_class(owner)
    retire_class(programme.call(), owner, "Spring")
    clock.move(days=1)
    assert show_class(programme.call(), owner, "Spring").retired_at == START
    entry = programme.rows(audit)[-1]
    assert (entry["action"], entry["after"]) == ("retire", {"retired_at": START.isoformat()})
    for action in (
        lambda: retire_class(programme.call(), owner, "Spring"),
        lambda: update_class(programme.call(), owner, "Spring", lambda _: terms()),
    ):
        assert refusal(programme, action) is COUPON_CLASS_RETIRED


def test_a_retired_class_keeps_its_name(programme: Programme, owner: int) -> None:
    programme.coupon_class(owner)
    retire_class(programme.call(), owner, "Spring")
    assert refusal(programme, lambda: programme.coupon_class(owner)) is NAME_TAKEN


READS: dict[str, Callable[[Call, int], object]] = {
    "list": list_classes,
    "show": lambda call, customer_id: show_class(call, customer_id, "Spring"),
}
WRITES: dict[str, Callable[[Call, int], object]] = {
    "add": lambda call, customer_id: add_class(
        call, NewClass(customer_id=customer_id, name="Summer", terms=terms())
    ),
    "update": lambda call, customer_id: update_class(
        call, customer_id, "Spring", lambda _: terms()
    ),
    "retire": lambda call, customer_id: retire_class(call, customer_id, "Spring"),
}


@pytest.mark.parametrize("name", [*READS, *WRITES])
def test_rights_decide(programme: Programme, owner: int, name: str) -> None:
    programme.coupon_class(owner)
    action = {**READS, **WRITES}[name]
    reader, stranger = member(owner, Role.READ_ONLY), member(programme.customer())

    def attempt(caller: Caller) -> object:
        return action(programme.call(caller), owner)

    assert refusal(programme, lambda: attempt(stranger)) is NOT_AUTHORIZED
    if name in READS:
        attempt(reader)
    else:
        assert refusal(programme, lambda: attempt(reader)) is NOT_AUTHORIZED
    attempt(member(owner))


@pytest.mark.parametrize("name", ["show", "update", "retire"])
def test_a_class_must_exist(programme: Programme, owner: int, name: str) -> None:
    action = {**READS, **WRITES}[name]
    expected = refusal(programme, lambda: action(programme.call(), owner))
    assert expected is COUPON_CLASS_NOT_FOUND


def test_a_class_must_be_named(programme: Programme, owner: int) -> None:
    assert refusal(programme, lambda: show_class(programme.call(), owner, " ")) is NULL_PARAMETER


def test_a_fault_at_any_statement_leaves_nothing(programme: Programme, owner: int) -> None:
    require_all_or_nothing(programme, lambda: programme.coupon_class(owner))
    require_all_or_nothing(
        programme, lambda: update_class(programme.call(), owner, "Spring", lambda _: EVERY_TERM)
    )
    require_all_or_nothing(programme, lambda: retire_class(programme.call(), owner, "Spring"))
