"""CouponManagementService, called by clients that are made from its description."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

from service.domain.errors import (
    COUPON_CLASS_RETIRED,
    INPUT_INVALID,
    INVALID_CREDENTIALS,
    NAME_TAKEN,
    NOT_AUTHORIZED,
    NULL_PARAMETER,
    PAGING_INVALID,
    PATTERN_FULL,
    TERMS_INVALID,
)
from tests.clients.callers import Caller, Keys, check_fault
from tests.clients.conftest import Connect, Customer
from tests.clients.management import TERMS, add_class, refusal


def test_a_class_lives_its_life(manager: Caller, customer: Customer) -> None:
    named = {"CustomerId": customer.customer_id, "ClassName": "Spring"}
    class_id = add_class(manager, customer)
    assert manager.tracking_id

    added = manager.call("GetCouponClass", **named)
    assert (added.ClassId, added.Name, added.CouponsCount) == (class_id, "Spring", 0)
    assert {name: getattr(added.Terms, name) for name in TERMS} == TERMS
    assert (added.Terms.PercentOff, added.FeatureId, added.RetiredAt) == (None, None, None)
    assert (added.CodePattern, added.Language) == ("####-####-####", "en")

    assert added.Terms.IsReservationMandatory is False
    terms = {
        "CouponType": "Acquisition",
        "CurrencyCode": "EUR",
        "PercentOff": Decimal("12.5"),
        "IsReservationMandatory": True,
    }
    updated = manager.call("UpdateCouponClass", Terms=terms, **named)
    assert (updated.Terms.CouponType, updated.Terms.PercentOff) == ("Acquisition", Decimal("12.5"))
    assert (updated.Terms.Amount, updated.Terms.EndDate) == (0, None)
    assert updated.Terms.IsReservationMandatory is True

    add_class(manager, customer, "Autumn")
    listed = manager.call("GetCouponClasses", CustomerId=customer.customer_id)
    assert [it.Name for it in listed.CouponClass] == ["Autumn", "Spring"]

    assert manager.call("RetireCouponClass", **named).RetiredAt is not None
    fault = refusal(manager, "MintCoupons", CouponsCount=1, **named)
    check_fault(fault, COUPON_CLASS_RETIRED)


def test_classes_are_searched_page_by_page(manager: Caller, customer: Customer) -> None:
    for name in ("Autumn", "Spring 1", "Spring 2"):
        add_class(manager, customer, name)
    add_class(manager, customer, "Welcome", CouponType="Acquisition")
    manager.call("RetireCouponClass", CustomerId=customer.customer_id, ClassName="Autumn")

    def search(index: int, size: int, **wanted: Any) -> tuple[list[str], bool]:
        page = {"Index": index, "Size": size}
        found = manager.call_all(
            "SearchCouponClasses", CustomerId=customer.customer_id, PageInfo=page, **wanted
        )
        classes = found.CouponClasses.CouponClass if found.CouponClasses else []
        return [it.Name for it in classes], found.HasMore

    assert search(0, 3) == (["Autumn", "Spring 1", "Spring 2"], True)
    assert search(1, 3) == (["Welcome"], False)
    assert search(0, 9, Name="sPRING", IsRetired=False) == (["Spring 1", "Spring 2"], False)
    assert search(0, 9, IsRetired=True) == (["Autumn"], False)
    assert search(0, 9, CouponType="Acquisition") == (["Welcome"], False)
    assert search(0, 9, FeatureId=7) == ([], False)
    of_customer = {"CustomerId": customer.customer_id}
    check_fault(refusal(manager, "SearchCouponClasses", **of_customer), PAGING_INVALID)
    unset = refusal(manager, "SearchCouponClasses", PageInfo={"Index": 0, "Size": 9})
    check_fault(unset, NULL_PARAMETER)


def test_minted_codes_are_redeemed_through_the_other_service(
    manager: Caller, customer: Customer, connect_bing_ads: Connect
) -> None:
    add_class(manager, customer, SpendThreshold=None)
    minted = manager.call_all(
        "MintCoupons",
        CustomerId=customer.customer_id,
        ClassName="Spring",
        CouponsCount=3,
        CodePattern=f"M{uuid4().hex[:6]}-######",
        ReturnCodes=True,
    )
    codes = list(minted.Codes.string)
    assert (minted.CreatedCount, minted.Status, len(codes)) == (3, "completed", 3)
    assert minted.Density == 32**6 // 3
    assert connect_bing_ads(customer.keys).redeem(customer.account_id, codes[0])
    kept = manager.call_all(
        "MintCoupons", CustomerId=customer.customer_id, ClassName="Spring", CouponsCount=1
    )
    assert not (kept.Codes and kept.Codes.string)


def test_a_pattern_tells_how_far_it_reaches(manager: Caller) -> None:
    large = manager.call_all("GetPatternCapacity", CodePattern="AB-####-####-####-####")
    assert large.Capacity == large.Density == Decimal(32) ** 16
    assert not large.IsGuessable
    small = manager.call_all(
        "GetPatternCapacity", CodePattern="ABC#", CodeAlphabet="xyz", CouponsCount=2
    )
    assert (small.Capacity, small.Density, small.IsGuessable) == (3, 1, True)


def test_spend_is_recorded_and_taken_back(
    operator: Caller, manager: Caller, customer: Customer, connect_bing_ads: Connect
) -> None:
    add_class(manager, customer, SpendThreshold=None)
    named = {"CustomerId": customer.customer_id, "ClassName": "Spring"}
    minted = manager.call_all("MintCoupons", CouponsCount=1, ReturnCodes=True, **named)
    (code,) = minted.Codes.string
    connect_bing_ads(customer.keys).redeem(customer.account_id, code)

    spent = {"AccountId": customer.account_id, "Reference": "invoice 1"}
    spend = operator.call("RecordSpend", Amount=Decimal("10.01"), **spent)
    (line,) = spend.Lines.SpendLine
    assert (line.CouponCode, line.Drawn) == (code, Decimal("10.01"))
    taken_back = operator.call("ReverseSpend", **spent)
    assert taken_back.ReversedAt is not None
    assert operator.call("ReverseSpend", **spent).ReversedAt == taken_back.ReversedAt
    fault = refusal(manager, "RecordSpend", Amount=Decimal(1), **spent)
    check_fault(fault, NOT_AUTHORIZED)


def test_an_operator_adds_whom_a_programme_needs(operator: Caller) -> None:
    name = f"Contoso {uuid4()}"
    customer_id = operator.call("AddCustomer", Name=name)
    customers = operator.call("GetCustomers").Customer
    assert [it.Name for it in customers if it.CustomerId == customer_id] == [name]

    number = uuid4().hex[:8].upper()
    account_id = operator.call(
        "AddAccount", CustomerId=customer_id, Number=number, CurrencyCode="USD"
    )
    (account,) = operator.call("GetAccounts", CustomerId=customer_id).Account
    assert (account.AccountId, account.Number, account.Email) == (account_id, number, None)

    user_id = operator.call("AddUser", Name=name, Role="ReadOnly", CustomerId=customer_id)
    (user,) = [it for it in operator.call("GetUsers").User if it.UserId == user_id]
    assert (user.Role, user.CustomerId, user.HasPassword) == ("ReadOnly", customer_id, False)
    assert operator.call("DisableUser", Name=name) == user_id


def email_of(operator: Caller, user_id: int) -> str | None:
    (user,) = [it for it in operator.call("GetUsers").User if it.UserId == user_id]
    return None if user.Email is None else str(user.Email)


def test_a_user_has_an_address(operator: Caller, customer: Customer) -> None:
    name = f"Informed {uuid4()}"
    new = {"Role": "Standard", "CustomerId": customer.customer_id, "Email": "old@example.com"}
    user_id = operator.call("AddUser", Name=name, **new)
    assert email_of(operator, user_id) == "old@example.com"
    assert operator.call("SetUserEmail", Name=name, Email="new@example.com") == user_id
    assert email_of(operator, user_id) == "new@example.com"
    operator.call("SetUserEmail", Name=name)
    assert email_of(operator, user_id) is None
    check_fault(refusal(operator, "SetUserEmail", Name=name, Email="nonsense"), INPUT_INVALID)


def test_a_subscription_is_kept_until_it_ends(
    operator: Caller, manager: Caller, customer: Customer
) -> None:
    reference = f"S-{uuid4()}"
    new = {
        "AccountId": customer.account_id,
        "Reference": reference,
        "ProductId": "Search",
        "RatePlanId": "Monthly",
    }
    subscription_id = operator.call("AddSubscription", **new)
    (found,) = manager.call("GetSubscriptions", AccountId=customer.account_id).Subscription
    assert {name: getattr(found, name) for name in new} == new
    assert (found.SubscriptionId, found.CurrencyCode) == (subscription_id, "USD")
    assert (found.CreatedAt is None, found.EndedAt) == (False, None)

    check_fault(refusal(operator, "AddSubscription", **new), NAME_TAKEN)
    check_fault(refusal(manager, "EndSubscription", Reference=reference), NOT_AUTHORIZED)
    nameless = {name: value for name, value in new.items() if name != "ProductId"}
    check_fault(refusal(operator, "AddSubscription", **nameless), NULL_PARAMETER)
    assert operator.call("EndSubscription", Reference=reference).EndedAt is not None


def test_refusals_are_typed_as_those_of_the_other_service(
    manager: Caller, customer: Customer, connect_manager: Connect, operator_keys: Keys
) -> None:
    named = {"CustomerId": customer.customer_id, "ClassName": "Spring"}
    check_fault(refusal(manager, "GetCustomers"), NOT_AUTHORIZED)
    check_fault(refusal(manager, "GetCouponClass", ClassName="Spring"), NULL_PARAMETER)
    check_fault(refusal(manager, "AddCouponClass"), NULL_PARAMETER)
    unnamed = {"CustomerId": customer.customer_id, "Terms": TERMS}
    check_fault(refusal(manager, "AddCouponClass", CouponClass=unnamed), NULL_PARAMETER)
    worthless = {**unnamed, "Name": "Worthless", "Terms": {**TERMS, "Amount": Decimal(0)}}
    check_fault(refusal(manager, "AddCouponClass", CouponClass=worthless), TERMS_INVALID)
    stranger = connect_manager(Keys(operator_keys.developer_token, "wrong"))
    check_fault(refusal(stranger, "GetCouponClass", **named), INVALID_CREDENTIALS)

    add_class(manager, customer)
    pattern = {"CodePattern": f"F{uuid4().hex[:8]}#", "CodeAlphabet": "AB", "CouponsCount": 2}
    assert manager.call_all("MintCoupons", **named, **pattern).CreatedCount == 2
    check_fault(refusal(manager, "MintCoupons", **named, **pattern), PATTERN_FULL)
