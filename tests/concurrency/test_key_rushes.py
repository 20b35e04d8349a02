"""However many processes send a request with one key at once, it is carried out once.

The controls are a service that takes no notice of keys, and one that looks for a key in
one transaction and writes it in another.
"""

import re
from itertools import chain

import pytest

from service.storage.tables import audit, coupon, outbox
from tests.reliability.envelopes import DONE, outcome
from tests.reliability.proofs import ONE_KEY, ONE_KEY_OTHER_BODY, ONE_KEY_RETRIED

CALLERS_COUNT = 16
ROUNDS = 100
RETRIES = 1000
RETRIES_SHORT = 32
CONTROL_ROUNDS = 30
CONTROL_ROUNDS_SHORT_MAX = 10
_TRACKING_ID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def prepared(scene, count):
    """The name of a new class with coupons."""
    name = f"Class {scene.next_number()}"
    scene.programme.coupon_class(scene.owner, name)
    scene.programme.mint(scene.owner, name, count)
    return name


def dispatching(scene, name, address):
    """A request for a coupon of the class; its key is the name of the class."""
    return scene.envelopes.keyed(name).dispatch([address], scene.owner, name)


def effects(scene, *addresses):
    """How many coupons were sent to these addresses, mails queued and changes noted."""
    sent = scene.values(coupon.c.coupon_id, coupon.c.sent_to_email.in_(addresses))
    mailed = scene.values(outbox.c.message_id, outbox.c.recipient.in_(addresses))
    is_noted = (audit.c.action == "dispatch") & audit.c.entity_id.in_(sent)
    return len(sent), len(mailed), len(scene.values(audit.c.audit_id, is_noted))


def answers(replies):
    """The replies without their TrackingIds, each once."""
    return {_TRACKING_ID.sub(b"", reply) for reply in replies}


def one_key(scene):
    """Send one request from 16 processes at once; answers what was wrong."""
    return _retried(scene, CALLERS_COUNT)


def one_key_retried(scene, count=RETRIES):
    """Send one request again and again, 16 at once; answers what was wrong."""
    return _retried(scene, count)


def _retried(scene, count):
    name = prepared(scene, CALLERS_COUNT)
    address = f"kim{name.removeprefix('Class ')}@example.com"
    body = dispatching(scene, name, address)
    rounds = -(-count // CALLERS_COUNT)
    replies = list(chain(*(scene.reply([body] * CALLERS_COUNT) for _ in range(rounds))))
    found, told = effects(scene, address), answers(replies)
    if {outcome(reply) for reply in replies} != {DONE} or len(told) != 1:
        return f"answers were {told}"
    return "" if found == (1, 1, 1) else f"effects were {found}"


def one_key_other_body(scene):
    """Send two requests with one key, each from 8 processes; answers what was wrong."""
    name = prepared(scene, CALLERS_COUNT)
    number = name.removeprefix("Class ")
    addresses = [f"kim{number}@example.com", f"lee{number}@example.com"]
    bodies = [dispatching(scene, name, address) for address in addresses]
    told = [outcome(reply) for reply in scene.reply(bodies * (CALLERS_COUNT // 2))]
    found = [effects(scene, address) for address in addresses]
    winner = told.index(DONE) % 2 if DONE in told else 0
    expected = [DONE, "IdempotencyKeyReused"] if winner == 0 else ["IdempotencyKeyReused", DONE]
    if told != expected * (CALLERS_COUNT // 2):
        return f"answers were {told}"
    return "" if found[winner] == (1, 1, 1) and found[1 - winner] == (0, 0, 0) else f"{found}"


RUSHES = {ONE_KEY: one_key, ONE_KEY_OTHER_BODY: one_key_other_body}
each_rush = pytest.mark.parametrize("proof", RUSHES, ids=lambda it: RUSHES[it].__name__)


def wrong_rounds(scene, rush, count):
    """What was wrong in those rounds in which anything was."""
    return list(filter(None, (rush(scene) for _ in range(count))))


@pytest.mark.timeout(300)
def test_in_a_rush_a_key_is_used_once(stage):
    with stage() as scene:
        wrong = {rush.__name__: wrong_rounds(scene, rush, 3) for rush in RUSHES.values()}
        assert {name: it for name, it in wrong.items() if it} == {}
        assert one_key_retried(scene, RETRIES_SHORT) == ""


@pytest.mark.timeout(300)
def test_a_rush_shows_that_keys_are_written_too_late(stage):
    with stage("keys-in-two-steps") as scene:
        for rush in RUSHES.values():
            assert any(rush(scene) for _ in range(CONTROL_ROUNDS_SHORT_MAX))


@pytest.mark.prove
@pytest.mark.timeout(1200)
def test_a_request_is_carried_out_once_in_a_thousand_retries(stage, report):
    with stage() as scene:
        wrong = wrong_rounds(scene, one_key_retried, 1)
    report.proof(ONE_KEY_RETRIED, rounds=1, failures=len(wrong))
    assert wrong == []


@pytest.mark.prove
@pytest.mark.timeout(1200)
def test_a_thousand_retries_show_that_keys_are_ignored(stage, report):
    with stage("keys-ignored") as scene:
        wrong = wrong_rounds(scene, one_key_retried, 1)
    report.control(ONE_KEY_RETRIED, rounds=1, failures=len(wrong))
    assert len(wrong) == 1


@pytest.mark.prove
@pytest.mark.timeout(1200)
@each_rush
def test_in_many_rushes_a_key_is_used_once(proof, stage, report):
    with stage() as scene:
        wrong = wrong_rounds(scene, RUSHES[proof], ROUNDS)
    report.proof(proof, rounds=ROUNDS, failures=len(wrong))
    assert wrong == []


@pytest.mark.prove
@pytest.mark.timeout(1200)
@each_rush
def test_many_rushes_show_that_keys_are_written_too_late(proof, stage, report):
    with stage("keys-in-two-steps") as scene:
        wrong = wrong_rounds(scene, RUSHES[proof], CONTROL_ROUNDS)
    report.control(proof, rounds=CONTROL_ROUNDS, failures=len(wrong))
    assert wrong
