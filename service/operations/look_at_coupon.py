"""One coupon, and all that may be told of it, to whoever runs its programme."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from service.domain.coupons import Coupon
from service.domain.errors import ENTITY_NOT_EXISTENT
from service.domain.found_coupons import FoundCoupon
from service.domain.refusals import ServiceError
from service.domain.terms import CouponTerms
from service.operations.calls import Call
from service.storage import audit, coupon_search, coupon_updates
from service.storage.audit import Event
from service.storage.found_coupons import find_rows

EVENTS_COUNT_MAX = 200
"""How many of its latest changes are told."""


@dataclass(frozen=True, slots=True)
class CouponView:
    """A coupon as the console shows it.

    Attributes:
        found: Whose it is, of what, and how far it has come.
        coupon: Its terms and its redemption; None when it is deleted, or its code discounts
            bills. Accounts of customers that the caller may not see are left out.
        terms: All its terms, and their number; None when ``coupon`` is None.
        history: What happened to its batch and to it, oldest first; None for those who are
            no operators, as it names users and accounts of any customer.
        now: When it was looked at.
    """

    found: FoundCoupon
    coupon: Coupon | None
    terms: CouponTerms | None
    terms_id: int | None
    history: list[Event] | None
    now: datetime

    @property
    def use(self) -> str:
        """What becomes of a redeemed coupon now: waiting, active, used up or expired."""
        if self.coupon is None or self.coupon.redemption_info is None:
            return ""
        redemption = self.coupon.redemption_info
        is_bounded = self.coupon.percent_off is None or self.coupon.amount > 0
        if is_bounded and redemption.balance == 0:
            return "used up"
        if self.now > redemption.expiration_date:
            return "expired"
        return "waiting" if redemption.activation_date is None else "active"


def look_at_coupon(call: Call, customer_id: int, coupon_id: int) -> CouponView:
    """Tell all of a customer's coupon that the caller may know.

    Raises:
        ServiceError: ``UserIsNotAuthorized``, or ``EntityNotExistent``: none of the customer has
            this number.
    """
    call.caller.require_read(customer_id)
    is_operator = call.caller.is_operator
    with call.database.reading() as connection:
        found = _require(connection, call, customer_id, coupon_id)
        looked_up = coupon_search.find_coupon(connection, found.code)
        with_terms = coupon_updates.find_coupon(connection, customer_id, found.code)
        history = _history(connection, found) if is_operator else None
    coupon = None if looked_up is None else looked_up[-1]
    if coupon is not None and found.account_id is None:
        coupon = coupon._replace(redemption_info=None, claim_info=None)
    terms, terms_id = (
        (None, None) if with_terms is None else (with_terms.terms, with_terms.terms_id)
    )
    return CouponView(found, coupon, terms, terms_id, history, call.now)


def _require(connection: Connection, call: Call, customer_id: int, coupon_id: int) -> FoundCoupon:
    readable = None if call.caller.is_operator else call.caller.roles
    for found in find_rows(connection, [coupon_id], call.now, readable):
        if found.customer_id == customer_id:
            return found
    raise ServiceError(ENTITY_NOT_EXISTENT, f"coupon {coupon_id} of customer {customer_id}")


def _history(connection: Connection, found: FoundCoupon) -> list[Event]:
    minted = []
    if found.batch_id is not None:
        minted = audit.history(connection, "coupon_batch", found.batch_id, EVENTS_COUNT_MAX)
    used = audit.history(connection, "coupon", found.coupon_id, EVENTS_COUNT_MAX)
    return sorted(minted + used, key=lambda event: event.at)[-EVENTS_COUNT_MAX:]
