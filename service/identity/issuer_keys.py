"""The keys of an issuer, asked for when they are wanted, and kept."""

import time
from collections.abc import Callable
from threading import Event, Lock, Thread

import structlog

from service.domain.errors import ISSUER_UNAVAILABLE
from service.domain.refusals import ServiceTroubleError
from service.identity.issuer_documents import DocumentUnusableError, KeysById, PublicKey

REFETCH_S = 30.0
"""How long after it was asked the issuer is asked again for a key that it did not have: so long
a new key may be refused, and so often strangers can make us ask."""
KEYS_AGE_MAX_S = 600.0
"""How old keys may be before they are asked for anew, beside the calls: so long a key that the
issuer has withdrawn is taken. While the issuer does not answer, the keys known go on."""

_log = structlog.get_logger("service.identity")


class IssuerKeys:
    """Finds the key of a token; safe to share between threads.

    A thread of its own asks the issuer, so that no call waits longer than it may, however the
    issuer behaves. Who knows its key already does not wait at all.

    Args:
        fetch: Asks the issuer; raises ``DocumentUnusableError``.
        timeout_s: How long a call may wait for a key that is not known.
        clock_s: A clock that is never put back, in seconds.
    """

    def __init__(
        self,
        fetch: Callable[[], KeysById],
        timeout_s: float,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._timeout_s = timeout_s
        self._clock_s = clock_s
        self._keys: KeysById = {}
        self._trouble: str | None = None
        self._starting = Lock()
        self._begun_s: float | None = None
        self._answered = Event()

    def find(self, key_id: str | None) -> PublicKey | None:
        """The key of this ``kid``; None when the issuer has none such.

        Raises:
            ServiceTroubleError: ``IssuerUnavailable``: the key is not known, and the issuer
                did not answer when it was asked last.
        """
        key = self._keys.get(key_id)
        if key is not None:
            self._ask_unless_asked_since(KEYS_AGE_MAX_S)
            return key
        wait_s = self._ask_unless_asked_since(REFETCH_S)
        self._answered.wait(wait_s)
        # Before the key: an issuer that answers between the two has not said that there is none.
        trouble = self._trouble
        key = self._keys.get(key_id)
        if key is None and trouble is not None:
            raise ServiceTroubleError(ISSUER_UNAVAILABLE, trouble)
        return key

    def _ask_unless_asked_since(self, age_s: float) -> float:
        """Begin to ask, if it is time; answers how long an answer may still be waited for."""
        with self._starting:
            now_s = self._clock_s()
            if self._begun_s is None or now_s - self._begun_s >= age_s:
                self._begun_s = now_s
                self._trouble = "the issuer has not answered in time"
                self._answered = Event()
                Thread(target=self._ask, args=(self._answered,), daemon=True).start()
            return max(0.0, self._begun_s + self._timeout_s - now_s)

    def _ask(self, answered: Event) -> None:
        try:
            self._keys = self._fetch()
            self._trouble = None
        except DocumentUnusableError as error:
            self._trouble = str(error)
            _log.warning("keys of the issuer", reason=self._trouble)
        finally:
            answered.set()
