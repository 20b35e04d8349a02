"""Operations as they must not be: they read and decide in one transaction and write in another.

None asks for a verdict: what was true is written as if it still were.
"""

import time
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, update

from service.domain.claims import claim
from service.domain.coupon_records import CouponRecord
from service.domain.discount_errors import CLAIM_LIMIT_REACHED
from service.domain.errors import COUPON_ALREADY_REDEEMED, COUPON_NOT_FOUND, NO_COUPON_AVAILABLE
from service.domain.ledger import Line, reversal_movement, spend_movements
from service.domain.redemption import redeem
from service.domain.refusals import AccountError, BatchError, ServiceError
from service.domain.terms import CouponType
from service.operations.calls import Call
from service.operations.claim_coupons import AccountCoupon, ClaimOutcome
from service.operations.classes import show_class
from service.operations.coupon_records import record_of, require_coupon
from service.operations.redeem_coupon import _record
from service.operations.subscription_coupons import (
    _add_claim,
    definition_beneath,
    find_of_customer,
    require_claimable,
)
from service.operations.subscriptions import require_subscription
from service.storage import accounts, audit, claims, coupons, ledger, redemptions
from service.storage.discount_tables import parent_coupon
from service.storage.tables import coupon

HESITATION_S = 0.005
"""How long a decision waits before it is written."""


def redeem_in_two_steps(call: Call, account_id: int, coupon_code: str) -> datetime:
    with call.database.engine.begin() as connection:
        account, found, _ = redemptions.find_parties(connection, account_id, coupon_code, b"")
    if account is None or found is None:
        raise ServiceError(COUPON_NOT_FOUND)
    new = redeem(found.state, account, call.now)
    is_acquisition = found.state.terms.coupon_type is CouponType.ACQUISITION
    # What it decided on is old by now, on any machine.
    time.sleep(HESITATION_S)
    with call.database.writing() as connection:
        customer_id = account.customer_id if is_acquisition else None
        line = audit.line(call.author, audit.Change("redeem", "coupon", found.coupon_id))
        redemptions.record_redemption(connection, found, account_id, new, customer_id, line=line)
    return new.redeemed_at


def redeem_in_two_transactions(call: Call, account_id: int, coupon_code: str) -> datetime:
    """Redeem with a verdict, but mark the coupon in one transaction and write the rest in another.

    Whoever dies in between leaves a coupon that nobody has and nobody can redeem.
    """
    with call.database.writing() as connection:
        account, found, _ = redemptions.find_parties(connection, account_id, coupon_code, b"")
        if account is None or found is None:
            raise ServiceError(COUPON_NOT_FOUND)
        if found.redeemed_at is not None and found.state.redeemed_account_id == account_id:
            return found.redeemed_at
        new = redeem(found.state, account, call.now)
        free = (coupon.c.coupon_id == found.coupon_id) & coupon.c.redeemed_at.is_(None)
        marked = connection.execute(update(coupon).where(free).values(redeemed_at=call.now))
        if marked.rowcount != 1:
            raise ServiceError(COUPON_ALREADY_REDEEMED)
    with call.database.writing() as connection:
        unmarked = coupon.c.coupon_id == found.coupon_id
        connection.execute(update(coupon).where(unmarked).values(redeemed_at=None))
        _record(connection, call, found, account, new)
    return new.redeemed_at


def claim_in_two_steps(call: Call, pairs: list[AccountCoupon]) -> ClaimOutcome:
    """The feature is left out of what is written, for the database would notice."""
    outcome = ClaimOutcome()
    for pair in pairs:
        account_id, code = pair.account_id or 0, pair.coupon_code or ""
        with call.database.engine.begin() as connection:
            account = accounts.find_accounts(connection, [account_id])[account_id]
            found = claims.find_claimable(connection, [code])[code]
            features = claims.claimed_features(connection, [account_id])[account_id]
        try:
            new = claim(found, account, features, call.now)
        except ServiceError as refusal:
            outcome.errors.append(AccountError(refusal.row, account_id, refusal.details))
            continue
        with call.database.writing() as connection:
            values = {"claimed_account_id": account_id, "claimed_at": call.now}
            connection.execute(
                update(coupon).where(coupon.c.coupon_id == found.coupon_id).values(values)
            )
        outcome.claims.append(new)
    return outcome


