"""Coupons that are made for accounts, given other terms, imported, exported: over the wire."""

import csv
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import zeep

from service.domain.errors import (
    BATCH_TOO_LARGE,
    COUPON_CLAIMED_BY_ANOTHER_ACCOUNT,
    COUPON_CLASS_NOT_FOUND,
    COUPON_NOT_FOUND,
    COUPON_RESERVATION_REQUIRED,
    ENTITY_NOT_EXISTENT,
    IMPORT_FILE_INVALID,
    INPUT_INVALID,
    LIST_EMPTY,
    NOT_AUTHORIZED,
    NULL_PARAMETER,
    PAGING_INVALID,
    RECIPIENT_REFUSED,
    TERMS_INVALID,
)
from service.domain.roles import Role
from tests.clients.callers import Caller, ElementKeys, RefusedError, ZeepCaller, check_fault
from tests.clients.conftest import Connect, Customer, NewKeys
from tests.clients.management import TERMS, add_class, refusal
from tests.programme import Programme


def named(customer: Customer) -> dict[str, Any]:
    return {"CustomerId": customer.customer_id, "ClassName": "Spring"}


def unused_prefix() -> str:
    return f"P{uuid4().hex[:8].upper()}"


def mint(manager: Caller, customer: Customer, count: int) -> tuple[int, list[str]]:
    """The batch and the codes of new coupons."""
    minted = manager.call_all(
        "MintCoupons", CouponsCount=count, ReturnCodes=True, **named(customer)
    )
    return minted.BatchId, list(minted.Codes.string)


def refused_redemption(caller: Caller, account_id: int, code: str) -> RefusedError:
    with pytest.raises(RefusedError) as fault:
        caller.redeem(account_id, code)
    return fault.value


def test_each_recipient_has_a_coupon_of_its_own(
    manager: Caller, customer: Customer, programme: Programme, connect_bing_ads: Connect
) -> None:
    add_class(manager, customer, SpendThreshold=None)
    accounts = [customer.account_id, programme.account(customer.customer_id)]
    prefix = unused_prefix()
    made = manager.call_all(
        "CreateCouponsForRecipients",
        AccountIds={"long": accounts},
        CodePattern=f"{prefix}-####",
        Attributes={"CouponAttribute": [{"Name": "Occasion", "Value": "Birthday"}]},
        **named(customer),
    )
    coupons = made.Coupons.PersonalCoupon
    assert [it.AccountId for it in coupons] == accounts
    assert all(it.CouponCode.startswith(f"{prefix}-") for it in coupons)
    assert made.BatchId > 0
    redeemer = connect_bing_ads(customer.keys)
    other = refused_redemption(redeemer, accounts[1], coupons[0].CouponCode)
    check_fault(other, COUPON_CLAIMED_BY_ANOTHER_ACCOUNT)
    assert redeemer.redeem(accounts[0], coupons[0].CouponCode)

    operation = "CreateCouponsForRecipients"
    for wanted, row in (
        (None, LIST_EMPTY),
        ([customer.account_id] * 2, RECIPIENT_REFUSED),
        ([2**60], RECIPIENT_REFUSED),
        (list(range(1, 1002)), BATCH_TOO_LARGE),
    ):
        asked = named(customer) | ({"AccountIds": {"long": wanted}} if wanted else {})
        check_fault(refusal(manager, operation, **asked), row)


def test_coupons_have_other_terms_afterwards(
    manager: Caller, customer: Customer, connect_bing_ads: Connect
) -> None:
    add_class(manager, customer)
    batch_id, codes = mint(manager, customer, 3)
    owner = {"CustomerId": customer.customer_id}
    whole = {"CouponType": "Retention", "CurrencyCode": "USD", "Amount": Decimal(20)}
    assert manager.call("UpdateCoupons", CouponCode=codes[0], Terms=whole, **owner) == 1
    searcher = connect_bing_ads(customer.keys)
    predicate = ("CustomerId", "Equals", str(customer.customer_id))
    shown = {it.CouponCode: it for it in searcher.search(predicate)}
    assert (shown[codes[0]].Amount, shown[codes[0]].EndDate) == (20, None)
    assert shown[codes[1]].Amount == TERMS["Amount"]

    assert searcher.redeem(customer.account_id, codes[0])
    claimed_only = {**whole, "IsReservationMandatory": True}
    assert manager.call("UpdateCoupons", BatchId=batch_id, Terms=claimed_only, **owner) == 2
    fault = refused_redemption(searcher, customer.account_id, codes[1])
    check_fault(fault, COUPON_RESERVATION_REQUIRED)

    for asked, row in (
        ({"Terms": whole}, INPUT_INVALID),
        ({"Terms": whole, "CouponCode": codes[1], "BatchId": batch_id}, INPUT_INVALID),
        ({"Terms": whole, "CouponCode": "NONSENSE"}, COUPON_NOT_FOUND),
        ({"Terms": {**whole, "Amount": Decimal(-1)}, "BatchId": batch_id}, TERMS_INVALID),
        ({"BatchId": batch_id}, NULL_PARAMETER),
    ):
        check_fault(refusal(manager, "UpdateCoupons", **asked, **owner), row)


