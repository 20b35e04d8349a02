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

    def proof(self, proof: Proof, *, rounds: int, failures: int) -> None:
        """Tell how often the proof was tried and how often the service failed it."""
        self._record(proof, rounds=rounds, failures=failures)

    def control(self, proof: Proof, *, rounds: int, failures: int) -> None:
        """Tell the same of a service that is broken on purpose, which should fail."""
        self._record(proof, control_rounds=rounds, control_failures=failures)

    def _record(self, proof: Proof, **figures: int) -> None:
        row = {"number": proof.number, "name": proof.name, "engine": self.engine, **figures}
        self.record_property(PROPERTY, row)


ONE_CODE = Proof("C1", "64 processes redeem one code")
LAST_COUPONS = Proof("C2", "64 processes ask for one each of the last 2, 3, 10, 63 and 64 coupons")
LAST_BATCHES = Proof("C2", "16 callers dispatch the last 100 coupons, 8 each")
ONE_ACQUISITION = Proof("C3", "64 processes redeem Acquisition coupons for one customer")
ONE_OF_A_FEATURE = Proof("C3", "64 processes claim coupons of one feature for one account")
ONE_PACKET = Proof("C9", "30 requests whose last bytes arrive together")
