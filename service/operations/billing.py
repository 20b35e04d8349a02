"""Reckoning a bill, be it to estimate or to apply: one code path for both."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from service.domain.billing import Billed, Candidate, discount, units_of
from service.domain.discount_errors import BILL_INVALID
from service.domain.discounted_bills import BillDraw, BillRequest, DiscountedBill
from service.domain.errors import CURRENCY_MISMATCH
from service.domain.explanations import explain_draw
from service.domain.ledger import Movement
from service.domain.money import ZERO
from service.domain.programmes import Account, Subscription
from service.domain.refusals import ServiceError
from service.operations.calls import Call
from service.operations.coupon_rules import rule_facts
from service.operations.subscriptions import require_subscription
from service.storage import bills, definitions


@dataclass(frozen=True, slots=True, kw_only=True)
class Billing:
    """A request, and whom it is about.

    Attributes:
        account: That of the subscription.
        billed_at: As the request has it, or now.
    """

    request: BillRequest
    subscription: Subscription
    account: Account
    billed_at: datetime


def find_parties(
    connection: Connection, call: Call, subscription_reference: str, *, is_change: bool = False
) -> tuple[Subscription, Account]:
    """A subscription and its account; where they are to be billed, both are locked."""
    # The bills and spends of an account follow one another.
    return require_subscription(
        connection, call, subscription_reference, is_change=is_change, locks_account=is_change
    )


def billing_of(
    connection: Connection, call: Call, request: BillRequest, *, is_change: bool = False
) -> Billing:
    """A request with whom it is about; where it is to be billed, they are locked."""
    subscription, account = find_parties(
        connection, call, request.subscription_reference, is_change=is_change
    )
    return Billing(
        request=request,
        subscription=subscription,
        account=account,
        billed_at=request.billed_at or call.now,
    )


def require_billable(billing: Billing) -> None:
    """Refuse a bill in another currency than the subscription's, or after its end.

    Raises:
        ServiceError: ``CurrencyMismatch`` or ``BillInvalid``.
    """
    subscription, currency_code = billing.subscription, billing.request.currency_code
    if currency_code != subscription.currency_code:
        text = f"the bill is in {currency_code}, the subscription in {subscription.currency_code}"
        raise ServiceError(CURRENCY_MISMATCH, text)
    ended_at = subscription.ended_at
    if ended_at is not None and billing.billed_at > ended_at:
        raise ServiceError(BILL_INVALID, f"the subscription ended at {ended_at.isoformat()}")


def attached(connection: Connection, billing: Billing) -> list[Candidate]:
    """The instances of the subscription and of its account, in order."""
    stored = bills.attached_instances(
        connection,
        billing.subscription.subscription_id,
        billing.account.account_id,
        billing.billed_at,
    )
    found = definitions.find_definitions(connection, {it.keys.definition for it in stored})
    return [
        Candidate(instance=it.instance, definition=found[it.keys.definition], number=it.number)
        for it in stored
    ]


def discount_billing(
    connection: Connection, billing: Billing, candidates: list[Candidate]
) -> Billed:
    """Let the candidates discount the bill."""
    request = billing.request
    units = units_of(request.lines)
    facts = rule_facts(connection, billing.account.account_id, billing.subscription, units)
    return discount(request.lines, request.currency_code, billing.billed_at, candidates, facts)


def rest_to_draw_on(billing: Billing, billed: Billed) -> Decimal:
    """What redeemed coupons of the account can pay of; 0 where they are in another currency."""
    is_theirs = billing.account.currency_code == billing.request.currency_code
    return billed.cost - billed.discount if is_theirs else ZERO


def answer_of(
    connection: Connection, billing: Billing, billed: Billed, movements: list[Movement]
) -> DiscountedBill:
    """The bill, with what redeemed coupons pay by the movements."""
    drawing = [movement for movement in movements if movement.drawn]
    codes = bills.codes_of(connection, [movement.coupon.coupon_id for movement in drawing])
    return DiscountedBill(
        reference=billing.request.reference,
        subscription_reference=billing.subscription.reference,
        currency_code=billing.request.currency_code,
        billed_at=billing.billed_at,
        cost=billed.cost,
        discount=billed.discount,
        drawn=sum((movement.drawn for movement in drawing), ZERO),
        lines=billed.lines,
        discounts=billed.discounts,
        draws=tuple(
            BillDraw(
                coupon_code=codes[movement.coupon.coupon_id],
                amount=movement.drawn,
                explanation=explain_draw(movement),
            )
            for movement in drawing
        ),
        left_out=billed.left_out,
    )
