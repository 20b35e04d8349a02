"""Writing an import, chunk by chunk, such that nobody sees its coupons before the end."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

import numpy as np
from sqlalchemy import Connection

from service.domain.csv_import import CouponLine
from service.domain.errors import IMPORT_REPLACED
from service.domain.programmes import CouponClass
from service.domain.refusals import ServiceError
from service.domain.terms import CouponTerms
from service.operations.attempts import decide
from service.operations.calls import Call
from service.operations.classes import keep_class_in_use
from service.storage import audit, bulk, coupons, imports
from service.storage.imports import ImportBatch, ImportLostError
from service.storage.watching import Watch

Result = TypeVar("Result")
CHUNK_LENGTH = 50_000
"""How many coupons one transaction writes."""
PLACES_LENGTH = 250_000
"""How many places one transaction writes."""
LEFT_BEHIND_AFTER = timedelta(days=1)
"""No import takes as long: what one has left is removed by the next in its class."""
PLACING = "writing the places"
REMOVING = "removing what an import has left"


class ImportWriter:
    """Writes the coupons of an import.

    Each chunk is a transaction, which finds that the class is in use and that no other
    import has taken the place of this one. When none of the coupons is to stay,
    ``remove_import`` undoes them.

    Args:
        call: Whose call it is.
        coupon_class: The coupons' class.
        count: How many there will be at most.
        terms: All terms of the coupons, by their number in the file.
    """

    def __init__(
        self, call: Call, coupon_class: CouponClass, count: int, terms: Sequence[CouponTerms]
    ) -> None:
        self._call = call
        self._class = coupon_class
        self._created_count = 0

        def attempt(connection: Connection) -> ImportBatch:
            self._keep_class(connection)
            return imports.begin_import(
                connection,
                coupon_class.class_id,
                count,
                call.now,
                terms=terms,
                terms_ids={coupon_class.terms: coupon_class.terms_id},
            )

        self._batch = decide(call.database, attempt)

    @property
    def batch_id(self) -> int:
        """The number of the coupons' batch."""
        return self._batch.batch_id

    @property
    def created_count(self) -> int:
        """How many coupons were written."""
        return self._created_count

    def add(self, lines: Sequence[CouponLine], seqs: bulk.Integers) -> None:
        """Write coupons, which come in the order of their codes.

        Raises:
            ServiceError: ``ImportReplaced``, ``CouponClassRetired``.
            CodesTakenError: Somebody else has coupons with some of the codes.
        """
        self._decide(lambda it: imports.add_imported(it, self._batch, lines, seqs))
        self._created_count += len(lines)

    def give_up(self, batch_id: int) -> None:
        """Let another import end, as it has some of the codes."""
        self._decide(lambda connection: imports.give_up_import(connection, batch_id))

    def finish(self, watch: Watch) -> None:
        """Write the places, without gaps, and let the coupons be there for everybody.

        Raises:
            ServiceError: ``ImportReplaced``, ``CouponClassRetired``.
        """
        ids = self._read_places()
        for first in range(0, len(ids), PLACES_LENGTH):
            some = ids[first : first + PLACES_LENGTH]
            self._decide(_placed(self.batch_id, first, some))
            watch(PLACING, first + len(some), len(ids))
        self._decide(self._finish)

    def _read_places(self) -> bulk.Integers:
        """The numbers of the coupons by their place, when there are no gaps any more."""
        ids = np.zeros(self._created_count, dtype=np.int64)
        beyond: list[int] = []
        with self._told_lost(), self._call.database.reading() as connection:
            imports.require_ours(connection, self.batch_id, lock=False)
            for some, seqs in bulk.pieces_of_places(
                connection, self.batch_id, self._batch.first_coupon_id
            ):
                is_within = seqs < len(ids)
                ids[seqs[is_within]] = some[is_within]
                beyond += some[~is_within].tolist()
        # Codes that were taken have left gaps: what lies past the end is moved into them.
        gaps = np.flatnonzero(ids == 0)
        ids[gaps] = beyond
        if beyond:
            moves = dict(zip(beyond, gaps.tolist(), strict=True))
            self._decide(lambda it: coupons.move_coupons(it, moves))
        return ids

    def _finish(self, connection: Connection) -> None:
        imports.finish_import(connection, self._batch, self._created_count)
        after = {"class_id": self._class.class_id, "created_count": self._created_count}
        change = audit.Change("import", "coupon_batch", self.batch_id, after=after)
        audit.append(connection, self._call.author, [change])

    def _decide(self, attempt: Callable[[Connection], Result]) -> Result:
        def attempt_ours(connection: Connection) -> Result:
            self._keep_class(connection)
            imports.require_ours(connection, self.batch_id)
            return attempt(connection)

        with self._told_lost():
            return decide(self._call.database, attempt_ours)

    @contextmanager
    def _told_lost(self) -> Iterator[None]:
        try:
            yield
        except ImportLostError:
            raise ServiceError(IMPORT_REPLACED, f"batch {self.batch_id}") from None

    def _keep_class(self, connection: Connection) -> None:
        keep_class_in_use(connection, self._class.customer_id, self._class.name)


def _placed(batch_id: int, first: int, ids: bulk.Integers) -> Callable[[Connection], None]:
    return lambda connection: bulk.add_places_in_bulk(connection, batch_id, first, ids)


def find_left_behind(call: Call, class_id: int) -> list[int]:
    """Batches of imports of a class that were killed long ago."""
    with call.database.reading() as connection:
        return imports.find_left_behind(connection, class_id, call.now - LEFT_BEHIND_AFTER)


def remove_import(call: Call, batch_id: int, watch: Watch) -> None:
    """Remove what an unfinished import has left, also when it goes on: it ends then."""
    numbers = decide(call.database, lambda it: imports.give_up_import(it, batch_id))
    if numbers is None:
        return
    decide(call.database, lambda it: imports.remove_places(it, batch_id))
    for start in range(numbers.start, numbers.stop, CHUNK_LENGTH):
        some = range(start, min(start + CHUNK_LENGTH, numbers.stop))
        decide(call.database, _removed(batch_id, some))
        watch(REMOVING, some.stop - numbers.start, len(numbers))
    decide(call.database, lambda it: imports.remove_batch(it, batch_id))


def _removed(batch_id: int, numbers: range) -> Callable[[Connection], None]:
    return lambda connection: imports.remove_imported(connection, batch_id, numbers)
