"""Bills and what coupons take off them, over the wire, to the cent."""

from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from service.domain.discount_errors import (
    BILL_INVALID,
    BILL_REFERENCE_TAKEN,
    CLAIM_LIMIT_REACHED,
    COUPON_ALREADY_APPLIED,
    COUPON_RETIRED,
    COUPON_RULE_BROKEN,
    PARENT_CODE_NOT_REDEEMABLE,
)
from service.domain.errors import (
    COUPON_NOT_FOUND,
    ENTITY_NOT_EXISTENT,
    NOT_AUTHORIZED,
    PAGING_INVALID,
)
from tests.clients.callers import Caller, check_fault
from tests.clients.conftest import Customer
from tests.clients.discounts import (
    Fields,
    added,
    bill,
    check,
    coupon,
    definition,
    line,
    subscribe,
    units,
    unused,
)
from tests.clients.management import refusal
from tests.programme import Programme

# That suds writes and reads these types as well, the tests of objects show.
pytestmark = pytest.mark.parametrize("connect_manager", ["zeep"], indirect=True)

HALF = {"PricingComponent": "support", "PercentageDiscount": Decimal(50)}
USERS_FREE = {"PricingComponent": "users", "UnitsFree": 5}
TIERS = {"PriceTier": [{"UpTo": 2, "UnitPrice": 9, "TierID": "few"}, {"UnitPrice": 5}]}


def cash(amount: str, component: str | None = None) -> Fields:
    named = {"PricingComponent": component} if component else {}
    return {"CashDiscount": Decimal(amount), **named}


def percent(amount: str, component: str | None = None) -> Fields:
    named = {"PricingComponent": component} if component else {}
    return {"PercentageDiscount": Decimal(amount), **named}


class Example(NamedTuple):
    """What a new coupon with these discounts takes off these lines, and what is left."""

    discounts: list[Fields]
    lines: list[Fields]
    discount: str
    due: str


EXAMPLES = {
    "none compounds": Example(
        [percent("50", "support"), cash("10", "support")],
        [line("support", "100")],
        "60",
        "40",
    ),
    "none exceeds its component": Example(
        [percent("80", "support"), cash("30", "support")],
        [line("support", "100")],
        "100",
        "0",
    ),
    "none exceeds the bill": Example([cash("50")], [line("support", "30")], "30", "0"),
    "units are free": Example([USERS_FREE], [units("users", 12, "5")], "25", "35"),
    "the first units of tiers": Example(
        [USERS_FREE],
        [{"PricingComponentID": "users", "Units": 12, "Tiers": TIERS}],
        "33",
        "35",
    ),
    "component, units, bill": Example(
        [HALF, USERS_FREE, {**USERS_FREE, "UnitsFree": 2}, cash("10"), percent("8")],
        [line("support", "100"), units("users", 12, "5")],
        "107.80",
        "52.20",
    ),
    "a component that is not billed": Example(
        [cash("10", "phones")],
        [line("support", "0.10")],
        "0",
        "0.10",
    ),
}


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_the_worked_examples(
    operator: Caller, customer: Customer, programme: Programme, example: Example
) -> None:
    reference = subscribe(programme, customer)
    code = added(operator, "Coupon", coupon(customer, *example.discounts)).CouponCode
    asked = bill(reference, *example.lines)
    estimate = operator.call("EstimateDiscounts", CouponCodes={"string": [code]}, **asked)
    expected = {"Discount": Decimal(example.discount), "Drawn": 0, "Due": Decimal(example.due)}
    check(estimate, {"BillReference": None, **expected})

    operator.call("ApplyCouponToSubscription", SubscriptionReference=reference, CouponCode=code)
    billed = operator.call("ApplyCouponsToBill", BillReference="1", **asked)
    check(billed, {"BillReference": "1", "SubscriptionReference": reference, **expected})
    for one, beforehand in zip(
        billed.Discounts.CouponDiscountEstimate,
        estimate.Discounts.CouponDiscountEstimate,
        strict=True,
    ):
        assert (one.DiscountValue, one.UnalteredValue, one.Calculation) == (
            beforehand.DiscountValue,
            beforehand.UnalteredValue,
            beforehand.Calculation,
        )
        assert one.CouponInstanceID.startswith("CIN-")
        assert beforehand.CouponInstanceID is None
    assert sum(it.Discount for it in billed.Lines.BilledLine) == billed.Discount
    assert sum(it.NetCost for it in billed.Lines.BilledLine) == billed.Due


