"""However many processes ask the service for a thing at once, over HTTP, it is given once.

The controls are a service that decides in one transaction and writes in another; the
same rushes show what that breaks.
"""

import pytest

from tests.concurrency.rushes import RUSHES
from tests.reliability.proofs import ONE_CODE, ONE_PACKET

FAULT = "two-steps"
ROUNDS = 100
CONTROL_ROUNDS = 30
CONTROL_ROUNDS_SHORT_MAX = 10
FAILURES_MIN = {ONE_CODE: 20, ONE_PACKET: 20}
"""How many rounds of a broken service must be wrong at least; else one."""

each_proof = pytest.mark.parametrize("proof", RUSHES, ids=lambda it: RUSHES[it].__name__)


def wrong_rounds(scene, proof, count):
    """What was wrong in those rounds in which anything was."""
    return list(filter(None, (RUSHES[proof](scene) for _ in range(count))))


@pytest.mark.timeout(300)
def test_in_a_rush_each_thing_is_given_once(stage):
    with stage() as scene:
        wrong = {proof.name: wrong_rounds(scene, proof, 1) for proof in RUSHES}
    assert {name: it for name, it in wrong.items() if it} == {}


@pytest.mark.timeout(300)
def test_a_rush_shows_what_two_steps_break(stage):
    with stage(FAULT) as scene:
        for rush in RUSHES.values():
            assert any(rush(scene) for _ in range(CONTROL_ROUNDS_SHORT_MAX))


@pytest.mark.prove
@pytest.mark.timeout(1200)
@each_proof
def test_in_many_rushes_each_thing_is_given_once(proof, stage, report):
    with stage() as scene:
        wrong = wrong_rounds(scene, proof, ROUNDS)
    report.proof(proof, rounds=ROUNDS, failures=len(wrong))
    assert wrong == []


@pytest.mark.prove
@pytest.mark.timeout(1200)
@each_proof
def test_many_rushes_show_what_two_steps_break(proof, stage, report):
    with stage(FAULT) as scene:
        wrong = wrong_rounds(scene, proof, CONTROL_ROUNDS)
    report.control(proof, rounds=CONTROL_ROUNDS, failures=len(wrong))
    assert len(wrong) >= FAILURES_MIN.get(proof, 1)
