"""Rules of redemptions: they are as the coupon's terms and the account made them."""

from typing import Any

from sqlalchemy import FromClause, Row, and_, case, func, literal, or_, select

from service.domain.instants import NO_END
from service.domain.redemption import expiry_of
from service.domain.terms import CouponType
from service.storage.classes import TERMS_COLUMNS, terms_of
from service.storage.invariants.rule import NOTHING, Rule
from service.storage.party_tables import account
from service.storage.tables import coupon, coupon_terms, ledger, redemption
from service.storage.types import Instant, Money

_REDEEMED: FromClause = redemption.join(coupon, coupon.c.coupon_id == redemption.c.coupon_id).join(
    coupon_terms, coupon_terms.c.terms_id == coupon.c.terms_id
)
_OF_ACCOUNT = _REDEEMED.join(account, account.c.account_id == redemption.c.account_id)
_IS_UNBOUNDED = and_(coupon_terms.c.percent_off.is_not(None), redemption.c.granted == 0)
_IS_ACQUISITION = coupon_terms.c.coupon_type == CouponType.ACQUISITION.value

_sign = case((ledger.c.is_reversal, literal(-1)), else_=literal(1))
_counted = func.coalesce(
    func.sum(_sign * ledger.c.towards_threshold, type_=Money()), NOTHING, type_=Money()
)
# Of what gives without bound nothing is left to compare, and no sum could overflow.
_drawn = func.coalesce(
    func.sum(case((_IS_UNBOUNDED, literal(0)), else_=_sign * ledger.c.drawn), type_=Money()),
    NOTHING,
    type_=Money(),
)
_left = redemption.c.granted - _drawn


def _expires_otherwise(row: Row[Any]) -> bool:
    return bool(expiry_of(terms_of(row), row.redeemed_at) != row.expires_at)


LEDGER_EQUALITY = Rule(
    text="every balance is what the ledger of spend makes it",
    entity="coupon",
    key=redemption.c.coupon_id,
    suspects=select(
        redemption.c.coupon_id,
        redemption.c.spend_to_threshold,
        _counted,
        redemption.c.balance,
        _left,
    )
    .select_from(_REDEEMED.join(ledger, ledger.c.coupon_id == redemption.c.coupon_id, isouter=True))
    .group_by(
        redemption.c.coupon_id,
        redemption.c.spend_to_threshold,
        redemption.c.balance,
        redemption.c.granted,
    )
    .having(or_(redemption.c.spend_to_threshold != _counted, redemption.c.balance != _left)),
)
"""Its suspects have the columns of ``Difference``."""

RULES = (
    Rule(
        text="a coupon and its redemption have the same date",
        entity="coupon",
        key=coupon.c.coupon_id,
        suspects=select(coupon.c.coupon_id)
        .join(redemption, redemption.c.coupon_id == coupon.c.coupon_id, isouter=True)
        .where(coupon.c.redeemed_at.is_distinct_from(redemption.c.redeemed_at)),
    ),
    Rule(
        text="a coupon is redeemed in its currency, which is that of the account",
        entity="coupon",
        key=redemption.c.coupon_id,
        suspects=select(redemption.c.coupon_id)
        .select_from(_OF_ACCOUNT)
        .where(
            or_(
                redemption.c.currency_code != coupon_terms.c.currency_code,
                redemption.c.currency_code != account.c.currency_code,
            )
        ),
    ),
    Rule(
        text="an Acquisition coupon, and no other, is redeemed for the account's customer",
        entity="coupon",
        key=redemption.c.coupon_id,
        suspects=select(redemption.c.coupon_id)
        .select_from(_OF_ACCOUNT)
        .where(
            redemption.c.acquisition_customer_id.is_distinct_from(
                case((_IS_ACQUISITION, account.c.customer_id))
            )
        ),
    ),
    Rule(
        text="a redemption grants the amount of the coupon's terms",
        entity="coupon",
        key=redemption.c.coupon_id,
        suspects=select(redemption.c.coupon_id)
        .select_from(_REDEEMED)
        .where(redemption.c.granted != coupon_terms.c.amount),
    ),
    Rule(
        text="a coupon is redeemed in the time that its terms give",
        entity="coupon",
        key=redemption.c.coupon_id,
        suspects=select(redemption.c.coupon_id)
        .select_from(_REDEEMED)
        .where(
            or_(
                redemption.c.redeemed_at < coupon_terms.c.start_date,
                redemption.c.redeemed_at > coupon_terms.c.end_date,
                redemption.c.redeemed_at > coupon_terms.c.expiration_date,
            )
        ),
    ),
    Rule(
        text="a coupon that had to be claimed first was claimed",
        entity="coupon",
        key=redemption.c.coupon_id,
        suspects=select(redemption.c.coupon_id)
        .select_from(_REDEEMED)
        .where(coupon_terms.c.is_reservation_mandatory, coupon.c.claimed_account_id.is_(None)),
    ),
    Rule(
        text="a redemption expires when the coupon's terms say",
        entity="coupon",
        key=redemption.c.coupon_id,
        suspects=select(
            redemption.c.coupon_id,
            redemption.c.redeemed_at,
            redemption.c.expires_at,
            *TERMS_COLUMNS,
        )
        .select_from(_REDEEMED)
        # The others are right, and are most of them.
        .where(
            or_(
                coupon_terms.c.active_duration.is_not(None),
                redemption.c.expires_at
                != func.coalesce(
                    coupon_terms.c.expiration_date, literal(NO_END, Instant()), type_=Instant()
                ),
            )
        ),
        is_broken=_expires_otherwise,
    ),
    Rule(
        text="a coupon counts no more spend than its threshold",
        entity="coupon",
        key=redemption.c.coupon_id,
        suspects=select(redemption.c.coupon_id)
        .select_from(_REDEEMED)
        .where(redemption.c.spend_to_threshold > coupon_terms.c.spend_threshold),
    ),
    Rule(
        text="a coupon that was activated has reached its threshold",
        entity="coupon",
        key=redemption.c.coupon_id,
        suspects=select(redemption.c.coupon_id)
        .select_from(_REDEEMED)
        .where(
            redemption.c.activated_at.is_not(None),
            redemption.c.spend_to_threshold < coupon_terms.c.spend_threshold,
        ),
    ),
    Rule(
        text="a coupon is activated between its redemption and its expiry",
        entity="coupon",
        key=redemption.c.coupon_id,
        suspects=select(redemption.c.coupon_id).where(
            or_(
                redemption.c.activated_at < redemption.c.redeemed_at,
                redemption.c.activated_at > redemption.c.expires_at,
            )
        ),
    ),
    Rule(
        text="an active coupon is not used up",
        entity="coupon",
        key=redemption.c.coupon_id,
        suspects=select(redemption.c.coupon_id)
        .select_from(_REDEEMED)
        .where(redemption.c.is_active, ~_IS_UNBOUNDED, redemption.c.balance == 0),
    ),
)
