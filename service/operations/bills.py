"""Bills of subscriptions: discounted, repeated, rolled back."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from sqlalchemy import Connection

from service.domain.billing import content_digest, steps_count
from service.domain.bills import require_valid_lines
from service.domain.discount_errors import BILL_INVALID, BILL_REFERENCE_TAKEN
from service.domain.discounted_bills import (
    BILL_REFERENCE_LENGTH_MAX,
    BillRequest,
    DiscountedBill,
)
from service.domain.errors import (
    CURRENCY_MISMATCH,
    ENTITY_NOT_EXISTENT,
    NULL_PARAMETER,
    SPEND_REFERENCE_TAKEN,
)
from service.domain.ledger import Movement
from service.domain.money import is_currency
from service.domain.names import normal_spelling
from service.domain.programmes import Account, Subscription
from service.domain.refusals import ServiceError
from service.operations.attempts import decide
from service.operations.billing import (
    Billing,
    answer_of,
    attached,
    billing_of,
    discount_billing,
    find_parties,
    require_billable,
    rest_to_draw_on,
)
from service.operations.calls import Call
from service.operations.planned_coupons import plan_coupons
from service.operations.record_spend import OF_BILLS, movements_of, take_back, write_spend
from service.storage import audit, bills, ledger
from service.storage.bills import StoredBill
from service.storage.trouble import LostRaceError

CODES_MAX = 100
ESTIMATE_STEPS_MAX = 200_000
"""How many prices, times discounts, an estimate reckons with: a few seconds. Whoever reads may
ask for one; a bill, which operators apply, is discounted however much there is to reckon."""
SMALL_LINES_MAX = 50
"""Bills of more lines have a transaction of their own: one of 1,000 may take seconds, and whoever
shared it on SQLite would be answered as late."""


def estimate_discounts(call: Call, request: BillRequest) -> DiscountedBill:
    """Tell what coupons would do to a bill; nothing is changed.

    Args:
        call: Whose call it is.
        request: What would be billed; a reference has no meaning.

    Raises:
        ServiceError: ``BillInvalid``, ``UserIsNotAuthorized`` or ``EntityNotExistent``
            (subscription), ``CurrencyMismatch``, or why one of the coupon codes could not be
            claimed for the subscription now.
    """
    text = f"an estimate reckons with at most {CODES_MAX} CouponCodes"
    _require(len(request.coupon_codes) <= CODES_MAX, text)
    request = _require_valid(call, replace(request, reference=None))
    with call.database.reading() as connection:
        billing = billing_of(connection, call, request)
        require_billable(billing)
        candidates = attached(connection, billing) if request.includes_applied else []
        customer_id = billing.account.customer_id
        candidates += plan_coupons(
            connection, call, billing.subscription, customer_id, request.coupon_codes
        )
        _require(
            steps_count(request.lines, candidates) <= ESTIMATE_STEPS_MAX,
            f"Lines and coupons: their prices times their discounts exceed {ESTIMATE_STEPS_MAX}",
        )
        billed = discount_billing(connection, billing, candidates)
        movements = _draws_on_rest(connection, billing, rest_to_draw_on(billing, billed))
        return answer_of(connection, billing, billed, movements)


def apply_coupons_to_bill(call: Call, request: BillRequest) -> DiscountedBill:
    """Discount a bill: instances are used, and redeemed coupons pay of what is left.

    The same reference with the same content is answered the first result again, also when the
    bill was rolled back. What the discounts leave is recorded as a spend of the account, if
    that is in the currency of the bill, so that its redeemed coupons count it and draw on it.

    Args:
        call: Whose call it is.
        request: What is billed, under a reference; without codes to be reckoned with.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` (operators only), ``NullParameter`` (reference),
            ``BillInvalid``, ``EntityNotExistent`` (subscription), ``BillReferenceTaken``,
            ``CurrencyMismatch`` or ``SpendReferenceTaken``: somebody reported a spend under
            the reference that the bill's is to have.
    """
    call.caller.require_operator()
    _require(not request.coupon_codes, "CouponCodes are for estimates: claim them first")
    _require(request.includes_applied, "a bill includes the coupons that are applied")
    reference = _require_reference(request.reference)
    request = _require_valid(call, replace(request, reference=reference))

    def attempt(connection: Connection) -> DiscountedBill:
        billing = billing_of(connection, call, request, is_change=True)
        first = bills.find_bill(connection, billing.account.customer_id, reference)
        if first is not None:
            return _require_same(first, request).answer
        require_billable(billing)
        return _apply(connection, call, billing)

    return decide(call.database, attempt, is_small=len(request.lines) <= SMALL_LINES_MAX)


def rollback_bill(call: Call, subscription_reference: str, reference: str | None) -> DiscountedBill:
    """Take a bill back: uses, and what redeemed coupons paid, are restored, exactly once.

    A bill that is taken back already is answered as it is.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` (operators only), ``NullParameter`` (reference),
            ``BillInvalid`` (reference) or ``EntityNotExistent`` (subscription, bill).
    """
    call.caller.require_operator()
    wanted = _require_reference(reference)

    def attempt(connection: Connection) -> DiscountedBill:
        subscription, account = find_parties(
            connection, call, subscription_reference, is_change=True
        )
        stored = _require_bill(connection, account, subscription, wanted)
        if bills.roll_back(connection, stored.number, call.now):
            _restore(connection, call, account, stored)
        return _require_bill(connection, account, subscription, wanted).answer

    return decide(call.database, attempt, is_small=True)


def get_bill(call: Call, subscription_reference: str, reference: str | None) -> DiscountedBill:
    """A bill as it was answered, whether it stands or was rolled back.

    Raises:
        ServiceError: ``NullParameter`` or ``BillInvalid`` (reference), ``UserIsNotAuthorized``
            (subscription) or ``EntityNotExistent`` (subscription, bill).
    """
    wanted = _require_reference(reference)
    with call.database.reading() as connection:
        subscription, account = find_parties(connection, call, subscription_reference)
        return _require_bill(connection, account, subscription, wanted).answer


def _require_valid(call: Call, request: BillRequest) -> BillRequest:
    """The request in its one spelling, as far as it can be looked at by itself."""
    currency_code = request.currency_code.upper()
    if not is_currency(currency_code):
        raise ServiceError(CURRENCY_MISMATCH, f"currency {request.currency_code!r} is unknown")
    require_valid_lines(request.lines, currency_code)
    if request.billed_at is not None and request.billed_at > call.now:
        raise ServiceError(BILL_INVALID, f"{request.billed_at.isoformat()} is in the future")
    subscription_reference = normal_spelling(request.subscription_reference)
    return replace(
        request, currency_code=currency_code, subscription_reference=subscription_reference
    )


def _require_reference(reference: str | None) -> str:
    trimmed = (reference or "").strip()
    if not trimmed:
        raise ServiceError(NULL_PARAMETER, "BillReference")
    text = f"a reference has at most {BILL_REFERENCE_LENGTH_MAX} characters"
    _require(len(trimmed) <= BILL_REFERENCE_LENGTH_MAX, text)
    return trimmed


def _draws_on_rest(connection: Connection, billing: Billing, rest: Decimal) -> list[Movement]:
    if not rest:
        return []
    return movements_of(connection, billing.account.account_id, rest, billing.billed_at)


def _apply(connection: Connection, call: Call, billing: Billing) -> DiscountedBill:
    """Write a bill, its uses, and the spend of what is left; answers the bill."""
    candidates = attached(connection, billing)
    billed = discount_billing(connection, billing, candidates)
    spend_id, movements = _spend_rest(connection, call, billing, rest_to_draw_on(billing, billed))
    answer = answer_of(connection, billing, billed, movements)
    number = bills.add_bill(
        connection,
        billing.account.customer_id,
        billing.subscription.subscription_id,
        answer=answer,
        digest=content_digest(billing.request),
        spend_id=spend_id,
        now=call.now,
    )
    after = {
        "reference": answer.reference,
        "subscription": answer.subscription_reference,
        "cost": str(answer.cost),
        "discount": str(answer.discount),
        "drawn": str(answer.drawn),
    }
    audit.append(connection, call.author, [audit.Change("apply", "bill", number, after=after)])
    given = {
        instance: amount
        for place, amount in billed.given.items()
        if (instance := candidates[place].number) is not None
    }
    _take_uses(connection, call, number, answer, given)
    return answer


def _spend_rest(
    connection: Connection, call: Call, billing: Billing, rest: Decimal
) -> tuple[int | None, list[Movement]]:
    if not rest:
        return None, []
    reference = f"{OF_BILLS}{billing.request.reference}"
    if ledger.find_spend(connection, billing.account.customer_id, reference) is not None:
        # It was reported before such references were those of bills.
        raise ServiceError(SPEND_REFERENCE_TAKEN, reference)
    return write_spend(
        connection, call, billing.account, reference, amount=rest, spent_at=billing.billed_at
    )


def _take_uses(
    connection: Connection,
    call: Call,
    number: int,
    answer: DiscountedBill,
    given: Mapping[int, Decimal],
) -> None:
    # In one order for all who use the same instances.
    for instance, amount in sorted(given.items()):
        if not bills.take_use(connection, instance, amount):
            raise LostRaceError(f"the last use of instance {instance} is gone")
    bills.add_uses(connection, number, given)
    _tell(connection, call, "use", {"bill": answer.reference}, given)


def _restore(connection: Connection, call: Call, account: Account, stored: StoredBill) -> None:
    """Give back what a bill used, and what redeemed coupons paid."""
    given = bills.give_back_uses(connection, stored.number)
    reference = stored.answer.reference
    after = {"reference": reference, "rolled_back_at": call.now.isoformat()}
    change = audit.Change("roll back", "bill", stored.number, after=after)
    audit.append(connection, call.author, [change])
    _tell(connection, call, "give back", {"bill": reference}, given)
    spend = ledger.find_spend(connection, account.customer_id, f"{OF_BILLS}{reference}")
    if stored.spend_id is not None and spend is not None:
        take_back(connection, call, spend)


def _tell(
    connection: Connection,
    call: Call,
    action: str,
    cause: Mapping[str, str | None],
    given: Mapping[int, Decimal],
) -> None:
    """Write into the history of instances what they gave, or were given back."""
    changes = [
        audit.Change(action, "instance", instance, after={**cause, "amount": str(amount)})
        for instance, amount in given.items()
    ]
    if changes:
        audit.append(connection, call.author, changes)


def _require_same(first: StoredBill, request: BillRequest) -> StoredBill:
    """The first bill of a reference, if it is the same; an instant that is left out is."""
    answer = first.answer
    is_same_instant = request.billed_at in {None, answer.billed_at}
    if is_same_instant and first.digest == content_digest(request):
        return first
    figures = f"{answer.cost} {answer.currency_code} at {answer.billed_at.isoformat()}"
    text = f"{answer.reference}: subscription {answer.subscription_reference}, {figures}"
    raise ServiceError(BILL_REFERENCE_TAKEN, text)


def _require_bill(
    connection: Connection, account: Account, subscription: Subscription, reference: str
) -> StoredBill:
    stored = bills.find_bill(connection, account.customer_id, reference)
    if stored is None or stored.subscription_id != subscription.subscription_id:
        text = f"bill {reference} of subscription {subscription.reference}"
        raise ServiceError(ENTITY_NOT_EXISTENT, text)
    return stored


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ServiceError(BILL_INVALID, otherwise)
