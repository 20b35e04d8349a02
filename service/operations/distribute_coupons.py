"""DistributeCoupons."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import Connection

from service.domain.claims import Claim
from service.domain.errors import (
    ACCOUNT_DUPLICATE,
    ACCOUNT_ID_INVALID,
    ACCOUNT_WITHOUT_EMAIL,
    COUPON_CLASS_AMBIGUOUS,
    COUPON_CLASS_NOT_FOUND,
    FEATURE_ALREADY_CLAIMED,
    INPUT_INVALID,
    NO_COUPON_AVAILABLE,
    NOT_AUTHORIZED,
    NULL_PARAMETER,
)
from service.domain.mail import MailKind
from service.domain.names import normal_spelling
from service.domain.programmes import Account, CouponClass
from service.domain.redemption import require_currency
from service.domain.refusals import AccountError, ServiceError
from service.domain.roles import Caller
from service.operations.attempts import decide
from service.operations.calls import Call
from service.operations.classes import keep_class_in_use
from service.operations.lists import require_list
from service.storage import audit, claims, classes
from service.storage.accounts import find_accounts, lock_accounts
from service.storage.coupons import take_unused
from service.storage.outbox import queue_mails
from service.storage.trouble import LostRaceError

ACCOUNTS_COUNT_MAX = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """What DistributeCoupons is asked.

    Attributes:
        feature_id: The feature that the class must have; None to ask for none.
        send_notification: Whether each account is told by mail.
        customer_id: Whose class it is; None for the one customer, of those that the
            caller may write for, that has a class of this name.
    """

    account_ids: list[int] | None
    class_name: str | None
    feature_id: int | None = None
    send_notification: bool = False
    customer_id: int | None = None


def distribute_coupons(call: Call, request: Distribution) -> list[AccountError]:
    """Book one coupon of the class for each account; answers the accounts that got none.

    Coupons are taken as DispatchCoupons takes them, in the account's currency. An
    account gets none that stands in the request a second time, has claimed a coupon
    of the class's feature, or is to be told by mail and has no address. The mails
    are queued in the transaction that books the coupons.

    Raises:
        ServiceError: ``ListNullOrEmpty``, ``BatchTooLarge`` (more than 1,000
            accounts), ``NullParameter`` (ClassName), ``UserIsNotAuthorized``,
            ``CouponClassNotFound``, ``CouponClassAmbiguous``, ``CouponClassRetired``
            or ``ApiInputValidationError`` (FeatureId).
    """
    account_ids = require_list("AccountIds", request.account_ids, ACCOUNTS_COUNT_MAX)
    return decide(
        call.database, lambda connection: _attempt(connection, call, request, account_ids)
    )


def _attempt(
    connection: Connection, call: Call, request: Distribution, account_ids: list[int]
) -> list[AccountError]:
    coupon_class = _require_class(connection, call, request)
    accounts = find_accounts(connection, lock_accounts(connection, set(account_ids), None))
    features = claims.claimed_features(connection, accounts)
    sorted_out = _sort_out(
        account_ids,
        accounts,
        {it for it in accounts if coupon_class.feature_id in features[it]},
        needs_email=request.send_notification,
    )
    outcomes = _hand_out(connection, call, coupon_class, sorted_out)
    new_claims = [outcome for outcome in outcomes if isinstance(outcome, Claim)]
    if new_claims:
        emails = {it.account_id: it.email for it in accounts.values() if it.email}
        book(connection, call, new_claims, emails if request.send_notification else {})
    return [outcome for outcome in outcomes if isinstance(outcome, AccountError)]


def _require_class(connection: Connection, call: Call, request: Distribution) -> CouponClass:
    name = normal_spelling(request.class_name or "")
    if not name:
        raise ServiceError(NULL_PARAMETER, "ClassName")
    customer_id = request.customer_id
    if customer_id is None:
        customer_id = _require_owner(connection, call.caller, name)
    call.caller.require_write(customer_id)
    found = keep_class_in_use(connection, customer_id, name)
    if request.feature_id not in {None, found.feature_id}:
        feature = "no feature" if found.feature_id is None else f"feature {found.feature_id}"
        text = f"FeatureId is {request.feature_id}, class {name} has {feature}"
        raise ServiceError(INPUT_INVALID, text)
    return found


def _require_owner(connection: Connection, caller: Caller, name: str) -> int:
    """The one customer, of those that the caller may write for, that has the class."""
    customer_ids = caller.writable_customers
    if customer_ids == []:
        raise ServiceError(NOT_AUTHORIZED, f"class {name}")
    owners = classes.find_owners(connection, name, customer_ids)
    if not owners:
        raise ServiceError(COUPON_CLASS_NOT_FOUND, f"class {name}")
    if len(owners) > 1:
        text = f"class {name} of customer {owners[0]} and of customer {owners[1]}"
        raise ServiceError(COUPON_CLASS_AMBIGUOUS, text)
    return owners[0]


def _sort_out(
    account_ids: list[int],
    accounts: dict[int, Account],
    has_claimed: set[int],
    *,
    needs_email: bool,
) -> list[Account | AccountError]:
    """For each place in the request the account that can be served, or why it cannot."""
    sorted_out: list[Account | AccountError] = []
    seen: set[int] = set()
    for account_id in account_ids:
        account = accounts.get(account_id)
        if account is None:
            sorted_out.append(AccountError(ACCOUNT_ID_INVALID, account_id))
        elif account_id in seen:
            sorted_out.append(AccountError(ACCOUNT_DUPLICATE, account_id))
        elif account_id in has_claimed:
            sorted_out.append(AccountError(FEATURE_ALREADY_CLAIMED, account_id))
        elif needs_email and account.email is None:
            sorted_out.append(AccountError(ACCOUNT_WITHOUT_EMAIL, account_id))
        else:
            sorted_out.append(account)
        seen.add(account_id)
    return sorted_out


def _hand_out(
    connection: Connection,
    call: Call,
    coupon_class: CouponClass,
    sorted_out: list[Account | AccountError],
) -> list[Claim | AccountError]:
    """Give a coupon to each account that can be served, for as long as there are any."""
    wanted = Counter(it.currency_code for it in sorted_out if isinstance(it, Account))
    unused = {
        currency_code: iter(
            take_unused(connection, coupon_class.class_id, count, call.now, currency_code)
        )
        for currency_code, count in wanted.items()
    }

    def give(account: Account) -> Claim | AccountError:
        coupon_id, _ = next(unused[account.currency_code], (None, ""))
        if coupon_id is None:
            return _nothing_left(account, coupon_class)
        return Claim(coupon_id, account.account_id, coupon_class.feature_id, call.now)

    return [give(it) if isinstance(it, Account) else it for it in sorted_out]


def _nothing_left(account: Account, coupon_class: CouponClass) -> AccountError:
    try:
        require_currency(coupon_class.terms, account.currency_code)
    except ServiceError as refusal:
        return AccountError(refusal.row, account.account_id, refusal.details)
    text = f"coupon class {coupon_class.name}"
    return AccountError(NO_COUPON_AVAILABLE, account.account_id, text)


def book(
    connection: Connection, call: Call, new_claims: list[Claim], emails: dict[int, str]
) -> None:
    """Claim coupons for accounts, and tell the accounts that have addresses here.

    Raises:
        LostRaceError: What was decided on does not hold any more.
    """
    if not claims.record_claims(connection, new_claims):
        raise LostRaceError
    emails_by_coupon = {
        new.coupon_id: emails[new.account_id] for new in new_claims if new.account_id in emails
    }
    if emails_by_coupon:
        queue_mails(connection, MailKind.DISTRIBUTE, emails_by_coupon, call.now)
    changes = [
        audit.Change(
            "distribute",
            "coupon",
            new.coupon_id,
            after={
                "claimed_account_id": new.account_id,
                "claimed_at": new.claimed_at.isoformat(),
                "email": emails_by_coupon.get(new.coupon_id),
            },
        )
        for new in new_claims
    ]
    audit.append(connection, call.author, changes)
