"""The long proofs: what each claims, and how a test reports what it measured.

``make prove`` writes ``docs/reliability.md`` from these reports; see
``tests.reliability.table``.
"""

from collections.abc import Callable
from dataclasses import dataclass

PROPERTY = "reliability"
ENGINES = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Proof:
    """A claim about the service that a test measures, and its control as well.

    Attributes:
        number: By which lists of proofs name it, such as ``C1``.
        name: What is done, in a few words; with the number it is unique.
        engines: On which databases it is measured.
    """

    number: str
    name: str
    engines: tuple[str, ...] = ENGINES


@dataclass(frozen=True)
class Report:
    """Takes what a test measured; the fixture ``report``.

    Attributes:
        record_property: pytest's own fixture.
        engine: On which database the test runs.
    """

    record_property: Callable[[str, object], None]
    engine: str

    def proof(self, proof: Proof, *, rounds: int, failures: int, figures: str = "") -> None:
        """Tell how often the proof was tried, how often the service failed it, and what it cost."""
        self._record(proof, rounds=rounds, failures=failures, figures=figures)

    def control(self, proof: Proof, *, rounds: int, failures: int) -> None:
        """Tell the same of a service that is broken on purpose, which should fail."""
        self._record(proof, control_rounds=rounds, control_failures=failures)

    def unmeasured(self, proof: Proof) -> None:
        """Tell that the proof cannot be tried here: what was measured once is not kept."""
        self._record(proof, unmeasured=True)

    def _record(self, proof: Proof, **said: int | str) -> None:
        row = {"number": proof.number, "name": proof.name, "engine": self.engine, **said}
        self.record_property(PROPERTY, row)


ONE_CODE = Proof("C1", "64 processes redeem one code")
LAST_COUPONS = Proof("C2", "64 processes ask for one each of the last 2, 3, 10, 63 and 64 coupons")
LAST_BATCHES = Proof("C2", "16 callers dispatch the last 100 coupons, 8 each")
ONE_ACQUISITION = Proof("C3", "64 processes redeem Acquisition coupons for one customer")
ONE_OF_A_FEATURE = Proof("C3", "64 processes claim coupons of one feature for one account")
BUDGET = Proof("C4", "64 spends of 3.00 at once on a coupon of 100.00")
ONE_REVERSAL = Proof("C5", "64 callers take one spend back")
SCHEDULES = Proof("C6", "random schedules of redeeming, claiming and retiring, against a model")
HANDING_OUT = Proof(
    "C6", "random schedules of dispatching, distributing and retiring, against a model"
)
OPPOSITE_ORDER = Proof("C7", "64 processes claim pairs of coupons in opposite orders, 64 a round")
ONE_PACKET = Proof("C9", "30 requests whose last bytes arrive together")
LAST_CLAIMS = Proof("C10", "64 processes claim one coupon of which 10 claims are left")
ONE_KEY = Proof("I1", "16 processes send one request with a new key at once")
ONE_KEY_RETRIED = Proof("I1", "one request with one key, 1,000 times, 16 at once")
ONE_KEY_OTHER_BODY = Proof("I2", "two requests with one key, 8 times each at once")
CUT_CONNECTION = Proof("I3", "the connection is cut after the request, which is then sent again")
KILLED_HOLDER = Proof("I4", "kill -9 of the service while it holds a key: free within 30 s")
STOPPED_HOLDER = Proof(
    "I4", "a machine vanishes that holds a key: free within 30 s", ("postgresql",)
)
STOPPED_WAITER = Proof(
    "I4",
    "a machine vanishes that holds a key and waits for a lock: free after both timeouts",
    ("postgresql",),
)
KILLED_WAITER = Proof(
    "I4",
    "kill -9 of the service while it holds a key and waits for a lock: free within 10 s",
    ("postgresql",),
)
KILLED_SERVICE = Proof("K1", "kill -9 of the service under 16 clients that redeem and try again")
KILLED_JOB = Proof("K2", "kill -9 of the worker that makes 5,000,000 coupons")
STOPPED_WORKER = Proof("K3", "a mail worker is stopped beyond its lease, and goes on")
EVERY_STATEMENT = Proof("K5", "a fault before and after each statement of each changing operation")
LOCKED = Proof("K4", "another process holds the lock for 10 s: calls wait, and go through")
FULL_DISK = Proof("K4", "the disk is full, and then is not: typed faults, no partial rows")
READ_ONLY_FILE = Proof(
    "K4", "the database's files only read, and then can be written again", ("sqlite",)
)
READ_ONLY = Proof("K4", "the server only reads, and then writes again", ("postgresql",))
RESTARTED = Proof("K4", "the server is killed and started again under 16 clients", ("postgresql",))
SLOW_BODIES = Proof(
    "X3", "500 bodies drip, and of 100 nothing comes: all are given up within 30 s", ("sqlite",)
)
GUESSES_OF_ONE = Proof(
    "A2", "a caller guesses 10,000 codes within a minute: 10 are answered", ("sqlite",)
)
GUESSES_OF_MANY = Proof(
    "A2", "100 callers guess 10,000 codes within a minute: 10 of each are answered", ("sqlite",)
)
SCHEDULED_CALLS = Proof("R1", "random schedules of calls under limits, against a model")
BACKUP = Proof("K8", "a backup is taken under 8 writers, and restored")
CONTENTION = Proof("D2", "16 clients write at once through 4 worker processes", ("sqlite",))
FAILOVER = Proof("D3", "a synchronous standby takes over under 8 clients", ("postgresql",))
BROKEN_REQUESTS = Proof(
    "F1", "requests broken at random, each answered with a typed fault", ("sqlite",)
)
VALID_REQUESTS = Proof("F2", "valid requests with extreme values: no internal error", ("sqlite",))
INVALID_REQUESTS = Proof(
    "F2", "requests in which one thing breaks the schema: none let in", ("sqlite",)
)
ENTITIES = Proof("X1", "hostile XML under a tracer: no file and no socket opened", ("sqlite",))
SIZES = Proof("X2", "requests as large as may be, of each kind: 50 ms at most", ("sqlite",))
SAME_BYTES = Proof(
    "A1", "a stranger asks for what others have, and for nothing: same bytes", ("sqlite",)
)
SAME_TIME = Proof("A1", "wrong and unknown, 10,000 each: within 1 ms", ("sqlite",))
FUZZED_GATE = Proof("F1", "a fuzzer led by coverage tries the gate for 2 minutes", ("sqlite",))
STOCK_DEFECTS = Proof("F3", "18 kinds of request that break stock Spyne", ("sqlite",))
