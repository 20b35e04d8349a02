"""Objects of discounts go in through SOAP and come back equal, field by field."""

from decimal import Decimal
from typing import Any

from service.domain.discount_errors import DISCOUNT_INVALID
from service.domain.errors import NULL_PARAMETER
from service.soap.declared import members_of
from service.soap.types import discount_entities
from tests.clients.callers import Caller, check_fault
from tests.clients.conftest import Customer
from tests.clients.discounts import (
    BEGIN,
    END,
    NOBODYS,
    Fields,
    added,
    bill,
    check,
    coupon,
    definition,
    line,
    subscribe,
    unused,
    without_nobodys,
)
from tests.clients.management import refusal
from tests.programme import Programme

PAGE = {"Index": 0, "Size": 100}


def names_of(declared: Any) -> set[str]:
    """The fields of a type, at the top."""
    return {member.name for member in members_of(declared)}


def check_trace(found: Any, *, is_changed: bool = False) -> None:
    assert found.Created is not None
    assert found.Created != END
    assert int(found.ChangedBy) > 0
    assert (found.Updated is not None) is is_changed


# Seed: Coupon.


def whole_coupon(customer: Customer) -> Fields:
    """A coupon in which every field says something."""
    components = ("PricingComponent", "PricingComponentName", "PricingComponentID")
    measures = ("UnitOfMeasureName", "UnitOfMeasureID")
    whole = {**NOBODYS, **dict.fromkeys(components, "users"), **dict.fromkeys(measures, "seats")}
    return {
        **NOBODYS,
        "Name": "Summer at the lake",
        "CouponCode": unused("SUMMER"),
        "Coupons": 10,
        "Uses": 3,
        "Product": "crm",
        "ProductName": "Customer relations",
        "ProductID": "PRD-1",
        "ProductRatePlan": "monthly",
        "ProductRatePlanName": "By the month",
        "ProductRatePlanID": "PRP-1",
        "Currency": "USD",
        "ParentCouponCodeRedeemable": True,
        "OrganizationID": str(customer.customer_id),
        "Discounts": {
            "CouponDiscount": [
                {**whole, "CashDiscount": Decimal("10.25")},
                {**whole, "PercentageDiscount": Decimal("33.333333")},
                {**whole, "UnitsFree": 5},
            ]
        },
        "Deleted": True,
        "ParentCouponCode": "NOBODYS",
        "AppliesTo": "account",
        "AppliesToID": "nobody",
        "RemainingUses": 77,
        "Used": 77,
        "DiscountValue": Decimal("77.77"),
        "ValidUntil": END,
        "LimitScope": "code",
    }


OF_CLAIMS = {
    *("ParentCouponCode", "AppliesTo", "AppliesToID", "RemainingUses", "Used"),
    *("DiscountValue", "ValidUntil"),
}


def test_a_whole_coupon_comes_back_equal(
    manager: Caller, operator: Caller, customer: Customer, programme: Programme
) -> None:
    sent = whole_coupon(customer)
    assert set(sent) == names_of(discount_entities.Coupon)
    said = {name: sent[name] for name in sent if name not in {*OF_CLAIMS, *NOBODYS, "Deleted"}}
    said = without_nobodys(said)

    found = added(manager, "Coupon", sent)
    check(found, said)
    check(found, dict.fromkeys(OF_CLAIMS, None) | {"Deleted": False})
    check_trace(found)
    for discount in found.Discounts.CouponDiscount:
        check_trace(discount)
    check(manager.call("GetCoupon", CouponCode=sent["CouponCode"].lower()), said)

    # What the service alone says: of a claim that has discounted a bill and was removed.
    reference = subscribe(programme, customer)
    named = {"SubscriptionReference": reference, "CouponCode": sent["CouponCode"]}
    claim = manager.call("ApplyCouponToSubscription", **named)
    check(claim, said | {"AppliesTo": "subscription", "AppliesToID": reference, "Used": 0})
    charged = bill(reference, {**line("users", "40"), "UnitOfMeasure": "seats"})
    operator.call("ApplyCouponsToBill", BillReference="2026-11", **charged)
    removed = manager.call("RemoveCouponFromSubscription", **named)
    check(removed, said | {"ParentCouponCode": sent["CouponCode"], "Deleted": False})
    counted = {"RemainingUses": 2, "Used": 1, "DiscountValue": Decimal("23.58")}
    check(removed, counted | {"AppliesTo": "subscription", "AppliesToID": reference})
    assert removed.ValidUntil is not None
    assert manager.call("RetireCoupon", CouponCode=sent["CouponCode"]).Deleted is True


