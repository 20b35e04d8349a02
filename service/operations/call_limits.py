"""How often callers may call, and how many of a customer's calls are answered at once."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from time import monotonic

from service.domain.errors import CALL_RATE_EXCEEDED, CONCURRENT_REQUEST_OVER_LIMIT
from service.domain.refusals import ServiceError
from service.domain.roles import Caller
from service.operations.windows import Window, Windows

REST_S = 1.0
"""For how long no call is counted after counting has failed: none is to wait in vain."""


@dataclass(frozen=True, slots=True)
class CallRates:
    """What the settings allow; None for any number.

    Attributes:
        user_calls_per_minute: Calls of one user, by whichever of its tokens.
        customer_calls_per_minute: Calls of all users who belong to one customer.
        customer_calls_at_once: Of those, how many are answered at once in one process.
    """

    user_calls_per_minute: int | None = None
    customer_calls_per_minute: int | None = None
    customer_calls_at_once: int | None = None


class CallLimits:
    """Admits the calls of callers up to the limits; safe to share between threads.

    A call counts for its user, and for each customer to which the user belongs; operators
    belong to none. A call that is refused counts for nobody.

    Args:
        rates: What is allowed.
        windows: Where calls are counted.
        tell_failure: Is told why calls are not counted, now and then. They go on uncounted.
    """

    def __init__(
        self, rates: CallRates, windows: Windows, tell_failure: Callable[[str], object]
    ) -> None:
        self._rates = rates
        self._windows = windows
        self._tell_failure = tell_failure
        self._rests_until = monotonic()
        self._turn = Lock()
        self._running: Counter[int] = Counter()

    @contextmanager
    def admitted(self, caller: Caller) -> Iterator[None]:
        """Let the caller's call take the time of the block.

        Raises:
            ServiceError: ``ConcurrentRequestOverLimit`` or ``CallRateExceeded``.
        """
        at_once = list(caller.roles) if self._rates.customer_calls_at_once else []
        self._enter(at_once)
        try:
            self._count(caller)
            yield
        finally:
            with self._turn:
                self._running.subtract(at_once)

    def _enter(self, customer_ids: Sequence[int]) -> None:
        count_max = self._rates.customer_calls_at_once or 0
        with self._turn:
            for customer_id in customer_ids:
                if self._running[customer_id] >= count_max:
                    text = f"{count_max} calls of customer {customer_id} at once"
                    raise ServiceError(CONCURRENT_REQUEST_OVER_LIMIT, text)
            self._running.update(customer_ids)

    def _count(self, caller: Caller) -> None:
        windows = self._windows_of(caller)
        if not windows or monotonic() < self._rests_until:
            return
        try:
            full = self._windows.count(windows)
        except Exception as error:  # noqa: BLE001 - whatever it was, calls are not to fail of it
            self._rests_until = monotonic() + REST_S
            self._tell_failure(str(error) or type(error).__name__)
            return
        if full is not None:
            text = f"{full.count_max} calls of {full.kind} {full.number} within a minute"
            raise ServiceError(CALL_RATE_EXCEEDED, text)

    def _windows_of(self, caller: Caller) -> list[Window]:
        rates = self._rates
        windows = []
        if rates.user_calls_per_minute:
            windows.append(Window("user", caller.user_id, rates.user_calls_per_minute))
        if rates.customer_calls_per_minute:
            count_max = rates.customer_calls_per_minute
            windows += [Window("customer", it, count_max) for it in caller.roles]
        return windows
