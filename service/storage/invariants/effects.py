"""Rules of the audit log where it tells what spend did to coupons, and which mails were written."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, and_, case, exists, select

from service.domain.mail import MailKind
from service.storage.invariants.history import number_after, text_after
from service.storage.invariants.rule import Rule
from service.storage.tables import audit, ledger, outbox, redemption, spend

_cause = audit.alias("cause")
_RECORDED, _REVERSED = "record", "reverse"
_SPENT, _RESTORED = "spend", "reverse spend"
_DISTRIBUTED = "distribute"
_AS_REDEEMED = {"spend_to_threshold": "0", "is_active": False, "activated_at": None}


def _differs_from_history(row: Row[Any]) -> bool:
    """Whether a redemption is not as its last entry left it; the first one leaves some unsaid."""
    if row.after is None:
        return False
    after = {**_AS_REDEEMED, **row.after}
    activated_at = after["activated_at"] and datetime.fromisoformat(after["activated_at"])
    figures = (row.spend_to_threshold, row.balance, row.is_active, row.activated_at)
    told = (Decimal(after["spend_to_threshold"]), Decimal(after["balance"]))
    return figures != (*told, after["is_active"], activated_at)


_LAST_AFTER = (
    select(audit.c.after)
    .where(
        audit.c.entity == "coupon",
        audit.c.entity_id == redemption.c.coupon_id,
        audit.c.action.in_(("redeem", "activate", _SPENT, _RESTORED)),
    )
    .order_by(audit.c.audit_id.desc())
    .limit(1)
    .scalar_subquery()
    .label("after")
)

RULES = (
    Rule(
        text="a redemption is as the audit log told of it last",
        entity="coupon",
        key=redemption.c.coupon_id,
        suspects=select(
            redemption.c.coupon_id,
            redemption.c.spend_to_threshold,
            redemption.c.balance,
            redemption.c.is_active,
            redemption.c.activated_at,
            _LAST_AFTER,
        ),
        is_broken=_differs_from_history,
    ),
    Rule(
        text="the audit log tells of each ledger line",
        entity="ledger_line",
        key=ledger.c.line_id,
        suspects=select(ledger.c.line_id)
        .join(spend, spend.c.spend_id == ledger.c.spend_id)
        .where(
            exists().where(
                _cause.c.entity == "spend",
                _cause.c.entity_id == ledger.c.spend_id,
                _cause.c.action == case((ledger.c.is_reversal, _REVERSED), else_=_RECORDED),
                ~exists().where(
                    # Found by its TrackingId: a coupon has as many entries as it has lines,
                    # and to read them all for each would take the square of their number.
                    audit.c.tracking_id == _cause.c.tracking_id,
                    audit.c.entity_id + 0 == ledger.c.coupon_id,
                    audit.c.action == case((ledger.c.is_reversal, _RESTORED), else_=_SPENT),
                    text_after("reference") == spend.c.reference,
                ),
            )
        ),
    ),
    Rule(
        text="the ledger has a line of what spend did, as the audit log tells",
        entity="audit",
        key=audit.c.audit_id,
        suspects=select(audit.c.audit_id)
        .join(_cause, _cause.c.tracking_id == audit.c.tracking_id)
        .join(
            spend,
            and_(
                spend.c.spend_id == _cause.c.entity_id,
                spend.c.reference == text_after("reference"),
            ),
        )
        .join(
            ledger,
            and_(
                ledger.c.spend_id == spend.c.spend_id,
                ledger.c.coupon_id == audit.c.entity_id,
                ledger.c.is_reversal == (audit.c.action == _RESTORED),
            ),
            isouter=True,
        )
        .where(
            audit.c.action.in_((_SPENT, _RESTORED)),
            _cause.c.action == case((audit.c.action == _SPENT, _RECORDED), else_=_REVERSED),
            ledger.c.line_id.is_(None),
        ),
    ),
    Rule(
        text="the audit log tells of a mail to an account",
        entity="message",
        key=outbox.c.message_id,
        suspects=select(outbox.c.message_id).where(
            outbox.c.kind == MailKind.DISTRIBUTE.value,
            ~exists().where(
                audit.c.entity == "coupon",
                audit.c.action == _DISTRIBUTED,
                audit.c.entity_id == outbox.c.coupon_id,
                text_after("email") == outbox.c.recipient,
            ),
        ),
    ),
    Rule(
        text="a mail to an account of which the audit log tells was written",
        entity="audit",
        key=audit.c.audit_id,
        suspects=select(audit.c.audit_id).where(
            audit.c.action == _DISTRIBUTED,
            text_after("email").is_not(None),
            ~exists().where(
                outbox.c.coupon_id == audit.c.entity_id,
                outbox.c.kind == MailKind.DISTRIBUTE.value,
                outbox.c.recipient == text_after("email"),
            ),
        ),
    ),
    Rule(
        text="a mail that was sent again is one of its coupon",
        entity="audit",
        key=audit.c.audit_id,
        suspects=select(audit.c.audit_id).where(
            audit.c.action == "resend",
            ~exists().where(
                outbox.c.coupon_id == audit.c.entity_id,
                outbox.c.message_id == number_after("message_id"),
            ),
        ),
    ),
)
