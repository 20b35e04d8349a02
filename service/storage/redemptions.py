"""Redemptions: what is decided on, and the verdict."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, exists, func, or_, select, update

from service.domain.redemption import CouponState, NewRedemption, RedeemingAccount
from service.storage.classes import TERMS_COLUMNS, terms_of
from service.storage.coupons import IS_THERE
from service.storage.party_tables import account
from service.storage.prepared import Prepared, Step, run_together
from service.storage.statements import insert_or_ignore
from service.storage.tables import coupon, coupon_class, coupon_terms, redemption, spend

_ACCOUNT = Prepared(
    select(
        account.c.account_id,
        account.c.customer_id,
        account.c.currency_code,
        select(func.min(spend.c.spent_at))
        .where(spend.c.customer_id == account.c.customer_id, spend.c.reversed_at.is_(None))
        .scalar_subquery()
        .label("customer_first_spend_at"),
        exists()
        .where(redemption.c.acquisition_customer_id == account.c.customer_id)
        .label("has_acquisition"),
    ).where(account.c.account_id == bindparam("account_id"))
)
_COUPON = Prepared(
    select(
        coupon.c.coupon_id,
        coupon.c.code,
        coupon.c.terms_id,
        coupon.c.claimed_account_id,
        coupon_class.c.retired_at,
        redemption.c.account_id.label("redeemed_account_id"),
        redemption.c.redeemed_at,
        *TERMS_COLUMNS,
    )
    .select_from(coupon)
    .join(coupon_class)
    .join(coupon_terms, coupon_terms.c.terms_id == coupon.c.terms_id)
    .join(redemption, isouter=True)
    .where(coupon.c.code == bindparam("code"), IS_THERE)
)
_REDEEM = Prepared(
    update(coupon)
    .where(
        coupon.c.coupon_id == bindparam("redeemed_coupon_id"),
        coupon.c.redeemed_at.is_(None),
        coupon.c.deleted_at.is_(None),
        coupon.c.terms_id == bindparam("decided_terms_id"),
        or_(
            coupon.c.claimed_account_id.is_(None),
            coupon.c.claimed_account_id == bindparam("account_id"),
        ),
        exists().where(
            coupon_class.c.class_id == coupon.c.class_id, coupon_class.c.retired_at.is_(None)
        ),
    )
    .values(redeemed_at=bindparam("now"))
)
_ADD = Prepared(
    lambda dialect_name: insert_or_ignore(dialect_name, redemption),
    keys=(
        "coupon_id",
        "account_id",
        "redeemed_at",
        "expires_at",
        "granted",
        "spend_to_threshold",
        "balance",
        "currency_code",
        "acquisition_customer_id",
    ),
)


@dataclass(frozen=True, slots=True)
class RedeemableCoupon:
    """A coupon as redemption sees it.

    Attributes:
        redeemed_at: When it was redeemed; None when it is not.
    """

    coupon_id: int
    terms_id: int
    state: CouponState
    redeemed_at: datetime | None


class Parties(NamedTuple):
    """Who redeems what, as far as they exist, and what was found along with them."""

    account: RedeemingAccount | None
    coupon: RedeemableCoupon | None
    along: list[Any]


def find_parties(connection: Connection, account_id: int, code: str, along: Step) -> Parties:
    """What a redemption must know of account and coupon.

    Args:
        connection: The transaction.
        account_id: Who redeems.
        code: What.
        along: What else is to be found in the same round trip.
    """
    # Statements that may have to wait for others are run alone: until the last of those that
    # run together has ended, PostgreSQL does not see that who asked for them has vanished.
    (found_accounts, _), (found_coupons, _), (found_along, _) = run_together(
        connection, [(_ACCOUNT, {"account_id": account_id}), (_COUPON, {"code": code}), along]
    )
    return Parties(
        RedeemingAccount(*found_accounts[0]) if found_accounts else None,
        _redeemable(found_coupons[0]) if found_coupons else None,
        found_along,
    )


def _redeemable(row: Any) -> RedeemableCoupon:
    state = CouponState(
        code=row.code,
        terms=terms_of(row),
        is_class_retired=row.retired_at is not None,
        claimed_account_id=row.claimed_account_id,
        redeemed_account_id=row.redeemed_account_id,
    )
    return RedeemableCoupon(row.coupon_id, row.terms_id, state, row.redeemed_at)


def record_redemption(
    connection: Connection,
    found: RedeemableCoupon,
    account_id: int,
    new: NewRedemption,
    acquisition_customer_id: int | None,
) -> bool:
    """Redeem the coupon if everything that was decided upon still holds.

    Args:
        connection: A transaction that writes.
        found: What was decided on.
        account_id: Who redeems.
        new: What the redemption begins with.
        acquisition_customer_id: Whose one Acquisition redemption it is; None for Retention.

    Answers:
        Whether it does. When not, another caller was quicker: the transaction
        must be rolled back and the decision made again.
    """
    verdict = {
        "redeemed_coupon_id": found.coupon_id,
        "decided_terms_id": found.terms_id,
        "account_id": account_id,
        "now": new.redeemed_at,
    }
    if _REDEEM.count(connection, verdict) != 1:
        return False
    values = {
        "coupon_id": found.coupon_id,
        "account_id": account_id,
        "redeemed_at": new.redeemed_at,
        "expires_at": new.expires_at,
        "granted": new.granted,
        "spend_to_threshold": Decimal(0),
        "balance": new.granted,
        "currency_code": new.currency_code,
        "acquisition_customer_id": acquisition_customer_id,
    }
    # The UNIQUE acquisition_customer_id decides between two coupons of one customer.
    return _ADD.count(connection, values) == 1