def test_a_sparse_coupon_says_what_it_does_not_have(manager: Caller, customer: Customer) -> None:
    sent = coupon(customer, {"CashDiscount": Decimal(5)}, Currency="usd")
    found = added(manager, "Coupon", sent)
    check(found, {**sent, "Currency": "USD", "ParentCouponCodeRedeemable": True})
    check(found, {"Deleted": False, "LimitScope": "coupon"})
    (discount,) = found.Discounts.CouponDiscount
    silent = names_of(discount_entities.Coupon) - set(sent) - {"Created", "ChangedBy"}
    silent -= {"Deleted", "LimitScope", "ParentCouponCodeRedeemable"}
    check(found, dict.fromkeys(silent))
    silent = names_of(discount_entities.CouponDiscount) - {"Created", "ChangedBy", "CashDiscount"}
    check(discount, dict.fromkeys(silent))


# Seed: CouponInstance, with all that it is made of.


def whole_definition(customer: Customer) -> Fields:
    """A definition in which every field says something."""
    inside = {"OrganizationID": str(customer.customer_id), "CouponDefinitionID": unused("CDF-")}
    modifier = {
        **NOBODYS,
        **inside,
        "Id": unused("CMD-"),
        "EffectAmount": Decimal("12.5"),
        "Operand": "instance_percent",
        "Effect": "discount_last_units",
        "EffectAdditional": True,
        "SpecifierAmount": 4,
        "Domain": "PricingComponent",
        "Specifier": "users",
        "Precedence": 7,
        "Deleted": False,
    }
    rule = {
        **NOBODYS,
        **inside,
        "Id": unused("CRL-"),
        "Subject": "child_rules",
        "Polarity": "does",
        "Verb": "have",
        "Preposition": "greater_than_or_equal_to",
        "Parameter": "1",
        "Object": "satisfaction",
        "RuleValidationStrategy": "while_recurring_or_initialisation",
        "Specifier": "seats",
        "Deleted": False,
    }
    child = {**rule, "Id": unused("CRL-"), "ParentRuleID": rule["Id"], "Subject": "user"}
    child |= {"Polarity": "does_not", "Parameter": "5", "Object": "subscription"}
    rule["ChildRules"] = {"CouponRule": [child]}
    return {
        **NOBODYS,
        "Id": inside["CouponDefinitionID"],
        "CrmID": "CRM-1",
        "OrganizationID": str(customer.customer_id),
        "Name": "Loyalty",
        "Description": "For those who stay.",
        "CustomerCode": "CONTOSO",
        "Target": "product",
        "Currency": "USD",
        "DefinitionValidFrom": BEGIN,
        "DefinitionValidTill": END,
        "InstanceDurationPeriod": "months",
        "InstanceDuration": 6,
        "FixedEndDate": END,
        "State": "production",
        "Modifiers": {"CouponModifier": [modifier]},
        "Rules": {"CouponRule": [rule]},
    }


def whole_kind(customer: Customer, definition_id: str) -> Fields:
    """A kind of books in which every field says something."""
    return {
        **NOBODYS,
        "Id": unused("CBD-"),
        "CrmID": "CRM-2",
        "OrganizationID": str(customer.customer_id),
        "CouponDefinitionID": definition_id,
        "Name": "Hundreds",
        "Description": "Sold by the hundred.",
        "Minimum": 100,
        "Maximum": 150,
        "Step": 10,
        "DefinitionValidFrom": BEGIN,
        "DefinitionValidTill": END,
        "InstanceDuration": 3,
        "InstanceDurationPeriod": "days",
        "State": "production",
    }


def whole_book(customer: Customer, kind_id: str) -> Fields:
    """A book in which every field says something."""
    return {
        **NOBODYS,
        "BookCode": unused("BOOK"),
        "Id": unused("CBK-"),
        "CrmID": "CRM-3",
        "OrganizationID": str(customer.customer_id),
        "CouponBookDefinitionID": kind_id,
        "Name": "Book of spring",
        "Cost": Decimal("99.95"),
        "RemainingCoupons": 120,
        "MaxRemainingCoupons": 120,
        "MaximumCouponUses": 3,
        "Deleted": False,
    }


def whole_instance(customer: Customer, definition_id: str, book_id: str, reference: str) -> Fields:
    """An instance in which every field of the reference says something."""
    instance_id = unused("CIN-")
    owner = {"OrganizationID": str(customer.customer_id)}
    value = {
        **NOBODYS,
        **owner,
        "Id": unused("CEV-"),
        "CouponInstanceID": instance_id,
        "LogicalComponentID": "users",
        "ExistingValue": 4,
    }
    return {
        **NOBODYS,
        **owner,
        "TargetID": reference,
        "CouponCode": unused("LOYAL"),
        "DateInitialised": BEGIN,
        "ValidTill": END,
        "Id": instance_id,
        "CrmID": "CRM-4",
        "BookID": book_id,
        "CouponDefinitionID": definition_id,
        "Target": "subscription",
        "PeriodsValidFor": 12,
        "TotalPeriods": 24,
        "RemainingUses": 2,
        "InstanceDiscountValue": Decimal("17.5"),
        "MaxRemainingUses": 3,
        "CouponInstanceExistingValues": {"CouponInstanceExistingValue": [value]},
    }


