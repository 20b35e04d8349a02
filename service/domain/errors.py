"""The numbered errors of the service and of its coupons.

Numbers below 90001 are Microsoft's and keep Microsoft's meaning. Microsoft
publishes no error for coupons; those from 90001 up are ours. An error that is not
in the catalogue cannot be raised: ``service.domain.refusals`` has the exceptions.
"""

from service.domain.error_rows import FaultKind
from service.domain.error_rows import catalogued as _row

# The caller and the service: AdApiFaultDetail.

INTERNAL_ERROR = _row(
    0,
    "InternalError",
    FaultKind.AD_API,
    "An internal error has occurred.",
    "A fault of the service itself. Its log has the reason under the TrackingId.",
)
INVALID_CREDENTIALS = _row(
    105,
    "InvalidCredentials",
    FaultKind.AD_API,
    "Authentication failed. Either supplied credentials are invalid or the account is inactive",
    "A token or password is unknown, revoked or past its end. Ask the operator for a new one. Of an"
    " OAuth issuer's token, Detail tells whether it has expired: ask the issuer for a new one.",
)
REQUEST_MISSING_HEADERS = _row(
    116,
    "RequestMissingHeaders",
    FaultKind.AD_API,
    "A required request header is missing.",
    "DeveloperToken is required, and AuthenticationToken or UserName with Password.",
)
CALL_RATE_EXCEEDED = _row(
    117,
    "CallRateExceeded",
    FaultKind.AD_API,
    "Too many calls, or too many failed attempts, within a minute.",
    "Detail says which limit was reached: calls of a user or of its customers, coupons that were"
    " tried and are not there, or failed attempts to sign in. Wait a minute and try again.",
)
CONCURRENT_REQUEST_OVER_LIMIT = _row(
    207,
    "ConcurrentRequestOverLimit",
    FaultKind.AD_API,
    "Too many calls at the same time.",
    "As many calls of the customer's users are being answered as the operator allows. Try again"
    " when one of them has been.",
)

# What was asked: ApiFault, Microsoft's numbers.

INPUT_INVALID = _row(
    201,
    "ApiInputValidationError",
    FaultKind.API,
    "The request is not valid.",
    "A value is not one that the operation accepts; Details names it.",
)
NULL_PARAMETER = _row(
    203,
    "NullParameter",
    FaultKind.API,
    "A required element is missing or empty.",
    "Details names the element.",
)
OPERATION_NOT_SUPPORTED = _row(
    204,
    "OperationNotSupported",
    FaultKind.API,
    "The operation is not supported.",
    "The contract has the operation and this service does not carry it out.",
)
ENTITY_NOT_EXISTENT = _row(
    210,
    "EntityNotExistent",
    FaultKind.API,
    "The entity does not exist.",
    "An identifier names nothing; Details has its kind and value.",
)
PREDICATE_MISSING = _row(
    474,
    "RequiredPredicateMissing",
    FaultKind.API,
    "A required predicate is missing.",
    "SearchCoupons, GetCouponCreationJobs and GetCouponDeletionJobs need a predicate on CustomerId;"
    " the latter two not with a JobId or BatchId.",
)
NOT_AUTHORIZED = _row(
    1001,
    "UserIsNotAuthorized",
    FaultKind.API,
    "The user is not authorized to perform this action.",
    "The user has no right on this customer or account, or it does not exist; the two look alike.",
)
ACCOUNT_ID_INVALID = _row(
    2108,
    "AccountIdInvalid",
    FaultKind.API,
    "The account id is not valid.",
    "AccountId is missing, not positive, or not an account's. Only operators and DistributeCoupons"
    " are told the last.",
)
BATCH_TOO_LARGE = _row(
    3024,
    "BatchTooLarge",
    FaultKind.API,
    "A list has more items than the operation accepts.",
    "Details names the list, its length and the bound.",
)
PREDICATE_INVALID = _row(
    3030,
    "PredicateInvalid",
    FaultKind.API,
    "A predicate is not valid.",
    "A field, operator or value that the search does not know, or a field given twice.",
)
PAGING_INVALID = _row(
    3080,
    "PagingInvalid",
    FaultKind.API,
    "Page information is required and must be within its bounds.",
    "PageInfo is missing, Index is negative, or Size is not from 1 to 100 (unset counts as 0)."
    " SearchCouponClasses takes sizes up to 1,000, ExportCoupons up to 20,000.",
)
LIST_EMPTY = _row(
    3087,
    "ListNullOrEmpty",
    FaultKind.API,
    "A required list is null or empty.",
    "Details names the list.",
)

# Coupons: our numbers.

