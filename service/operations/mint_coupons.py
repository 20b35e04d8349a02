"""Minting: new coupons of a class, with codes drawn from a pattern."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection

from service.domain.codes import CodePattern, check_pattern, shuffled
from service.domain.errors import PATTERN_FULL, QUANTITY_OUT_OF_RANGE
from service.domain.programmes import Batch, CouponClass
from service.domain.refusals import ServiceError
from service.operations.attempts import decide
from service.operations.calls import Call
from service.operations.classes import require_class_in_use
from service.storage import audit, coupons

COUPONS_COUNT_MAX = 20_000
"""How many coupons one call mints at the most."""
CHUNK_LENGTH = 10_000
"""How many codes of a nearly used pattern one statement looks up."""


def mint_coupons(
    call: Call,
    customer_id: int,
    class_name: str,
    count: int,
    *,
    pattern: str | None = None,
    alphabet: str | None = None,
) -> Batch:
    """Mint up to 20,000 coupons under the present terms of a class, in one transaction.

    A pattern or alphabet given here takes the place of the class's own. Fewer
    coupons than asked for are made when the pattern has fewer unused codes.

    Raises:
        ServiceError: ``QuantityOutOfRange``, ``UserIsNotAuthorized``,
            ``CouponClassNotFound``, ``CouponClassRetired``, ``PatternInvalid``, or
            ``PatternFull``: not one code is left.
    """
    if not 1 <= count <= COUPONS_COUNT_MAX:
        raise ServiceError(QUANTITY_OUT_OF_RANGE, f"{count} is not 1 to {COUPONS_COUNT_MAX}")
    call.caller.require_write(customer_id)

    def attempt(connection: Connection) -> Batch:
        coupon_class = require_class_in_use(connection, customer_id, class_name, lock=True)
        code_pattern = check_pattern(
            pattern or coupon_class.code_pattern, alphabet or coupon_class.code_alphabet
        )
        return mint_batch(connection, call, coupon_class, code_pattern, count)

    return decide(call.database, attempt)


def mint_batch(
    connection: Connection,
    call: Call,
    coupon_class: CouponClass,
    pattern: CodePattern,
    count: int,
    *,
    attributes: dict[str, Any] | None = None,
) -> Batch:
    """Mint coupons of a class that is locked, and write it into the batch's history.

    Raises:
        ServiceError: ``PatternFull``: not one code is left.
    """
    class_id = coupon_class.class_id
    batch_id = coupons.add_batch(
        connection,
        class_id,
        count,
        call.now,
        start_date=coupon_class.terms.start_date,
        attributes=attributes,
    )
    made = _make(connection, coupon_class, batch_id, pattern, count)
    coupons.add_places(connection, batch_id, min(coupon_id for coupon_id, _ in made))
    coupons.close_batch(connection, class_id, batch_id, len(made))
    after = {"class_id": class_id, "created_count": len(made)}
    change = audit.Change("mint", "coupon_batch", batch_id, after=after)
    audit.append(connection, call.author, [change])
    density = pattern.density(coupon_class.coupons_count + len(made))
    codes = sorted(code for _, code in made)
    return Batch(batch_id, count, len(made), codes, density)


def _make(
    connection: Connection,
    coupon_class: CouponClass,
    batch_id: int,
    pattern: CodePattern,
    count: int,
) -> list[tuple[int, str]]:
    """Insert the coupons; answers number and code of each."""
    class_id, terms_id = coupon_class.class_id, coupon_class.terms_id
    free = [int(place) for place in shuffled(count)]
    made: dict[int, tuple[int, str]] = {}
    for candidates in _candidates(connection, pattern, free):
        wave = coupons.add_coupons(
            connection, class_id, terms_id, batch_id, codes=candidates, seqs=free
        )
        made.update(wave)
        free[:] = [seq for seq in free if seq not in wave]
    if not made:
        raise ServiceError(PATTERN_FULL, f"pattern {pattern.text}, capacity {pattern.capacity}")
    _close_gaps(connection, made)
    return list(made.values())


def _candidates(
    connection: Connection, pattern: CodePattern, free: list[int]
) -> Iterator[list[str]]:
    """Codes to try, in ascending order, until no place is free or no code is left.

    Drawing is quick while most codes are unused. When fewer than half of a draw
    were new, every code of the pattern is tried, in random order, so that the
    pattern can be used up to the last one.
    """
    while free:
        asked = len(free)
        yield sorted(set(pattern.draw(asked)))
        if len(free) * 2 > asked:
            break
    for numbers in pattern.every_number() if free else ():
        for start in range(0, len(numbers), CHUNK_LENGTH):
            codes = pattern.numbered(numbers[start : start + CHUNK_LENGTH])
            used = coupons.find_used_codes(connection, codes)
            unused = [code for code in codes if code not in used]
            while free and unused:
                taken, unused = unused[: len(free)], unused[len(free) :]
                yield sorted(taken)
            if not free:
                return


def _close_gaps(connection: Connection, made: dict[int, tuple[int, str]]) -> None:
    """Keep the places of a batch dense: move what lies past the end into the gaps before it."""
    end = len(made)
    gaps = sorted(set(range(end)) - set(made))
    beyond = sorted(seq for seq in made if seq >= end)
    moves = {made[seq][0]: gap for seq, gap in zip(beyond, gaps, strict=True)}
    coupons.move_coupons(connection, moves)
