"""Whatever is done in whatever order, the service and a model of its rules agree.

The controls plant a bug each, which the same machine must find.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from random import Random
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import event

from service.domain import codes, ledger
from service.domain.ledger import Line, Movement, RedeemedCoupon
from service.domain.money import minor_unit
from service.operations import movements
from service.storage.engine import Database
from tests.property.machine import Programmes
from tests.storage.engines import ON_SQLITE

RUNS_COUNT = {"sqlite": 25, "postgresql": 10}
PROOF_RUNS_COUNT = {"sqlite": 1000, "postgresql": 100}
"""The rules are the same; what differs is how the databases hold and answer values."""
PROOF_SECONDS_MAX = 3600
CONTROL_RUNS_COUNT_MAX = 2000
CENT = Decimal("0.01")
COMMON = settings(
    deadline=None,
    database=None,
    stateful_step_count=25,
    suppress_health_check=list(HealthCheck),
)

Run = Callable[[settings], None]


@pytest.fixture
def run(database: Database, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the machine on the test's database, with codes that a run draws again when repeated."""
    if database.engine.dialect.name == "sqlite":
        event.listen(database.engine, "connect", _do_not_wait_for_the_disk)
    randomness = Random()
    monkeypatch.setattr(codes, "os", SimpleNamespace(urandom=randomness.randbytes))
    given = {"database": database, "randomness": randomness}
    machine = type("TestedProgrammes", (Programmes,), given)
    return lambda chosen: run_state_machine_as_test(machine, settings=chosen)


def _do_not_wait_for_the_disk(connection, _record) -> None:
    # The rules are proved here; that a commit survives a power cut is another matter.
    connection.execute("PRAGMA synchronous = OFF")


# A run that is cut short cannot be repeated, and hides why it was.
@pytest.mark.timeout(PROOF_SECONDS_MAX)
def test_service_and_model_agree(run: Run, engine_name: str) -> None:
    run(settings(COMMON, max_examples=RUNS_COUNT[engine_name]))


@pytest.mark.prove
@pytest.mark.timeout(PROOF_SECONDS_MAX)
def test_service_and_model_agree_for_long(run: Run, engine_name: str) -> None:
    run(settings(COMMON, max_examples=PROOF_RUNS_COUNT[engine_name]))


def cent_too_early(coupon: RedeemedCoupon) -> Decimal:
    return max(coupon.spend_threshold - coupon.spend_to_threshold - CENT, Decimal(0))


def nothing_restored(coupon: RedeemedCoupon, _line: Line) -> Movement:
    return Movement(coupon, coupon.activated_at, coupon.is_active)


def restored_but_active(coupon: RedeemedCoupon, line: Line) -> Movement:
    return Movement(
        coupon, coupon.activated_at, coupon.is_active, -line.towards_threshold, -line.drawn
    )


def second_active(
    coupons: Iterable[RedeemedCoupon], amount: Decimal, spent_at: datetime
) -> list[Movement]:
    considered = [coupon for coupon in coupons if amount or not coupon.is_active]
    return ledger.spend_movements(considered, amount, spent_at)


def usable_before_its_end(coupon: RedeemedCoupon, instant: datetime) -> bool:
    return coupon.redeemed_at <= instant < coupon.expires_at and not coupon.is_used_up


def rounded_half_even(amount: Decimal, currency_code: str) -> Decimal:
    return amount.quantize(minor_unit(currency_code), rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True)
class Bug:
    """What stands where in the place of the right thing."""

    place: object
    name: str
    wrong: Callable[..., object]


BUGS = [
    Bug(ledger, "_reach", cent_too_early),
    Bug(ledger, "reversal_movement", nothing_restored),
    Bug(movements, "spend_movements", second_active),
    Bug(ledger, "reversal_movement", restored_but_active),
    Bug(RedeemedCoupon, "is_usable_at", usable_before_its_end),
    Bug(ledger, "round_to_minor_unit", rounded_half_even),
]


# The machine looks at the rules, which do not know the database.
@ON_SQLITE
@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.wrong.__name__)
@pytest.mark.prove
@pytest.mark.timeout(PROOF_SECONDS_MAX)
def test_a_bug_is_found(
    run: Run, database: Database, monkeypatch: pytest.MonkeyPatch, bug: Bug
) -> None:
    with database.writing() as connection:
        # Without it, the database would not let a second coupon of an account be active.
        connection.exec_driver_sql("DROP INDEX uq_redemption_active")
    monkeypatch.setattr(bug.place, bug.name, bug.wrong)
    chosen = settings(COMMON, max_examples=CONTROL_RUNS_COUNT_MAX, phases=[Phase.generate])
    with pytest.raises(AssertionError):
        run(chosen)
