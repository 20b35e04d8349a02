"""The data types of coupons that discount bills: definitions, books, instances."""

# mypy: disallow-subclassing-any=False

from spyne import ComplexModel

from service.soap.namespaces import MANAGEMENT_ENTITIES
from service.soap.types.simple import (
    Boolean,
    NillableBoolean,
    NillableDateTime,
    NillableDecimal,
    NillableInt,
    String,
    array_of,
    enumeration,
)

__all__ = [
    "ArrayOfCoupon",
    "ArrayOfCouponBook",
    "ArrayOfCouponBookDefinition",
    "ArrayOfCouponDefinition",
    "ArrayOfCouponDiscount",
    "ArrayOfCouponInstance",
    "ArrayOfCouponInstanceExistingValue",
    "ArrayOfCouponModifier",
    "ArrayOfCouponRule",
    "ArrayOfUnitCount",
    "BookDurationPeriod",
    "Coupon",
    "CouponBook",
    "CouponBookDefinition",
    "CouponDefinition",
    "CouponDiscount",
    "CouponInstance",
    "CouponInstanceExistingValue",
    "CouponModifier",
    "CouponRule",
    "DefinitionTarget",
    "InstanceDurationPeriod",
    "InstanceTarget",
    "LifeState",
    "LimitScope",
    "ModifierDomain",
    "ModifierEffect",
    "ModifierOperand",
    "RuleObject",
    "RulePolarity",
    "RulePreposition",
    "RuleSatisfaction",
    "RuleSubject",
    "RuleValidationStrategy",
    "RuleVerb",
    "UnitCount",
]

LimitScope = enumeration(MANAGEMENT_ENTITIES, "LimitScope", "coupon", "code", nillable=True)
InstanceTarget = enumeration(
    MANAGEMENT_ENTITIES, "InstanceTarget", "none", "subscription", "account", nillable=True
)
DefinitionTarget = enumeration(
    MANAGEMENT_ENTITIES, "DefinitionTarget", "product", "account", nillable=True
)
LifeState = enumeration(
    MANAGEMENT_ENTITIES, "LifeState", "development", "production", "deleted", nillable=True
)
InstanceDurationPeriod = enumeration(
    MANAGEMENT_ENTITIES,
    "InstanceDurationPeriod",
    "minutes",
    "hours",
    "days",
    "months",
    "years",
    "periods",
    nillable=True,
)
BookDurationPeriod = enumeration(
    MANAGEMENT_ENTITIES,
    "BookDurationPeriod",
    "minutes",
    "hours",
    "days",
    "months",
    "years",
    nillable=True,
)
ModifierOperand = enumeration(
    MANAGEMENT_ENTITIES,
    "ModifierOperand",
    "fixed",
    "percent",
    "instance_fixed",
    "instance_percent",
    "instance",
    nillable=True,
)
ModifierEffect = enumeration(
    MANAGEMENT_ENTITIES,
    "ModifierEffect",
    "discount_first_units",
    "discount_last_units",
    "discount_cheapest_units",
    "discount_all",
    nillable=True,
)
ModifierDomain = enumeration(
    MANAGEMENT_ENTITIES, "ModifierDomain", "product", "uom", "PricingComponent", nillable=True
)
RuleSubject = enumeration(
    MANAGEMENT_ENTITIES, "RuleSubject", "user", "current_subscription", "child_rules", nillable=True
)
RulePolarity = enumeration(MANAGEMENT_ENTITIES, "RulePolarity", "does", "does_not", nillable=True)
RuleVerb = enumeration(MANAGEMENT_ENTITIES, "RuleVerb", "have", nillable=True)
RulePreposition = enumeration(
    MANAGEMENT_ENTITIES,
    "RulePreposition",
    "less_than",
    "less_than_or_equal_to",
    "greater_than",
    "greater_than_or_equal_to",
    "equal_to",
    nillable=True,
)
RuleObject = enumeration(
    MANAGEMENT_ENTITIES,
    "RuleObject",
    "subscription",
    "unit_of_measure",
    "satisfaction",
    "product_rate_plan_id",
    "product_id",
    nillable=True,
)
RuleValidationStrategy = enumeration(
    MANAGEMENT_ENTITIES,
    "RuleValidationStrategy",
    "only_at_initialisation",
    "while_recurring_or_initialisation",
    "only_while_recurring",
    nillable=True,
)