COUPON_NOT_FOUND = _row(
    90001,
    "CouponNotFound",
    FaultKind.API,
    "No coupon has this code.",
    "The code was never minted, or is mistyped.",
)
COUPON_ALREADY_REDEEMED = _row(
    90002,
    "CouponAlreadyRedeemed",
    FaultKind.API,
    "The coupon has already been redeemed.",
    "Another account redeemed it. The same account is answered its first RedemptionDate again,"
    " but can no longer claim it.",
)
COUPON_NOT_STARTED = _row(
    90003,
    "CouponNotStarted",
    FaultKind.API,
    "The coupon cannot be redeemed yet.",
    "Its StartDate has not come.",
)
COUPON_ENDED = _row(
    90004,
    "CouponEnded",
    FaultKind.API,
    "The coupon can no longer be redeemed.",
    "Its EndDate has passed.",
)
COUPON_EXPIRED = _row(
    90005,
    "CouponExpired",
    FaultKind.API,
    "The coupon has expired.",
    "Its ExpirationDate has passed.",
)
CURRENCY_MISMATCH = _row(
    90006,
    "CurrencyMismatch",
    FaultKind.API,
    "The coupon's currency is not the account's.",
    "Coupon and account must have the same currency.",
)
ACQUISITION_NOT_ELIGIBLE = _row(
    90007,
    "AcquisitionNotEligible",
    FaultKind.API,
    "The coupon is for new customers only.",
    "The account's customer has spent for more than 30 days, or has redeemed an Acquisition"
    " coupon before.",
)
COUPON_CLAIMED_BY_ANOTHER_ACCOUNT = _row(
    90008,
    "CouponClaimedByAnotherAccount",
    FaultKind.API,
    "The coupon is booked for another account.",
    "Only the account that claimed the coupon can redeem it.",
)
COUPON_CLASS_RETIRED = _row(
    90009,
    "CouponClassRetired",
    FaultKind.API,
    "The coupon class is retired.",
    "Its coupons are not dispatched, distributed, claimed or redeemed any more, and no more are"
    " minted.",
)
COUPON_CLASS_NOT_FOUND = _row(
    90010,
    "CouponClassNotFound",
    FaultKind.API,
    "The customer has no coupon class of this name.",
    "DistributeCoupons looks among the customers that the caller may write for. Class names are"
    " compared exactly, without the white space around them.",
)
NO_COUPON_AVAILABLE = _row(
    90011,
    "NoCouponAvailable",
    FaultKind.ITEM,
    "The class has no coupon left.",
    "Every coupon of the class, in the account's currency if it is for one, is dispatched, claimed,"
    " redeemed, ended or expired.",
)
EMAIL_INVALID = _row(
    90012,
    "EmailInvalid",
    FaultKind.ITEM,
    "The e-mail address is not valid.",
    "Details says what is wrong with it.",
)
EMAIL_DUPLICATE = _row(
    90013,
    "EmailDuplicate",
    FaultKind.ITEM,
    "The e-mail address stands more than once in the request.",
    "The first one was served; each address gets one coupon a request.",
)
FEATURE_ALREADY_CLAIMED = _row(
    90014,
    "FeatureAlreadyClaimed",
    FaultKind.PARTIAL,
    "The account has claimed a coupon of this feature before.",
    "An account claims one coupon of a feature ever.",
)
COUPON_WITHOUT_FEATURE = _row(
    90015,
    "CouponWithoutFeature",
    FaultKind.PARTIAL,
    "The coupon does not reward the adoption of a feature.",
    "Its class has no feature. It is redeemed without being claimed.",
)
ACCOUNT_DUPLICATE = _row(
    90016,
    "AccountDuplicate",
    FaultKind.PARTIAL,
    "The account stands more than once in the request.",
    "The first one counts; each account gets one coupon a request.",
)
ACCOUNT_WITHOUT_EMAIL = _row(
    90017,
    "AccountWithoutEmail",
    FaultKind.PARTIAL,
    "The account has no e-mail address to notify.",
    "It got no coupon. Give it an address, or distribute without SendNotification.",
)
COUPON_CLASS_AMBIGUOUS = _row(
    90018,
    "CouponClassAmbiguous",
    FaultKind.API,
    "Several customers have a coupon class of this name.",
    "DistributeCoupons names no customer: of those that the caller may write for, one may have the"
    " class.",
)
ID_TOO_LARGE = _row(
    90019,
    "IdTooLarge",
    FaultKind.API,
    "An identifier does not fit into the contract's int.",
    "GetCouponInfo answers no AccountId and no CouponId above 2147483647; Details names it.",
)
COUPON_RESERVATION_REQUIRED = _row(
    90040,
    "CouponReservationRequired",
    FaultKind.API,
    "The coupon must be claimed before it is redeemed.",
    "Its terms say so (IsReservationMandatory): only the account that has claimed it, or that it"
    " was distributed to, can redeem it.",
)
COUPON_BATCH_INCOMPLETE = _row(
    90041,
    "CouponBatchIncomplete",
    FaultKind.API,
    "The coupons of the batch are not all made.",
    "A job or an import is making them. They can be updated when it has come to its end.",
)
RECIPIENT_REFUSED = _row(
    90042,
    "RecipientRefused",
    FaultKind.API,
    "No coupon can be made for one of the accounts.",
    "Details names the account and the reason; for the others none was made either. Leave the"
    " account out and call again.",
)
USAGE_LIMIT_UNSUPPORTED = _row(
    90024,
    "UsageLimitUnsupported",
    FaultKind.API,
    "A coupon of this service is redeemed once.",
    "UsageLimit is 1, or left out.",
)
RESERVATION_LIMIT_UNSUPPORTED = _row(
    90025,
    "ReservationLimitUnsupported",
    FaultKind.API,
    "No account could claim such a coupon.",
    "A coupon is claimed by one account: ReservationLimit is 1 or more, or left out. 0 is for"
    " coupons that need not be claimed.",
)
JOB_ENDED = _row(
    90026,
    "JobEnded",
    FaultKind.API,
    "The job has ended.",
    "There is nothing left to cancel; Details has its status.",
)
JOB_NOT_FAILED = _row(
    90027,
    "JobNotFailed",
    FaultKind.API,
    "The job has not failed.",
    "Only a job that has failed goes on when it is retried. The coupons of a job that was"
    " cancelled, or whose pattern was full, are in use: create another job for the rest.",
)

