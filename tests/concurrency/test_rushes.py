"""However many processes ask the service for a thing at once, over HTTP, it is given once.

The controls are a service that decides in one transaction and writes in another; the
same rushes show what that breaks.
"""

import pytest

from tests.concurrency.rushes import RUSHES
from tests.reliability.proofs import (
    LAST_CLAIMS,
    LAST_COUPONS,
    ONE_CODE,
    ONE_PACKET,
    OPPOSITE_ORDER,
)

FAULTS = {OPPOSITE_ORDER: "asked-order"}
"""How the service is broken that shows whether a rush notices; else ``two-steps``."""
ROUNDS = {ONE_CODE: 100, LAST_COUPONS: 20, OPPOSITE_ORDER: 157}
"""How many rounds are many; else 50. A round of ``OPPOSITE_ORDER`` has 64 pairs."""
CONTROL_ROUNDS = {LAST_COUPONS: 10}
"""How many rounds the control is given; else 30."""
CONTROL_ROUNDS_SHORT_MAX = 10
LONG_ONLY = {LAST_CLAIMS}
"""What threads hold in the quick tests."""
FAILURES_MIN = {ONE_CODE: 20, ONE_PACKET: 20}
"""How many rounds of a broken service must be wrong at least; else one."""

each_proof = pytest.mark.parametrize("proof", RUSHES, ids=lambda it: RUSHES[it].__name__)


def wrong_rounds(scene, proof, count):
    """What was wrong in those rounds in which anything was."""
    return list(filter(None, (RUSHES[proof](scene) for _ in range(count))))


@pytest.mark.timeout(300)
def test_in_a_rush_each_thing_is_given_once(stage):
    with stage() as scene:
        wrong = {
            proof.name: wrong_rounds(scene, proof, 1) for proof in RUSHES if proof not in LONG_ONLY
        }
    assert {name: it for name, it in wrong.items() if it} == {}


@pytest.mark.timeout(300)
def test_a_rush_shows_what_two_steps_break(stage):
    with stage("two-steps") as scene:
        for rush in (it for proof, it in RUSHES.items() if proof not in {*FAULTS, *LONG_ONLY}):
            assert any(rush(scene) for _ in range(CONTROL_ROUNDS_SHORT_MAX))


@pytest.mark.prove
@pytest.mark.timeout(1200)
@each_proof
def test_in_many_rushes_each_thing_is_given_once(proof, stage, report):
    rounds = ROUNDS.get(proof, 50)
    with stage() as scene:
        wrong = wrong_rounds(scene, proof, rounds)
    report.proof(proof, rounds=rounds, failures=len(wrong))
    assert wrong == []


@pytest.mark.prove
@pytest.mark.timeout(1200)
@each_proof
def test_many_rushes_show_what_is_broken(proof, stage, report):
    rounds = CONTROL_ROUNDS.get(proof, 30)
    with stage(FAULTS.get(proof, "two-steps")) as scene:
        wrong = wrong_rounds(scene, proof, rounds)
    report.control(proof, rounds=rounds, failures=len(wrong))
    assert len(wrong) >= FAILURES_MIN.get(proof, 1)