class CouponDiscount(ComplexModel):
    """One discount of a coupon: money, percent, or units free, one of the three."""

    __namespace__ = MANAGEMENT_ENTITIES
    Created = NillableDateTime
    ChangedBy = String
    Updated = NillableDateTime
    PricingComponent = String
    PricingComponentName = String
    PricingComponentID = String
    UnitOfMeasureName = String
    UnitOfMeasureID = String
    UnitsFree = NillableInt
    PercentageDiscount = NillableDecimal
    CashDiscount = NillableDecimal


ArrayOfCouponDiscount = array_of(CouponDiscount)


class Coupon(ComplexModel):
    """A simple coupon: a parent code, one of its unique codes, or a claim of either."""

    __namespace__ = MANAGEMENT_ENTITIES
    Created = NillableDateTime
    ChangedBy = String
    Updated = NillableDateTime
    Name = String
    CouponCode = String
    Coupons = NillableInt
    Uses = NillableInt
    Product = String
    ProductName = String
    ProductID = String
    ProductRatePlan = String
    ProductRatePlanName = String
    ProductRatePlanID = String
    Currency = String
    ParentCouponCodeRedeemable = NillableBoolean
    OrganizationID = String
    Discounts = ArrayOfCouponDiscount
    Deleted = NillableBoolean
    ParentCouponCode = String
    AppliesTo = InstanceTarget
    AppliesToID = String
    RemainingUses = NillableInt
    Used = NillableInt
    DiscountValue = NillableDecimal
    ValidUntil = NillableDateTime
    LimitScope = LimitScope


ArrayOfCoupon = array_of(Coupon)


class CouponModifier(ComplexModel):
    """One discount of a definition."""

    __namespace__ = MANAGEMENT_ENTITIES
    Created = NillableDateTime
    ChangedBy = String
    Updated = NillableDateTime
    Id = String
    CouponDefinitionID = String
    OrganizationID = String
    EffectAmount = NillableDecimal
    Operand = ModifierOperand
    Effect = ModifierEffect
    EffectAdditional = NillableBoolean
    SpecifierAmount = NillableInt
    Domain = ModifierDomain
    Specifier = String
    Precedence = NillableInt
    Deleted = NillableBoolean


ArrayOfCouponModifier = array_of(CouponModifier)


class CouponRule(ComplexModel):
    """A sentence that says who may use a coupon."""

    __namespace__ = MANAGEMENT_ENTITIES
    ParentRuleID = String
    Created = NillableDateTime
    ChangedBy = String
    Updated = NillableDateTime
    Id = String
    OrganizationID = String
    CouponDefinitionID = String
    Subject = RuleSubject
    Polarity = RulePolarity
    Verb = RuleVerb
    Preposition = RulePreposition
    Parameter = String
    Object = RuleObject
    RuleValidationStrategy = RuleValidationStrategy
    Specifier = String
    Deleted = NillableBoolean


ArrayOfCouponRule = array_of(CouponRule)
# A rule has rules inside.
CouponRule.append_field("ChildRules", ArrayOfCouponRule)


class CouponDefinition(ComplexModel):
    """What coupon instances discount, for whom, and for how long."""

    __namespace__ = MANAGEMENT_ENTITIES
    Created = NillableDateTime
    ChangedBy = String
    Updated = NillableDateTime
    Id = String
    CrmID = String
    OrganizationID = String
    Name = String
    Description = String
    CustomerCode = String
    Target = DefinitionTarget
    Currency = String
    DefinitionValidFrom = NillableDateTime
    DefinitionValidTill = NillableDateTime
    InstanceDurationPeriod = InstanceDurationPeriod
    InstanceDuration = NillableInt
    FixedEndDate = NillableDateTime
    State = LifeState
    Modifiers = ArrayOfCouponModifier
    Rules = ArrayOfCouponRule