def test_a_discount_explains_itself(
    operator: Caller, customer: Customer, programme: Programme
) -> None:
    reference = subscribe(programme, customer)
    code = added(operator, "Coupon", coupon(customer, USERS_FREE)).CouponCode
    tiered = {"PricingComponentID": "users", "Units": 12, "Tiers": TIERS}
    found = operator.call(
        "EstimateDiscounts", CouponCodes={"string": [code]}, **bill(reference, tiered)
    )
    (discount,) = found.Discounts.CouponDiscountEstimate
    said = {"CouponCode": code, "CouponDefinitionName": "Summer", "Specifier": "users"}
    said |= {"Domain": "PricingComponent", "Operand": "percent", "EffectAmount": 100}
    said |= {"UnalteredValue": 33, "AskedValue": 33, "DiscountValue": 33}
    said |= {"AffectedSpecifierCount": 5, "DiscountStartValue": 1, "DiscountEndValue": 5}
    check(discount, said)
    assert "33.00 USD" in discount.Calculation
    first, second = discount.UnitDiscounts.UnitDiscount
    of_tier = {"UnitValue": 2, "TierID": "few", "UnalteredValue": 18, "DiscountValue": 18}
    check(first, {"FirstUnit": 1, "LastUnit": 2, "UnitPrice": 9, **of_tier})
    check(second, {"FirstUnit": 3, "LastUnit": 5, "UnitPrice": 5, "TierID": None})
    check(second, {"UnitValue": 3, "DiscountValue": 15, "PricingComponentID": "users"})


def claims_of(caller: Caller, reference: str, **wanted: Any) -> list[Any]:
    found = caller.call_all(
        "GetSubscriptionCoupons", SubscriptionReference=reference, **wanted
    ).Coupons
    return list(found.Coupon) if found else []


def test_a_bill_is_applied_once_and_taken_back_once(
    operator: Caller, manager: Caller, customer: Customer, programme: Programme
) -> None:
    reference = subscribe(programme, customer)
    code = added(manager, "Coupon", coupon(customer, cash("4"), Uses=3)).CouponCode
    manager.call("ApplyCouponToSubscription", SubscriptionReference=reference, CouponCode=code)
    january = bill(reference, line("support", "10"))
    first = operator.call("ApplyCouponsToBill", BillReference="2027-01", **january)
    again = operator.call("ApplyCouponsToBill", BillReference="2027-01", **january)
    assert (first.Discount, again.Discount, again.BilledAt) == (4, 4, first.BilledAt)
    counted = {"Used": 1, "RemainingUses": 2, "DiscountValue": 4}
    (claim,) = claims_of(manager, reference)
    check(claim, counted)

    other = bill(reference, line("support", "11"))
    taken = refusal(operator, "ApplyCouponsToBill", BillReference="2027-01", **other)
    check_fault(taken, BILL_REFERENCE_TAKEN)
    nothing = refusal(
        operator, "EstimateDiscounts", SubscriptionReference=reference, Currency="USD"
    )
    check_fault(nothing, BILL_INVALID)
    named = {"SubscriptionReference": reference, "BillReference": "2027-01"}
    check_fault(refusal(manager, "RollbackBill", **named), NOT_AUTHORIZED)
    forged = refusal(manager, "ApplyCouponsToBill", BillReference="2027-02", **january)
    check_fault(forged, NOT_AUTHORIZED)

    back = operator.call("RollbackBill", **named)
    assert back.RolledBackAt is not None
    assert operator.call("RollbackBill", **named).RolledBackAt == back.RolledBackAt
    assert manager.call("GetBill", **named).RolledBackAt == back.RolledBackAt
    (claim,) = claims_of(manager, reference)
    check(claim, {"Used": 0, "RemainingUses": 3, "DiscountValue": 0})
    unknown = refusal(operator, "GetBill", **{**named, "BillReference": "2027-03"})
    check_fault(unknown, ENTITY_NOT_EXISTENT)


