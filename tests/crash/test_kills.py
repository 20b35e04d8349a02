"""The service is killed while clients redeem: nothing that they were told is lost or doubled.

The controls are a service that marks a coupon in one transaction and writes its
redemption in another, and one that answers before it commits.
"""

import random
import time
from contextlib import contextmanager
from itertools import chain

import pytest

from tests.crash.redeemers import CLIENTS_COUNT, redeeming
from tests.crash.traces import breaches_count, lost_and_doubled
from tests.deployment.waiting import wait_until
from tests.reliability.nursery import opened_nursery
from tests.reliability.proofs import KILLED_SERVICE
from tests.storage.engines import ON_SQLITE

BROKEN, EARLY = "two-transactions", "early-answers"
KILLS_COUNT, KILLS_COUNT_SHORT = 200, 2
CONTROL_KILLS_COUNT, CONTROL_KILLS_COUNT_SHORT_MAX = 30, 10
LIFE_S_MAX = 0.3
"""How long the service answers at most before it is killed."""
CODES_COUNT, CODES_COUNT_SHORT = 60_000, 6_000
_MINTED_AT_ONCE = 6_000
ACCOUNTS_COUNT = 20 * CLIENTS_COUNT


def redeemed_from(scene, codes_count):
    """Clients that redeem so many new coupons for the time of the block."""
    scene.programme.coupon_class(scene.owner, pattern="########")
    parts = range(codes_count // _MINTED_AT_ONCE)
    minted = (scene.programme.mint(scene.owner, count=_MINTED_AT_ONCE) for _ in parts)
    codes = list(chain.from_iterable(minted))
    account_ids = scene.accounts(ACCOUNTS_COUNT)
    return redeeming(scene.service.address, scene.envelopes, codes, account_ids)


@contextmanager
def started_quickly(service, *fault):
    """Start the service without loading anew what it imports, the next times."""
    with opened_nursery(*fault) as service.nursery:
        try:
            yield
        finally:
            service.kill()


def kill_under_fire(scene, kills_count, *, is_first_enough=False):
    """Kill the service so many times, or until the database is found broken.

    Answers:
        How often something new was found broken, and the clients.
    """
    count = CODES_COUNT_SHORT if kills_count < KILLS_COUNT // 10 else CODES_COUNT
    dice = random.Random(9)
    broken_count, found_before = 0, 0
    with redeemed_from(scene, count) as redeemers:
        for _ in range(kills_count):
            time.sleep(dice.uniform(0, LIFE_S_MAX))
            scene.service.kill()
            found = breaches_count(scene.programme)
            broken_count += found > found_before
            found_before = found
            scene.service.start()
            if broken_count and is_first_enough:
                break
    return broken_count, redeemers


@pytest.mark.timeout(300)
def test_nothing_is_lost_or_doubled_when_the_service_is_killed(stage):
    with stage() as scene:
        broken_count, redeemers = kill_under_fire(scene, KILLS_COUNT_SHORT)
        assert broken_count == 0
        assert lost_and_doubled(scene.programme, redeemers.told) == (0, 0)
        assert redeemers.unanswered_count > KILLS_COUNT_SHORT


@pytest.mark.prove
@pytest.mark.timeout(300)
def test_two_transactions_would_be_noticed(stage):
    with stage(BROKEN) as scene:
        broken_count, _ = kill_under_fire(
            scene, CONTROL_KILLS_COUNT_SHORT_MAX, is_first_enough=True
        )
    assert broken_count > 0


@pytest.mark.prove
@pytest.mark.timeout(300)
def test_two_transactions_break_nothing_unless_killed(stage):
    with stage(BROKEN) as scene:
        with redeemed_from(scene, CODES_COUNT_SHORT) as redeemers:
            wait_until(lambda: len(redeemers.told) >= 2 * CLIENTS_COUNT)
        assert breaches_count(scene.programme) == 0


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_nothing_is_lost_or_doubled_in_many_kills(stage, report):
    with stage() as scene, started_quickly(scene.service):
        broken_count, redeemers = kill_under_fire(scene, KILLS_COUNT)
        lost_count, doubled_count = lost_and_doubled(scene.programme, redeemers.told)
    failures = broken_count + lost_count + doubled_count
    report.proof(KILLED_SERVICE, rounds=KILLS_COUNT, failures=failures)
    assert (broken_count, lost_count, doubled_count) == (0, 0, 0)
    assert redeemers.unanswered_count > KILLS_COUNT
    assert len(redeemers.told) > KILLS_COUNT


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_two_transactions_are_noticed_in_many_kills(stage, report):
    with stage(BROKEN) as scene, started_quickly(scene.service, BROKEN):
        broken_count, _ = kill_under_fire(scene, CONTROL_KILLS_COUNT)
    report.control(KILLED_SERVICE, rounds=CONTROL_KILLS_COUNT, failures=broken_count)
    assert broken_count > 0


@ON_SQLITE
@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_answers_before_the_commit_would_be_noticed(stage):
    with stage(EARLY) as scene, started_quickly(scene.service, EARLY):
        _, redeemers = kill_under_fire(scene, CONTROL_KILLS_COUNT)
        lost_count, _ = lost_and_doubled(scene.programme, redeemers.told)
    assert lost_count > 0