# The service and its database: AdApiFaultDetail, our numbers.

SERVICE_BUSY = _row(
    90022,
    "ServiceBusy",
    FaultKind.AD_API,
    "The service is busy.",
    "The call waited too long for others and changed nothing. Call again.",
)
SERVICE_UNAVAILABLE = _row(
    90023,
    "ServiceUnavailable",
    FaultKind.AD_API,
    "The service cannot use its database.",
    "Call again later. Whether the call took effect is not known when its connection broke at the"
    " very end; with an IdempotencyKey it can be repeated safely. The log has the reason.",
)
ISSUER_UNAVAILABLE = _row(
    90028,
    "IssuerUnavailable",
    FaultKind.AD_API,
    "The issuer of the token cannot be asked for its keys.",
    "The token names a key that the service does not know, and the OAuth issuer of the settings"
    " does not answer. Call again later. The log has the reason.",
)

# Requests with a key: our numbers.

IDEMPOTENCY_KEY_INVALID = _row(
    90020,
    "IdempotencyKeyInvalid",
    FaultKind.API,
    "The IdempotencyKey is not valid.",
    "It is text of at most 255 characters, and a request has one. Details says what is wrong.",
)
IDEMPOTENCY_KEY_REUSED = _row(
    90021,
    "IdempotencyKeyReused",
    FaultKind.API,
    "The IdempotencyKey belongs to another request.",
    "The same user sent it before, with another operation or other content. Choose a new key for"
    " each request that is not a repeat.",
)

# Programmes: what an operator asks for, our numbers.

NAME_TAKEN = _row(
    90101,
    "NameTaken",
    FaultKind.API,
    "The name is already in use.",
    "User names, account numbers, references of subscriptions, and the Ids of definitions, books"
    " and instances and of what is in them are unique in the service, class names in a customer.",
)
TERMS_INVALID = _row(
    90102,
    "TermsInvalid",
    FaultKind.API,
    "The terms of the coupon class are not valid.",
    "Details names the term and its bound.",
)
PATTERN_INVALID = _row(
    90103,
    "PatternInvalid",
    FaultKind.API,
    "The code pattern is not valid.",
    "A pattern has 3 to 100 characters with at least one # place; see Details.",
)
PATTERN_FULL = _row(
    90104,
    "PatternFull",
    FaultKind.API,
    "The code pattern has no unused code left.",
    "Choose a longer pattern or a larger alphabet.",
)
QUANTITY_OUT_OF_RANGE = _row(
    90105,
    "QuantityOutOfRange",
    FaultKind.API,
    "The number of coupons is out of range.",
    "Details has the bounds.",
)

SPEND_REFERENCE_TAKEN = _row(
    90106,
    "SpendReferenceTaken",
    FaultKind.API,
    "The reference names another spend.",
    "The same reference with the same figures is answered the first result again; with other"
    " figures it is refused. Details has the figures of the first.",
)

# Files of coupons: our numbers.

IMPORT_FILE_INVALID = _row(
    90035,
    "ImportFileInvalid",
    FaultKind.API,
    "The file is no list of coupons.",
    "Nothing was imported. Details says what is wrong: a column that is missing, unknown or there"
    " twice, text that is not UTF-8, or more than an import may have.",
)
IMPORT_REPLACED = _row(
    90036,
    "ImportReplaced",
    FaultKind.API,
    "Another import of the same codes has taken the place of this one.",
    "It began later and makes the coupons; of this one nothing is left. Import a file once.",
)
