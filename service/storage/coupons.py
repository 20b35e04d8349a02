"""Coupons: minted, handed out, redeemed. Each conditional statement here is a verdict."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    Select,
    String,
    and_,
    bindparam,
    exists,
    insert,
    or_,
    select,
    update,
)

from service.domain.mail import MailKind
from service.storage.outbox import queue_mails
from service.storage.statements import insert_or_ignore, new_id
from service.storage.tables import (
    coupon,
    coupon_batch,
    coupon_class,
    coupon_place,
    coupon_terms,
    unfinished_import,
)

WINDOW_LENGTH_MIN, WINDOW_LENGTH_MAX = 20, 2_000
"""How many places are looked at together: at first beyond those wanted, and at the most."""
PASSED_COUNT_MAX = 1_000
"""How many used coupons at the beginning of a batch are passed over again and again."""

IS_UNUSED = and_(
    coupon.c.sent_at.is_(None),
    coupon.c.claimed_at.is_(None),
    coupon.c.redeemed_at.is_(None),
    coupon.c.deleted_at.is_(None),
)
IS_THERE = and_(
    coupon.c.deleted_at.is_(None),
    ~exists().where(unfinished_import.c.batch_id == coupon.c.batch_id),
)
"""Whether the coupon can be found by its code."""
IS_LASTING = and_(
    or_(coupon_terms.c.end_date.is_(None), coupon_terms.c.end_date >= bindparam("now")),
    or_(
        coupon_terms.c.expiration_date.is_(None), coupon_terms.c.expiration_date >= bindparam("now")
    ),
)

_USED_CODES = select(coupon.c.code).where(coupon.c.code.in_(bindparam("codes", expanding=True)))
_OPEN_BATCHES = (
    select(coupon_batch.c.batch_id, coupon_batch.c.unused_from)
    .where(
        coupon_batch.c.class_id == bindparam("class_id"),
        coupon_batch.c.unused_from < coupon_batch.c.coupons_count,
    )
    .order_by(coupon_batch.c.batch_id)
)
_PLACES = (
    select(coupon_place.c.seq, coupon_place.c.coupon_id)
    .where(
        coupon_place.c.batch_id == bindparam("batch_id"),
        coupon_place.c.seq >= bindparam("first_seq"),
    )
    .order_by(coupon_place.c.seq)
    .limit(bindparam("length"))
)
_UNUSED_AT = (
    select(coupon.c.seq, coupon.c.coupon_id, coupon.c.code)
    .where(coupon.c.coupon_id.in_(bindparam("coupon_ids", expanding=True)), IS_UNUSED)
    .order_by(coupon.c.seq)
    .limit(bindparam("count"))
)
_UNUSED = _UNUSED_AT.join(coupon_terms, coupon_terms.c.terms_id == coupon.c.terms_id).where(
    IS_LASTING,
    or_(
        bindparam("currency_code", type_=String).is_(None),
        coupon_terms.c.currency_code == bindparam("currency_code", type_=String),
    ),
)
# Two dispatches at once take different coupons instead of waiting for one another.
_UNUSED_AND_FREE = _UNUSED.with_for_update(of=coupon, skip_locked=True)
_UNUSED_IN_THE_END = _UNUSED.with_for_update(of=coupon)
_SEND = (
    update(coupon)
    .where(coupon.c.coupon_id == bindparam("sent_coupon_id"), IS_UNUSED)
    .values(sent_to_email=bindparam("email"), sent_at=bindparam("now"))
)


def add_batch(
    connection: Connection,
    class_id: int,
    requested_count: int,
    now: datetime,
    *,
    start_date: datetime | None,
    attributes: dict[str, Any] | None = None,
) -> int:
    """Insert the batch that new coupons will belong to; answers its number.

    Args:
        connection: The transaction.
        class_id: Of which class.
        requested_count: How many coupons are asked for.
        now: When.
        start_date: The StartDate of all of them.
        attributes: What the operator notes about them.
    """
    values = {
        "class_id": class_id,
        "requested_count": requested_count,
        "start_date": start_date,
        "attributes": attributes,
        "created_at": now,
    }
    return new_id(connection.execute(insert(coupon_batch).values(values)))


def add_coupons(
    connection: Connection,
    class_id: int,
    terms_id: int,
    batch_id: int,
    *,
    codes: Sequence[str],
    seqs: Sequence[int],
) -> dict[int, tuple[int, str]]:
    """Insert coupons, passing over codes that exist; answers number and code of each by seq."""
    statement = insert_or_ignore(connection.dialect.name, coupon).returning(
        coupon.c.seq, coupon.c.coupon_id, coupon.c.code
    )
    common = {"class_id": class_id, "terms_id": terms_id, "batch_id": batch_id}
    rows = [{**common, "code": code, "seq": seq} for code, seq in zip(codes, seqs, strict=False)]
    return {row.seq: (row.coupon_id, row.code) for row in connection.execute(statement, rows)}


def find_used_codes(connection: Connection, codes: Sequence[str]) -> set[str]:
    """Those of the codes that coupons have."""
    return set(connection.execute(_USED_CODES, {"codes": codes}).scalars())


def move_coupons(connection: Connection, seqs_by_coupon: dict[int, int]) -> None:
    """Give coupons another place in their batch, whose places are not written yet."""
    statement = (
        update(coupon)
        .where(coupon.c.coupon_id == bindparam("moved_coupon_id"))
        .values(seq=bindparam("free_seq"))
    )
    if seqs_by_coupon:
        rows = [{"moved_coupon_id": it, "free_seq": seq} for it, seq in seqs_by_coupon.items()]
        connection.execute(statement, rows)


def add_places(connection: Connection, batch_id: int, first_coupon_id: int) -> None:
    """Write the places of a whole batch of at most some ten thousand coupons.

    Args:
        connection: The transaction.
        batch_id: The batch.
        first_coupon_id: None of its coupons has a lower number.
    """
    rows = (
        select(coupon.c.batch_id, coupon.c.seq, coupon.c.coupon_id)
        .where(coupon.c.coupon_id >= first_coupon_id, coupon.c.batch_id == batch_id)
        .order_by(coupon.c.seq)
    )
    connection.execute(insert(coupon_place).from_select(["batch_id", "seq", "coupon_id"], rows))


def close_batch(connection: Connection, class_id: int, batch_id: int, created_count: int) -> None:
    """Count the batch's coupons, in the batch and in its class: they are there from now on.

    Their places must have been written.
    """
    connection.execute(
        update(coupon_batch)
        .where(coupon_batch.c.batch_id == batch_id)
        .values(created_count=created_count, coupons_count=created_count)
    )
    connection.execute(
        update(coupon_class)
        .where(coupon_class.c.class_id == class_id)
        .values(coupons_count=coupon_class.c.coupons_count + created_count)
    )


def take_unused(
    connection: Connection,
    class_id: int,
    count: int,
    now: datetime,
    currency_code: str | None = None,
) -> list[tuple[int, str]]:
    """Find coupons that nobody has, batch by batch in seq order, and lock them: number and code.

    Args:
        connection: The transaction that holds the locks.
        class_id: The coupons' class.
        count: How many at the most.
        now: They have not ended or expired then.
        currency_code: Only coupons in this currency; None for any.
    """
    found: dict[int, str] = {}
    batches = connection.execute(_OPEN_BATCHES, {"class_id": class_id}).all()
    common = {"currency_code": currency_code, "now": now}
    for statement in (_UNUSED_AND_FREE, _UNUSED_IN_THE_END):
        for batch_id, unused_from in batches:
            wanted = {**common, "batch_id": batch_id, "count": count - len(found)}
            rows = _search_places(connection, statement, unused_from, wanted, taken=found)
            found.update((row.coupon_id, row.code) for row in rows)
            if rows and rows[0].seq - unused_from > PASSED_COUNT_MAX:
                _pass_used(connection, batch_id)
            if len(found) == count:
                return list(found.items())
        # What others hold they may yet leave unused: only who has none left waits for them.
        if connection.dialect.name == "sqlite":
            break
    return list(found.items())


def _search_places(
    connection: Connection,
    statement: Select[Any],
    first_seq: int,
    values: dict[str, Any],
    *,
    taken: Collection[int] = (),
) -> list[Row[Any]]:
    """Go through the places of a batch, more and more at a time, until enough is found.

    In one statement a database that has not counted its rows yet would read the whole batch.
    """
    found: list[Row[Any]] = []
    length = min(values["count"] + WINDOW_LENGTH_MIN, WINDOW_LENGTH_MAX)
    while len(found) < values["count"]:
        window = {"batch_id": values["batch_id"], "first_seq": first_seq, "length": length}
        places = connection.execute(_PLACES, window).all()
        if not places:
            break
        coupon_ids = [place.coupon_id for place in places if place.coupon_id not in taken]
        asked = {"coupon_ids": coupon_ids, "count": values["count"] - len(found)}
        found += connection.execute(statement, {**values, **asked}).all()
        first_seq, length = places[-1].seq + 1, min(2 * length, WINDOW_LENGTH_MAX)
    return found


def _pass_used(connection: Connection, batch_id: int) -> None:
    """Note that the first coupons of a batch are used, unless somebody changes the batch."""
    is_meant = coupon_batch.c.batch_id == batch_id
    batch = select(coupon_batch.c.unused_from).where(is_meant)
    unused_from = connection.scalar(batch.with_for_update(skip_locked=True))
    if unused_from is not None:
        values = {"batch_id": batch_id, "count": 1}
        for first in _search_places(connection, _UNUSED_AT, unused_from, values):
            connection.execute(update(coupon_batch).where(is_meant).values(unused_from=first.seq))


def send_coupons(connection: Connection, emails_by_coupon: dict[int, str], now: datetime) -> None:
    """Book unused coupons for addresses, and queue the mails.

    Raises:
        RuntimeError: One of the coupons is not unused; the caller did not lock it.
    """
    sent = [
        {"sent_coupon_id": coupon_id, "email": email, "now": now}
        for coupon_id, email in emails_by_coupon.items()
    ]
    if connection.execute(_SEND, sent).rowcount != len(sent):
        raise RuntimeError("a coupon was handed out twice")
    queue_mails(connection, MailKind.DISPATCH, emails_by_coupon, now)
