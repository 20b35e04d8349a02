"""The outbox: mails that are still to be sent, written in the transaction that causes them."""

from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection, insert

from service.storage.tables import outbox

_INSERT = insert(outbox)


def queue_mails(
    connection: Connection, kind: str, emails_by_coupon: dict[int, str], now: datetime
) -> None:
    """Queue a mail about each coupon; each gets the Message-ID that all its attempts have."""
    connection.execute(
        _INSERT,
        [
            {
                "mail_id": f"<{uuid4()}@coupon-billing.invalid>",
                "kind": kind,
                "recipient": email,
                "coupon_id": coupon_id,
                "next_attempt_at": now,
                "created_at": now,
            }
            for coupon_id, email in emails_by_coupon.items()
        ],
    )