ArrayOfCouponDefinition = array_of(CouponDefinition)


class CouponBookDefinition(ComplexModel):
    """A kind of books: which sizes they come in, and of what their coupons are."""

    __namespace__ = MANAGEMENT_ENTITIES
    Created = NillableDateTime
    ChangedBy = String
    Updated = NillableDateTime
    Id = String
    CrmID = String
    OrganizationID = String
    CouponDefinitionID = String
    Name = String
    Description = String
    Minimum = NillableInt
    Maximum = NillableInt
    Step = NillableInt
    DefinitionValidFrom = NillableDateTime
    DefinitionValidTill = NillableDateTime
    InstanceDuration = NillableInt
    InstanceDurationPeriod = BookDurationPeriod
    State = LifeState


ArrayOfCouponBookDefinition = array_of(CouponBookDefinition)


class CouponBook(ComplexModel):
    """A pack of coupons that was sold as one."""

    __namespace__ = MANAGEMENT_ENTITIES
    BookCode = String
    Created = NillableDateTime
    ChangedBy = String
    Updated = NillableDateTime
    Id = String
    CrmID = String
    OrganizationID = String
    CouponBookDefinitionID = String
    Name = String
    Cost = NillableDecimal
    RemainingCoupons = NillableInt
    MaxRemainingCoupons = NillableInt
    MaximumCouponUses = NillableInt
    Deleted = NillableBoolean


ArrayOfCouponBook = array_of(CouponBook)


class CouponInstanceExistingValue(ComplexModel):
    """How many units a subscription had of a pricing component when a coupon was attached."""

    __namespace__ = MANAGEMENT_ENTITIES
    Created = NillableDateTime
    ChangedBy = String
    Updated = NillableDateTime
    Id = String
    OrganizationID = String
    CouponInstanceID = String
    LogicalComponentID = String
    ExistingValue = NillableInt


ArrayOfCouponInstanceExistingValue = array_of(CouponInstanceExistingValue)


class CouponInstance(ComplexModel):
    """A coupon that was handed out."""

    __namespace__ = MANAGEMENT_ENTITIES
    TargetID = String
    CouponCode = String
    DateInitialised = NillableDateTime
    ValidTill = NillableDateTime
    Created = NillableDateTime
    ChangedBy = String
    Updated = NillableDateTime
    Id = String
    CrmID = String
    OrganizationID = String
    BookID = String
    CouponDefinitionID = String
    Target = InstanceTarget
    PeriodsValidFor = NillableInt
    TotalPeriods = NillableInt
    RemainingUses = NillableInt
    InstanceDiscountValue = NillableDecimal
    MaxRemainingUses = NillableInt
    CouponInstanceExistingValues = ArrayOfCouponInstanceExistingValue
    Used = NillableInt
    DiscountValue = NillableDecimal
    RemovedAt = NillableDateTime
    RetiredAt = NillableDateTime


ArrayOfCouponInstance = array_of(CouponInstance)


class UnitCount(ComplexModel):
    """How many units a subscription has of a unit of measure."""

    __namespace__ = MANAGEMENT_ENTITIES
    UnitOfMeasure = String
    Units = NillableInt


ArrayOfUnitCount = array_of(UnitCount)


class RuleSatisfaction(ComplexModel):
    """Whether the rules of a definition are satisfied."""

    __namespace__ = MANAGEMENT_ENTITIES
    Satisfied = Boolean
    BrokenRules = ArrayOfCouponRule
    CouponInstanceBeingInitialised = Boolean
    NewUser = Boolean