OURS = {"Used", "DiscountValue", "RemovedAt", "RetiredAt"}


def test_whole_objects_come_back_equal(
    manager: Caller, customer: Customer, programme: Programme
) -> None:
    loyalty = whole_definition(customer)
    kind = whole_kind(customer, loyalty["Id"])
    book = whole_book(customer, kind["Id"])
    reference = subscribe(programme, customer)
    instance = whole_instance(customer, loyalty["Id"], book["Id"], reference)
    owner = {"CustomerId": customer.customer_id, "PageInfo": PAGE}
    for name, sent, more in (
        ("CouponDefinition", loyalty, set()),
        ("CouponBookDefinition", kind, set()),
        ("CouponBook", book, set()),
        ("CouponInstance", instance, OURS),
    ):
        assert set(sent) | more == names_of(getattr(discount_entities, name))
        said = without_nobodys(sent)
        answered = added(manager, name, sent)
        check(answered, said)
        check_trace(answered)
        check(manager.call(f"Get{name}", Id=sent["Id"]), said)
        listed = manager.call_all(f"Get{name}s", **owner)
        (found,) = getattr(getattr(listed, f"{name}s"), name)
        check(found, said)
        assert listed.HasMore is False
    check(answered, {"Used": 0, "DiscountValue": 0, "RemovedAt": None, "RetiredAt": None})
    (value,) = answered.CouponInstanceExistingValues.CouponInstanceExistingValue
    check_trace(value)

    by_code = manager.call("GetCouponInstance", CouponCode=instance["CouponCode"])
    assert by_code.Id == instance["Id"]
    assert manager.call("GetCouponBook", BookCode=book["BookCode"]).Id == book["Id"]
    changed = {**instance, "ValidTill": BEGIN, "CrmID": "CRM-5"}
    found = manager.call("UpdateCouponInstance", CouponInstance=changed)
    check(found, without_nobodys(changed))
    check_trace(found, is_changed=True)


def test_inner_parts_of_whole_objects_have_every_field(customer: Customer) -> None:
    whole = whole_definition(customer)
    (modifier,) = whole["Modifiers"]["CouponModifier"]
    (rule,) = whole["Rules"]["CouponRule"]
    (child,) = rule["ChildRules"]["CouponRule"]
    assert set(modifier) == names_of(discount_entities.CouponModifier)
    assert set(rule) | set(child) == names_of(discount_entities.CouponRule)
    value = whole_instance(customer, "", "", "")["CouponInstanceExistingValues"]
    (existing,) = value["CouponInstanceExistingValue"]
    assert set(existing) == names_of(discount_entities.CouponInstanceExistingValue)
    (discount, *_) = whole_coupon(customer)["Discounts"]["CouponDiscount"]
    kinds = {"UnitsFree", "PercentageDiscount"}
    assert set(discount) | kinds == names_of(discount_entities.CouponDiscount)


def test_sparse_objects_are_completed(manager: Caller, customer: Customer) -> None:
    owner = {"OrganizationID": str(customer.customer_id)}
    loyalty = definition(customer, {"EffectAmount": Decimal(5), "Operand": "instance"})
    found = added(manager, "CouponDefinition", loyalty)
    assert found.Id.startswith("CDF-")
    assert found.DefinitionValidFrom is not None
    check(found, {"Name": "Loyalty", "State": "production", "Target": "product", **owner})
    left_out = ("CrmID", "CustomerCode", "DefinitionValidTill", "InstanceDuration", "Updated")
    check(found, dict.fromkeys(left_out))
    (modifier,) = found.Modifiers.CouponModifier
    assert modifier.Id.startswith("CMD-")
    check(modifier, {"Operand": "instance_fixed", "Effect": "discount_all", "Domain": "product"})
    check(modifier, {"Precedence": 0, "EffectAdditional": False, "Specifier": None})
    assert modifier.CouponDefinitionID == found.Id

    sizes = {"Minimum": 1, "Maximum": 1, "Step": 1}
    of_loyalty = {"CouponDefinitionID": found.Id, **owner}
    kind = added(manager, "CouponBookDefinition", {"Name": "One", **sizes, **of_loyalty})
    check(kind, {"State": "production", "InstanceDuration": None})
    pack = {"Name": "Pack", "MaxRemainingCoupons": 1, "MaximumCouponUses": 2, **owner}
    book = added(manager, "CouponBook", {"CouponBookDefinitionID": kind.Id, **pack})
    check(book, {"BookCode": None, "Cost": 0, "RemainingCoupons": 1, "Deleted": False})
    instance = added(manager, "CouponInstance", of_loyalty)
    check(instance, {"Target": "none", "TargetID": None, "CouponCode": None, "BookID": None})
    check(instance, {"RemainingUses": None, "MaxRemainingUses": None, "ValidTill": None})
    assert instance.DateInitialised is not None


