"""The journal of calls: what was called, by whom, how it ended, and how long it took.

What is known of calls only by the way is written with it: when tokens were last used.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from multiprocessing.util import Finalize
from threading import Event, Lock, Thread
from uuid import UUID

from sqlalchemy import ColumnElement, Connection

from service.domain.errors import INPUT_INVALID
from service.domain.listings import (
    Listing,
    listing_before,
    read_before,
    require_size,
    stored_text,
)
from service.domain.recorded import CallRecord, CallSearch, FoundCall
from service.domain.refusals import ServiceError
from service.domain.roles import Caller, Role
from service.operations.attempts import decide
from service.operations.calls import Call, utc_now
from service.storage import calls, users
from service.storage.engine import Database

QUEUE_LENGTH_MAX = 10_000
"""How many calls wait to be written; more are lost, and counted."""
PAUSE_S = 1.0
"""How long calls wait to be written together. So much is lost when a process is killed."""
STOP_TIMEOUT_S = 5.0
"""How long the end of a process waits for the last calls to be written."""


class CallJournal:
    """Writes the calls of a process into its database, and keeps no call waiting.

    A thread does it, for all calls of a second in one transaction; it starts with the first
    call. Calls that the database does not take, or that come too quickly, are lost; uses of
    tokens are tried again. When the process ends by itself, what waits is written.

    Args:
        database: Where they are written.
        tell_lost: Is told how many calls were lost, now and then.
        pause_s: How long calls wait to be written together.
    """

    def __init__(
        self,
        database: Database,
        tell_lost: Callable[[int], object],
        *,
        pause_s: float = PAUSE_S,
    ) -> None:
        self._database = database
        self._tell_lost = tell_lost
        self._pause_s = pause_s
        self._waiting: deque[CallRecord] = deque()
        self._waiting_uses: deque[tuple[int, datetime]] = deque()
        self._used_at: dict[int, datetime] = {}
        self._overflow_count = 0
        self._stop = Event()
        self._thread: Thread | None = None
        self._starting = Lock()

    def note(self, record: CallRecord) -> None:
        """Write a call when there is time."""
        if len(self._waiting) >= QUEUE_LENGTH_MAX:
            self._overflow_count += 1
            return
        self._waiting.append(record)
        if self._thread is None:
            self._start()

    def note_use(self, token_id: int, at: datetime) -> None:
        """Write when a token was used, at most once in ``USES_STEP``."""
        last = self._used_at.get(token_id)
        if last is not None and timedelta(0) <= at - last < users.USES_STEP:
            return
        self._used_at[token_id] = at
        self._waiting_uses.append((token_id, at))
        if self._thread is None:
            self._start()

    def close(self) -> None:
        """Write what waits, and end."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(STOP_TIMEOUT_S)

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                # However the process ends, but by force: also where it was forked.
                Finalize(self, self.close, exitpriority=100)
                self._thread = Thread(target=self._run, name="call journal", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(self._pause_s):
            self._write()
        self._write()

    def _write(self) -> None:
        records = [self._waiting.popleft() for _ in range(len(self._waiting))]
        uses = dict(self._waiting_uses.popleft() for _ in range(len(self._waiting_uses)))
        lost, self._overflow_count = self._overflow_count, 0
        if records and not self._is_taken(lambda it: calls.add_calls(it, records)):
            lost += len(records)
        # Apart from the calls: who holds a token, such as to revoke it, costs none of them.
        if uses and not self._is_taken(lambda it: users.note_uses(it, uses)):
            self._waiting_uses.extendleft(uses.items())
        if lost:
            self._tell_lost(lost)

    def _is_taken(self, write: Callable[[Connection], object]) -> bool:
        """Write in a transaction of its own; whether the database took it."""
        try:
            decide(self._database, write)
        except Exception:  # noqa: BLE001 - whatever ails the database, the next calls are tried
            return False
        return True


@dataclass(frozen=True, slots=True)
class JournalKeeper:
    """Removes calls that are old from the journal.

    Attributes:
        keep: How long they are kept.
        clock: What the time is.
    """

    database: Database
    keep: timedelta
    clock: Callable[[], datetime] = utc_now

    def forget_some(self) -> int:
        """Remove some of the old calls, the oldest; answers how many, 0 when none is left."""
        before = self.clock() - self.keep
        with self.database.reading() as connection:
            if not calls.has_old_calls(connection, before):
                return 0
        return decide(self.database, lambda connection: calls.forget_calls(connection, before))


def find_calls(
    call: Call, search: CallSearch, after: str | None = None, size: int = 50
) -> Listing[FoundCall]:
    """A page of recorded calls, the latest first.

    Operators see all of them. A SuperAdmin sees its own, and those of users whose roles are
    all in customers of which it is SuperAdmin; others see their own. Calls are there a second
    or two after they ended, until ``calls_keep_h``.

    Args:
        call: Whose call it is.
        search: Which calls.
        after: Where the page before ended; None for the first.
        size: How many, 1 to ``LISTING_SIZE_MAX``.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` (customer), ``ApiInputValidationError``
            (a TrackingId that is none) or ``PagingInvalid``.
    """
    require_size(size)
    if search.customer_id is not None:
        call.caller.require_read(search.customer_id)
    before_id = read_before(after)
    stored = replace(
        search,
        user_name=stored_text(search.user_name),
        operation=stored_text(search.operation),
        outcome=stored_text(search.outcome),
    )
    with call.database.reading() as connection:
        found, before, searched_count = calls.find_calls(
            connection,
            stored,
            tracking_id=_guid(search.tracking_id),
            seen_by=_seen_by(call.caller),
            before_id=before_id,
            size=size,
        )
    return listing_before(found, before, searched_count=searched_count, size=size)


def _guid(text: str | None) -> UUID | None:
    given = stored_text(text)
    try:
        return UUID(given) if given else None
    except ValueError:
        raise ServiceError(INPUT_INVALID, "a TrackingId has 32 digits from 0 to F") from None


def _seen_by(caller: Caller) -> ColumnElement[bool] | None:
    if caller.is_operator:
        return None
    led = [number for number, role in caller.roles.items() if role is Role.SUPER_ADMIN]
    return calls.seen_by_user(caller.user_id, led)
