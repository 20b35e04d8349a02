"""Redemptions: what is decided on, and the verdict."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    Connection,
    FromClause,
    Insert,
    Select,
    Table,
    bindparam,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import ARRAY

from service.domain.redemption import CouponState, NewRedemption, RedeemingAccount
from service.storage import audit
from service.storage.classes import TERMS_COLUMNS, keeping_in_use, terms_of
from service.storage.coupons import IS_THERE
from service.storage.party_tables import account
from service.storage.prepared import Prepared, Values
from service.storage.sliding_windows import WINDOW_OF_SUBJECT
from service.storage.statements import insert_or_ignore
from service.storage.tables import audit as audit_table
from service.storage.tables import coupon, coupon_class, coupon_terms, redemption, spend
from service.storage.types import Id

_writers = bindparam("customer_ids", type_=ARRAY(Id))
# Whoever retires the class is waited for first: advisory locks come with the rows that FOR UPDATE
# is asked to lock.
_kept = (
    select(keeping_in_use(coupon.c.class_id).label("kept"))
    .where(coupon.c.code == bindparam("code"))
    .cte("kept")
)
_LOCK = Prepared(
    select(account.c.account_id, _kept.c.kept)
    .join(_kept, true(), isouter=True)
    .where(
        account.c.account_id == bindparam("account_id"),
        or_(_writers.is_(None), account.c.customer_id == func.any(_writers)),
    )
    # What points to an account need not wait: its number stays.
    .with_for_update(key_share=True, of=account)
)
_WHO = select(
    account.c.account_id,
    account.c.customer_id,
    account.c.currency_code.label("account_currency_code"),
    select(func.min(spend.c.spent_at))
    .where(spend.c.customer_id == account.c.customer_id, spend.c.reversed_at.is_(None))
    .scalar_subquery()
    .label("customer_first_spend_at"),
    exists()
    .where(redemption.c.acquisition_customer_id == account.c.customer_id)
    .label("has_acquisition"),
).where(account.c.account_id == bindparam("account_id"))
_WHAT = (
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


def _at_once(*parts: Select[Any]) -> Select[Any]:
    """One row in any case, with what there is of each part."""
    found = [part.subquery() for part in parts]
    row: FromClause = select(literal(1)).subquery()
    for part in found:
        row = row.join(part, true(), isouter=True)
    return select(*(column for part in found for column in part.c)).select_from(row)


_PARTIES = Prepared(_at_once(_WHO, _WHAT, WINDOW_OF_SUBJECT))
_COLUMNS = (
    "coupon_id",
    "account_id",
    "redeemed_at",
    "expires_at",
    "granted",
    "spend_to_threshold",
    "balance",
    "currency_code",
    "acquisition_customer_id",
)
_VERDICT = (
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
_REDEEM = Prepared(_VERDICT)
_ADD = Prepared(
    lambda dialect_name: insert_or_ignore(dialect_name, redemption),
    keys=_COLUMNS,
)


def _all_in_one() -> Insert:
    """Verdict, redemption, and line of the audit log, each only if there is the one before it.

    On PostgreSQL, where a round trip costs more than what is done in it.
    """
    verdict = _VERDICT.returning(coupon.c.coupon_id).cte("verdict")
    row = select(*_parameters(redemption, _COLUMNS)).select_from(verdict)
    added = postgresql.insert(redemption).from_select(_COLUMNS, row).on_conflict_do_nothing()
    line = select(*_parameters(audit_table, audit.COLUMNS)).select_from(
        added.returning(redemption.c.coupon_id).cte("added")
    )
    return insert(audit_table).from_select(audit.COLUMNS, line)


def _parameters(table: Table, names: Iterable[str]) -> list[BindParameter[Any]]:
    return [bindparam(name, type_=table.c[name].type) for name in names]


_RECORD = Prepared(_all_in_one())


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
    """Who redeems what, as far as they exist.

    Attributes:
        failures: When the caller failed of late, as ``sliding_windows`` keeps it; None for never.
    """

    account: RedeemingAccount | None
    coupon: RedeemableCoupon | None
    failures: str | None


def lock_parties(
    connection: Connection, account_id: int, code: str, customer_ids: Sequence[int] | None
) -> None:
    """Let nobody else decide for the account, or retire the coupon's class, until the commit.

    They are to be read afterwards: whoever waited here sees then what the others did. On SQLite
    a writer is alone anyway.

    Args:
        connection: A transaction that writes; it holds the locks.
        account_id: Of which account.
        code: Of which coupon.
        customer_ids: Only accounts that bill to these are locked; None for any.
    """
    if connection.dialect.name == "postgresql":
        values = {"account_id": account_id, "code": code, "customer_ids": customer_ids}
        _LOCK.rows(connection, values)


def find_parties(connection: Connection, account_id: int, code: str, guesser: bytes) -> Parties:
    """What a redemption must know of account and coupon.

    Args:
        connection: The transaction.
        account_id: Who redeems.
        code: What.
        guesser: Whose failed attempts are counted.
    """
    values = {"account_id": account_id, "code": code, "subject": guesser}
    row = _PARTIES.row(connection, values)
    return Parties(
        None if row.account_id is None else RedeemingAccount(*row[: len(_WHO.selected_columns)]),
        None if row.coupon_id is None else _redeemable(row),
        row.instants,
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
    *,
    line: Values,
) -> bool:
    """Redeem the coupon if everything that was decided upon still holds.

    Args:
        connection: A transaction that writes.
        found: What was decided on.
        account_id: Who redeems.
        new: What the redemption begins with.
        acquisition_customer_id: Whose one Acquisition redemption it is; None for Retention.
        line: What the audit log has of it.

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
    if connection.dialect.name == "postgresql":
        return _RECORD.count(connection, {**verdict, **values, **line}) == 1
    # The unique acquisition_customer_id decides between two coupons of one customer.
    is_recorded = _REDEEM.count(connection, verdict) == 1 and _ADD.count(connection, values) == 1
    if is_recorded:
        audit.add(connection, line)
    return is_recorded
