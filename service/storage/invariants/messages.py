"""Rules of the outbox: what was handed out by mail has its message, and no other has one."""

from sqlalchemy import and_, exists, or_, select

from service.domain.mail import MailKind, MessageState
from service.storage.invariants.rule import Rule
from service.storage.tables import coupon, outbox

_earlier = outbox.alias("earlier")
_IS_DISPATCH = outbox.c.kind == MailKind.DISPATCH.value
_IS_DISTRIBUTE = outbox.c.kind == MailKind.DISTRIBUTE.value
_IS_SENT = outbox.c.state == MessageState.SENT.value
_IS_FAILED = outbox.c.state == MessageState.FAILED.value

RULES = (
    Rule(
        text="a coupon that was dispatched has a mail",
        entity="coupon",
        key=coupon.c.coupon_id,
        suspects=select(coupon.c.coupon_id).where(
            coupon.c.sent_at.is_not(None),
            ~exists().where(outbox.c.coupon_id == coupon.c.coupon_id, _IS_DISPATCH),
        ),
    ),
    Rule(
        text="a mail goes where its coupon was handed, and was written then",
        entity="message",
        key=outbox.c.message_id,
        suspects=select(outbox.c.message_id)
        .join(coupon, coupon.c.coupon_id == outbox.c.coupon_id)
        .where(
            or_(
                and_(
                    _IS_DISPATCH,
                    or_(
                        outbox.c.recipient.is_distinct_from(coupon.c.sent_to_email),
                        outbox.c.created_at.is_distinct_from(coupon.c.sent_at),
                    ),
                ),
                and_(_IS_DISTRIBUTE, outbox.c.created_at.is_distinct_from(coupon.c.claimed_at)),
            )
        ),
    ),
    Rule(
        text="a coupon has one mail of a kind",
        entity="message",
        key=outbox.c.message_id,
        suspects=select(outbox.c.message_id).where(
            exists().where(
                _earlier.c.coupon_id == outbox.c.coupon_id,
                _earlier.c.kind == outbox.c.kind,
                _earlier.c.message_id < outbox.c.message_id,
            )
        ),
    ),
    Rule(
        text="a mail that was sent or failed had an attempt",
        entity="message",
        key=outbox.c.message_id,
        suspects=select(outbox.c.message_id).where(
            or_(_IS_SENT, _IS_FAILED), outbox.c.attempts_count < 1
        ),
    ),
    Rule(
        text="a mail that failed, and none that was sent or not tried, tells the error",
        entity="message",
        key=outbox.c.message_id,
        suspects=select(outbox.c.message_id).where(
            or_(
                and_(_IS_FAILED, outbox.c.last_error.is_(None)),
                and_(or_(_IS_SENT, outbox.c.attempts_count == 0), outbox.c.last_error.is_not(None)),
            )
        ),
    ),
)