def test_claims_run_out_and_end(manager: Caller, customer: Customer, programme: Programme) -> None:
    first, second, third = (subscribe(programme, customer) for _ in range(3))
    code = added(manager, "Coupon", coupon(customer, cash("4"), Coupons=2)).CouponCode

    def claim(reference: str) -> Fields:
        return {"SubscriptionReference": reference, "CouponCode": code}

    applicable = manager.call_all("GetApplicableCoupons", SubscriptionReference=first)
    assert [it.CouponCode for it in applicable.Coupons.Coupon] == [code]
    for reference in (first, second):
        manager.call("ApplyCouponToSubscription", **claim(reference))
    apply = "ApplyCouponToSubscription"
    check_fault(refusal(manager, apply, **claim(first)), COUPON_ALREADY_APPLIED)
    check_fault(refusal(manager, apply, **claim(third)), CLAIM_LIMIT_REACHED)
    nonsense = {"SubscriptionReference": first, "CouponCode": "NONSENSE"}
    check_fault(refusal(manager, apply, **nonsense), COUPON_NOT_FOUND)

    removed = manager.call("RemoveCouponFromSubscription", **claim(first))
    assert removed.ValidUntil is not None
    assert claims_of(manager, first) == []
    assert [it.CouponCode for it in claims_of(manager, first, IncludeRemoved=True)] == [code]
    applied = manager.call_all("GetAppliedCoupons", CouponCode=code)
    assert [it.AppliesToID for it in applied.Coupons.Coupon] == [second]
    of_code = manager.call_all("GetCouponSubscriptions", CouponCode=code)
    assert [it.Reference for it in of_code.Subscriptions.Subscription] == [second]


def test_unique_codes_are_made_claimed_and_retired(
    manager: Caller, customer: Customer, programme: Programme
) -> None:
    only_unique = coupon(customer, cash("4"), ParentCouponCodeRedeemable=False)
    parent = added(manager, "Coupon", only_unique).CouponCode
    made = manager.call("GenerateUniqueCodes", CouponCode=parent, Quantity=3)
    assert all(len(code) == len(parent) + 5 for code in made.string)
    longer = manager.call(
        "GenerateUniqueCodes", CouponCode=parent, Quantity=1, Separator="", SuffixLength=9
    )
    assert len(longer.string[0]) == len(parent) + 9

    reference, code = subscribe(programme, customer), made.string[0]
    named = {"SubscriptionReference": reference}
    by_parent = refusal(manager, "ApplyCouponToSubscription", CouponCode=parent, **named)
    check_fault(by_parent, PARENT_CODE_NOT_REDEEMABLE)
    claim = manager.call("ApplyCouponToSubscription", CouponCode=code, **named)
    check(claim, {"CouponCode": code, "ParentCouponCode": parent, "AppliesToID": reference})
    page = {"Index": 0, "Size": 2}
    free = manager.call_all("GetAvailableCodes", CouponCode=parent, PageInfo=page)
    assert (list(free.CouponCodes.string), free.HasMore) == (list(made.string[1:]), True)
    too_large = {"Index": 0, "Size": 1_001}
    wrong = refusal(manager, "GetAvailableCodes", CouponCode=parent, PageInfo=too_large)
    check_fault(wrong, PAGING_INVALID)

    retired = manager.call("RetireCoupon", CouponCode=code)
    assert (retired.Deleted, retired.ParentCouponCode) == (True, parent)
    assert claims_of(manager, reference) == []
    again = refusal(manager, "ApplyCouponToSubscription", CouponCode=code, **named)
    check_fault(again, COUPON_RETIRED)
    owner = {"CustomerId": customer.customer_id}
    manager.call("RetireCoupon", CouponCode=parent)
    shown = manager.call_all("GetCoupons", IncludeRetired=True, **owner).Coupons
    assert [it.CouponCode for it in shown.Coupon] == [parent]
    assert not manager.call_all("GetCoupons", **owner).Coupons