def claim_in_the_order_asked(call: Call, pairs: list[AccountCoupon]) -> ClaimOutcome:
    """Lock one coupon after the other as the request has them, and give up when that fails."""
    outcome = ClaimOutcome()
    with call.database.writing() as connection:
        for pair in pairs:
            account_id, code = pair.account_id or 0, pair.coupon_code or ""
            account = accounts.find_accounts(connection, [account_id])[account_id]
            found = claims.find_claimable(connection, [code])[code]
            is_first = found.claimed_at is None
            new = claim(found, account, set(), call.now) if is_first else None
            if new is not None:
                claims.record_claims(connection, [new])
                outcome.claims.append(new)
    return outcome


def dispatch_in_two_steps(
    call: Call, emails: list[str | None], customer_id: int, name: str
) -> list[BatchError]:
    class_id = show_class(call, customer_id, name).class_id
    with call.database.engine.begin() as connection:
        found = coupons.take_unused(connection, class_id, len(emails), call.now)
    with call.database.writing() as connection:
        for (coupon_id, _), email in zip(found, emails, strict=False):
            values = {"sent_to_email": email, "sent_at": call.now}
            connection.execute(update(coupon).where(coupon.c.coupon_id == coupon_id).values(values))
    missing = range(len(found), len(emails))
    return [BatchError(NO_COUPON_AVAILABLE, index) for index in missing]


def apply_in_two_steps(call: Call, subscription_reference: str, code: str | None) -> CouponRecord:
    """Claim as one must not: see that claims are left, and count on from what was seen."""
    with call.database.reading() as connection:
        subscription, account = require_subscription(connection, call, subscription_reference)
        found = find_of_customer(connection, account.customer_id, code)
        require_claimable(connection, found, subscription)
    seen = found.parent.coupon
    if seen.coupons_max is not None and seen.claims_count >= seen.coupons_max:
        raise ServiceError(CLAIM_LIMIT_REACHED)
    with call.database.writing() as connection:
        is_meant = parent_coupon.c.coupon_id == found.parent.number
        counted = update(parent_coupon).where(is_meant).values(claims_count=seen.claims_count + 1)
        connection.execute(counted)
        definition = definition_beneath(connection, found)
        _add_claim(connection, call, found, definition, subscription)
        return record_of(connection, require_coupon(connection, call, code))


def record_in_two_steps(call: Call, account_id: int, amount: Decimal, reference: str) -> None:
    """Record as one must not: decide on coupons that others are about to change."""
    with call.database.reading() as connection:
        customer_id = _customer_of(connection, account_id)
        coupons = ledger.redeemed_coupons(connection, account_id, call.now)
    movements = spend_movements(coupons, amount, call.now)
    lines = [Line(it.coupon.coupon_id, "", it.towards_threshold, it.drawn) for it in movements]
    figures = {"amount": amount, "spent_at": call.now, "now": call.now}
    with call.database.writing() as connection:
        spend_id = ledger.add_spend(connection, customer_id, account_id, reference, **figures)
        ledger.add_lines(connection, spend_id, lines, is_reversal=False)
        ledger.move(connection, movements)


def reverse_in_two_steps(call: Call, account_id: int, reference: str) -> None:
    """Reverse as one must not: see that the spend stands, and then write as if it still did."""
    with call.database.reading() as connection:
        found = ledger.find_spend(connection, _customer_of(connection, account_id), reference)
        assert found is not None
        coupons = ledger.coupons_of_spend(connection, account_id, found.spend_id)
    if found.reversed_at is not None:
        return
    lines = {line.coupon_id: line for line in found.lines}
    movements = [reversal_movement(it, lines[it.coupon_id]) for it in coupons]
    with call.database.writing() as connection:
        ledger.reverse_spend(connection, found.spend_id, call.now)
        ledger.move(connection, movements)


def _customer_of(connection: Connection, account_id: int) -> int:
    found = accounts.find_account(connection, account_id)
    assert found is not None
    return found.customer_id
