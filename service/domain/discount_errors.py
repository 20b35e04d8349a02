"""The numbered errors of coupons that discount bills; all of them are ours."""

from service.domain.error_rows import FaultKind, catalogued

COUPON_RETIRED = catalogued(
    90050,
    "CouponRetired",
    FaultKind.API,
    "The coupon is retired.",
    "A coupon, unique code, instance or book that is retired can neither be claimed nor"
    " attached, and gives no more codes. What was claimed before keeps its discount.",
)
PARENT_CODE_NOT_REDEEMABLE = catalogued(
    90051,
    "ParentCodeNotRedeemable",
    FaultKind.API,
    "The parent code itself cannot be claimed.",
    "Only its unique codes can: ParentCouponCodeRedeemable is false.",
)
CLAIM_LIMIT_REACHED = catalogued(
    90052,
    "ClaimLimitReached",
    FaultKind.API,
    "All claims of the coupon are taken.",
    "Coupons bounds them; a unique code counts as a claim from when it is made. Details has the"
    " bound.",
)
RATE_PLAN_MISMATCH = catalogued(
    90053,
    "RatePlanMismatch",
    FaultKind.API,
    "The coupon is for another product or rate plan.",
    "Details has the product and the rate plan of the subscription.",
)
COUPON_ALREADY_APPLIED = catalogued(
    90054,
    "CouponAlreadyApplied",
    FaultKind.API,
    "The coupon is applied to the subscription already.",
    "A subscription has one claim of a coupon at a time. Remove the first one to claim it again.",
)
COUPON_NOT_APPLIED = catalogued(
    90055,
    "CouponNotApplied",
    FaultKind.API,
    "The coupon is not applied to the subscription.",
    "Neither now nor before; a coupon that was removed already is answered as it is.",
)
COUPON_RULE_BROKEN = catalogued(
    90056,
    "CouponRuleBroken",
    FaultKind.API,
    "A rule of the coupon is not satisfied.",
    "Details has the rule. CheckCouponRules tells beforehand.",
)
COUPON_CODE_TAKEN = catalogued(
    90057,
    "CouponCodeTaken",
    FaultKind.API,
    "The coupon code is or was in use.",
    "Codes of every kind are unique in the service and are never used twice.",
)
DISCOUNT_INVALID = catalogued(
    90058,
    "DiscountInvalid",
    FaultKind.API,
    "The coupon, definition, book or instance is not valid.",
    "Details names the element and its bound.",
)
STATE_INVALID = catalogued(
    90059,
    "StateInvalid",
    FaultKind.API,
    "The definition, book or instance is not in a state for this.",
    "Details says why: not in production, outside its window, attached, or retired.",
)
BOOK_EMPTY = catalogued(
    90060,
    "BookEmpty",
    FaultKind.API,
    "The coupon book has no coupon left.",
    "Its RemainingCoupons is 0.",
)
BOOK_SIZE_INVALID = catalogued(
    90061,
    "BookSizeInvalid",
    FaultKind.API,
    "The coupon book has a size that its definition does not have.",
    "Sizes are Minimum, then always Step more, up to Maximum.",
)
BILL_INVALID = catalogued(
    90062,
    "BillInvalid",
    FaultKind.API,
    "The bill is not valid.",
    "Details names the line and its bound.",
)
BILL_REFERENCE_TAKEN = catalogued(
    90063,
    "BillReferenceTaken",
    FaultKind.API,
    "The reference names another bill.",
    "The same reference with the same content is answered the first result again; with other"
    " content it is refused.",
)