def test_codes_are_imported_and_redeemed(
    manager: Caller, customer: Customer, connect_bing_ads: Connect
) -> None:
    add_class(manager, customer, SpendThreshold=None)
    prefix = unused_prefix()
    lines = ["code,amount", *(f"{prefix}{number},{number + 1}" for number in range(3))]
    text = "\r\n".join(lines)
    made = manager.call_all("ImportCoupons", Csv=text, **named(customer))
    assert (made.LinesCount, made.CreatedCount, made.ErrorsCount) == (3, 3, 0)
    assert made.BatchId > 0
    assert connect_bing_ads(customer.keys).redeem(customer.account_id, f"{prefix}2")

    again = manager.call_all("ImportCoupons", Csv=f"{text}\r\n{prefix}3,x", **named(customer))
    assert (again.BatchId, again.CreatedCount, again.ErrorsCount) == (None, 0, 4)
    errors = again.Errors.LineError
    assert [it.Line for it in errors] == [2, 3, 4, 5]
    assert (errors[0].Value, bool(errors[0].Reason)) == (f"{prefix}0", True)

    more = f"{text}\n{prefix}4,5\n"
    skipping = manager.call_all("ImportCoupons", Csv=more, SkipDuplicates=True, **named(customer))
    assert (skipping.CreatedCount, skipping.SkippedCount, skipping.UsedCount) == (1, 3, 0)


def test_an_import_that_is_sent_again_is_answered_again(
    zeep_management: zeep.Client, customer: Customer
) -> None:
    keys: Any = ElementKeys(customer.keys.headers, f"import {uuid4()}")
    caller = ZeepCaller(zeep_management, keys)
    plain = ZeepCaller(zeep_management, customer.keys)
    add_class(plain, customer)
    text = f"code\n{unused_prefix()}\n"
    first = caller.call_all("ImportCoupons", Csv=text, **named(customer))
    again = caller.call_all("ImportCoupons", Csv=text, **named(customer))
    assert (first.CreatedCount, again.CreatedCount) == (1, 1)
    assert again.BatchId == first.BatchId
    shown = plain.call("GetCouponClass", **named(customer))
    assert shown.CouponsCount == 1


def test_imports_that_cannot_be_are_refused(
    manager: Caller, customer: Customer, connect_manager: Connect, new_keys: NewKeys
) -> None:
    add_class(manager, customer)
    too_long = "code\n" + "A\n" * 20_001
    for text, row in (
        (None, NULL_PARAMETER),
        ("nothing\nknown\n", IMPORT_FILE_INVALID),
        (too_long, BATCH_TOO_LARGE),
    ):
        asked = named(customer) | ({"Csv": text} if text else {})
        check_fault(refusal(manager, "ImportCoupons", **asked), row)
    unknown = {"CustomerId": customer.customer_id, "ClassName": "Winter", "Csv": "code\nABC\n"}
    check_fault(refusal(manager, "ImportCoupons", **unknown), COUPON_CLASS_NOT_FOUND)
    reader = connect_manager(new_keys(Role.READ_ONLY, customer.customer_id))
    asked = named(customer) | {"Csv": "code\nABC\n"}
    check_fault(refusal(reader, "ImportCoupons", **asked), NOT_AUTHORIZED)


def export(caller: Caller, customer: Customer, index: int, size: int, **wanted: Any) -> Any:
    page = {"Index": index, "Size": size}
    return caller.call_all(
        "ExportCoupons", CustomerId=customer.customer_id, PageInfo=page, **wanted
    )


def test_an_export_is_an_import_elsewhere(manager: Caller, customer: Customer) -> None:
    add_class(manager, customer)
    batch_id, codes = mint(manager, customer, 5)
    whole = export(manager, customer, 0, 100, ClassName="Spring")
    rows = list(csv.DictReader(whole.Csv.splitlines()))
    assert sorted(row["code"] for row in rows) == sorted(codes)
    assert {Decimal(row["amount"]) for row in rows} == {TERMS["Amount"]}
    assert whole.HasMore is False

    pages = [
        export(manager, customer, index, 2, BatchId=batch_id, CodesOnly=True) for index in range(3)
    ]
    assert [page.HasMore for page in pages] == [True, True, False]
    lines = [line for page in pages for line in page.Csv.splitlines() if line != "code"]
    assert lines == [row["code"] for row in rows]

    again = manager.call_all("ImportCoupons", Csv=whole.Csv, SkipDuplicates=True, **named(customer))
    assert (again.ErrorsCount, again.SkippedCount, again.CreatedCount) == (0, 5, 0)


def test_exports_that_cannot_be_are_refused(
    manager: Caller, customer: Customer, connect_manager: Connect, new_keys: NewKeys, programme: Any
) -> None:
    owner = {"CustomerId": customer.customer_id}
    page = {"PageInfo": {"Index": 0, "Size": 20_000}}
    for asked, row in (
        (page, NULL_PARAMETER),
        (owner, PAGING_INVALID),
        (owner | {"PageInfo": {"Index": 0, "Size": 20_001}}, PAGING_INVALID),
        (owner | {"PageInfo": {"Index": -1, "Size": 1}}, PAGING_INVALID),
        (owner | page | {"ClassName": "Winter"}, COUPON_CLASS_NOT_FOUND),
        (owner | page | {"BatchId": 2**60}, ENTITY_NOT_EXISTENT),
    ):
        check_fault(refusal(manager, "ExportCoupons", **asked), row)
    stranger = connect_manager(new_keys(Role.STANDARD, programme.customer()))
    check_fault(refusal(stranger, "ExportCoupons", **owner, **page), NOT_AUTHORIZED)