def test_what_contradicts_itself_is_refused(manager: Caller, customer: Customer) -> None:
    foreign = {"EffectAmount": Decimal(1), "Operand": "fixed", "OrganizationID": "0"}
    rule = {"Subject": "user", "Preposition": "less_than", "Parameter": "1"}
    rule |= {"Object": "subscription", "ParentRuleID": "another"}
    twice = {"CashDiscount": Decimal(1), "PricingComponent": "a", "PricingComponentID": "b"}
    cases: list[tuple[str, Fields]] = [
        ("CouponDefinition", definition(customer, foreign)),
        ("CouponDefinition", definition(customer, Rules={"CouponRule": [rule]})),
        ("Coupon", coupon(customer, twice)),
        ("Coupon", coupon(customer, {"CashDiscount": Decimal(1)}, OrganizationID="mine")),
    ]
    for kind, sent in cases:
        check_fault(refusal(manager, f"Add{kind}", **{kind: sent}), DISCOUNT_INVALID)
    for operation in ("AddCoupon", "UpdateCouponDefinition", "GetCouponBook", "RollbackBill"):
        check_fault(refusal(manager, operation), NULL_PARAMETER)


def test_what_is_changed_is_said_whole(
    manager: Caller, customer: Customer, programme: Programme
) -> None:
    owner = {"OrganizationID": str(customer.customer_id)}
    loyalty = whole_definition(customer)
    added(manager, "CouponDefinition", loyalty)
    kind = whole_kind(customer, loyalty["Id"])
    added(manager, "CouponBookDefinition", kind)
    book = whole_book(customer, kind["Id"])
    added(manager, "CouponBook", book)
    stock = {**owner, "CouponDefinitionID": loyalty["Id"], "Id": unused("CIN-")}
    stock |= {"DateInitialised": BEGIN, "MaxRemainingUses": 3}
    check(added(manager, "CouponInstance", stock), {"RemainingUses": 3})
    for name, whole, left_out, row in (
        ("CouponDefinition", loyalty, "DefinitionValidFrom", NULL_PARAMETER),
        ("CouponBookDefinition", kind, "DefinitionValidFrom", NULL_PARAMETER),
        ("CouponBook", book, "RemainingCoupons", NULL_PARAMETER),
        ("CouponInstance", stock, "DateInitialised", NULL_PARAMETER),
        ("CouponInstance", stock, "RemainingUses", DISCOUNT_INVALID),
        ("CouponDefinition", loyalty, "Id", NULL_PARAMETER),
    ):
        partly = {field: value for field, value in whole.items() if field != left_out}
        if left_out == "Id":
            partly = definition(customer, DefinitionValidFrom=BEGIN)
        check_fault(refusal(manager, f"Update{name}", **{name: partly}), row)
    for name, whole in (("CouponDefinition", loyalty), ("CouponBook", book)):
        changed = {**whole, "Name": "Another name", "CrmID": None}
        found = manager.call(f"Update{name}", **{name: changed})
        check(found, without_nobodys(changed))
        check_trace(found, is_changed=True)
        assert manager.call(f"Retire{name}", Id=whole["Id"]).Id == whole["Id"]
    assert manager.call("GetCouponBook", Id=book["Id"]).Deleted is True


def test_rules_lie_ten_deep_in_one_another(manager: Caller, customer: Customer) -> None:
    rule = {"Subject": "user", "Preposition": "less_than", "Parameter": "1"}
    rule |= {"Object": "subscription"}

    def nested(depth: int) -> Fields:
        if depth == 1:
            return rule
        inner = {"CouponRule": [nested(depth - 1)]}
        return {**rule, "Subject": "child_rules", "Object": "satisfaction", "ChildRules": inner}

    sent = definition(customer, Rules={"CouponRule": [nested(10)]})
    found = added(manager, "CouponDefinition", sent)
    check(found, {"Rules": sent["Rules"]})
    (outer,) = found.Rules.CouponRule
    (inner,) = outer.ChildRules.CouponRule
    assert (outer.ParentRuleID, inner.ParentRuleID) == (None, outer.Id)
    too_deep = definition(customer, Rules={"CouponRule": [nested(11)]})
    refused = refusal(manager, "AddCouponDefinition", CouponDefinition=too_deep)
    check_fault(refused, DISCOUNT_INVALID)