def test_an_instance_of_a_book_discounts_the_growth(
    operator: Caller, customer: Customer, programme: Programme
) -> None:
    owner = {"OrganizationID": str(customer.customer_id)}
    growth = {"Domain": "uom", "Specifier": "seats", "EffectAdditional": True}
    modifier = {"EffectAmount": Decimal(10), "Operand": "instance_percent", **growth}
    loyalty = added(operator, "CouponDefinition", definition(customer, modifier)).Id
    kind = {"Name": "Pairs", "Minimum": 2, "Maximum": 8, "Step": 2, "CouponDefinitionID": loyalty}
    kind_id = added(operator, "CouponBookDefinition", {**kind, **owner}).Id
    book = {"Name": "Pair", "BookCode": unused("BOOK"), "MaxRemainingCoupons": 2}
    book |= {"MaximumCouponUses": 3, "CouponBookDefinitionID": kind_id}
    added(operator, "CouponBook", {**book, **owner})

    reference = subscribe(programme, customer)
    existing = {"LogicalComponentID": "users", "ExistingValue": 4}
    attached = operator.call(
        "AttachCouponInstance",
        BookCode=book["BookCode"],
        Target="subscription",
        TargetID=reference,
        InstanceDiscountValue=Decimal(50),
        CouponInstanceExistingValues={"CouponInstanceExistingValue": [existing]},
    )
    check(attached, {"Target": "subscription", "TargetID": reference, "RemainingUses": 3})
    assert operator.call("GetCouponBook", BookCode=book["BookCode"]).RemainingCoupons == 1
    seats = {**units("users", 10, "7"), "UnitOfMeasure": "seats"}
    billed = operator.call("ApplyCouponsToBill", BillReference="1", **bill(reference, seats))
    check(billed, {"Discount": 21, "Due": 49})
    (discount,) = billed.Discounts.CouponDiscountEstimate
    check(discount, {"DiscountStartValue": 5, "DiscountEndValue": 10, "EffectAmount": 50})
    found = operator.call("GetCouponInstance", Id=attached.Id)
    check(found, {"Used": 1, "RemainingUses": 2, "DiscountValue": 21})

    wanted = {"CustomerId": customer.customer_id, "Target": "subscription"}
    listed = operator.call_all("GetCouponInstances", TargetID=reference, **wanted)
    assert [it.Id for it in listed.CouponInstances.CouponInstance] == [attached.Id]
    assert operator.call("RetireCouponInstance", Id=attached.Id).RetiredAt is not None
    left_out = operator.call("ApplyCouponsToBill", BillReference="2", **bill(reference, seats))
    assert left_out.Discount == 0


def test_rules_are_told_beforehand(
    operator: Caller, customer: Customer, programme: Programme
) -> None:
    new_only = {"Subject": "user", "Polarity": "does_not", "Preposition": "greater_than"}
    new_only |= {"Parameter": "0", "Object": "subscription"}
    many = {"Subject": "current_subscription", "Preposition": "greater_than_or_equal_to"}
    many |= {"Parameter": "5", "Object": "unit_of_measure", "Specifier": "seats"}
    many |= {"RuleValidationStrategy": "only_while_recurring"}
    rules = {"CouponRule": [new_only, many]}
    modifier = {"EffectAmount": Decimal(1), "Operand": "fixed"}
    loyalty = added(operator, "CouponDefinition", definition(customer, modifier, Rules=rules))
    reference = subscribe(programme, customer)
    asked = {"CouponDefinitionID": loyalty.Id, "AccountId": customer.account_id}
    asked["SubscriptionReference"] = reference

    def checked(**more: Any) -> Any:
        return operator.call("CheckCouponRules", **asked, **more)

    check(checked(), {"Satisfied": True, "NewUser": True, "CouponInstanceBeingInitialised": True})
    billed = checked(CouponInstanceBeingInitialised=False)
    check(billed, {"Satisfied": False, "CouponInstanceBeingInitialised": False})
    (broken,) = billed.BrokenRules.CouponRule
    second = loyalty.Rules.CouponRule[1]
    assert {name: getattr(broken, name) for name in ("Id", "OrganizationID", "Verb")} == {
        "Id": second.Id,
        "OrganizationID": second.OrganizationID,
        "Verb": "have",
    }
    seats = {"UnitCount": [{"UnitOfMeasure": "seats", "Units": 3}] * 2}
    assert checked(CouponInstanceBeingInitialised=False, Units=seats).Satisfied is True

    subscribe(programme, customer)
    assert checked().NewUser is False
    stock = {"CouponDefinitionID": loyalty.Id, "OrganizationID": str(customer.customer_id)}
    instance = added(operator, "CouponInstance", stock)
    attach = {"Id": instance.Id, "Target": "subscription", "TargetID": reference}
    check_fault(refusal(operator, "AttachCouponInstance", **attach), COUPON_RULE_BROKEN)
