"""Services on one database are restarted by turns under load, and hardly a call is cut off.

A connection that the system took in the very moment in which the service ends may be
reset; no other call fails, and nothing that was answered is lost.

The controls end them with SIGKILL.
"""

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from operator import gt

import pytest

from service.storage.tables import coupon, outbox
from tests.deployment.traffic import flowing
from tests.deployment.waiting import wait_until
from tests.reliability.envelopes import DONE
from tests.reliability.holding import SETTING, arrival_of
from tests.reliability.service_process import ServiceProcess, serving

CLIENTS_COUNT = 16
RESETS_MAX = 1
"""How many connections a restart may reset."""
COUPONS_COUNT = 20_000
RESET = ("BrokenPipe", "ConnectionReset", "RemoteDisconnected")
ON_SQLITE = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
"""Where the database makes no difference."""


@contextmanager
def two_services(stage, database_url, directory):
    """A scene with a class Spring, and a second service on its database."""
    directory = directory / "other"
    directory.mkdir()
    with stage() as scene, serving(database_url, directory) as other:
        scene.programme.coupon_class(scene.owner)
        scene.programme.mint(scene.owner, count=COUPONS_COUNT)
        yield scene, [scene.service, other]


def restart_by_turns(scene, services, end, count):
    """Restart services while clients dispatch; answers what became of the calls.

    Returns:
        How often calls had which outcome, and in how many restarts one failed.
    """

    def request(number):
        return scene.envelopes.dispatch([f"kim{number}@example.com"], scene.owner, "Spring")

    addresses = [service.address for service in services]
    failures = [0]
    with flowing(addresses, request, CLIENTS_COUNT) as traffic:
        for number in range(count):
            service = services[number % len(services)]
            enough = traffic.outcomes.total() + 2 * CLIENTS_COUNT
            wait_until(lambda end=enough: traffic.outcomes.total() >= end)
            end(service)
            service.start()
            failures.append(traffic.outcomes.total() - traffic.outcomes[DONE])
    assert traffic.refused_count > 0
    return traffic.outcomes, sum(map(gt, failures[1:], failures))


def require_no_loss(scene, outcomes, restarts_count):
    """Each answer is true: a coupon and a mail for each; and hardly a call has none."""
    assert {name for name in outcomes if not name.startswith(RESET)} == {DONE}
    cut_count = outcomes.total() - outcomes[DONE]
    assert cut_count <= RESETS_MAX * restarts_count
    sent = scene.values(coupon.c.coupon_id, coupon.c.sent_at.is_not(None))
    mailed = scene.values(outbox.c.message_id, outbox.c.state == "queued")
    assert outcomes[DONE] <= len(sent) == len(mailed) <= outcomes.total()


@pytest.mark.prove
@pytest.mark.timeout(300)
def test_hardly_a_call_is_cut_off_when_services_are_restarted_by_turns(
    stage, database_url, tmp_path
):
    with two_services(stage, database_url, tmp_path) as (scene, services):
        outcomes, _ = restart_by_turns(scene, services, ServiceProcess.stop, len(services))
        require_no_loss(scene, outcomes, len(services))


@ON_SQLITE
@pytest.mark.prove
@pytest.mark.timeout(300)
def test_calls_fail_when_services_are_killed(stage, database_url, tmp_path):
    with two_services(stage, database_url, tmp_path) as (scene, services):
        _, wrong_count = restart_by_turns(scene, services, ServiceProcess.kill, len(services))
    assert wrong_count > 0


def outcome_of_held_call(stage, directory, end):
    """Redeem, end the service before it answers, and let it go on; answers the outcome."""
    file = directory / "hold"
    with stage("held", **{SETTING: str(file)}) as scene, ThreadPoolExecutor() as threads:
        code = scene.programme.coupon(scene.owner)
        (account_id,) = scene.accounts(1)
        file.touch()
        called = threads.submit(scene.ask, [scene.envelopes.redeem(account_id, code)])
        wait_until(arrival_of(file).exists)
        port = scene.service.port
        ended = threads.submit(end, scene.service)
        wait_until(lambda: not is_listening(port))
        file.unlink()
        ended.result()
        (outcome,) = called.result()
    return outcome


def is_listening(port):
    with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


@ON_SQLITE
def test_a_service_that_is_stopped_finishes_the_call_at_hand(stage, tmp_path):
    assert outcome_of_held_call(stage, tmp_path, ServiceProcess.stop) == DONE


@ON_SQLITE
def test_a_service_that_is_killed_does_not(stage, tmp_path):
    outcome = outcome_of_held_call(stage, tmp_path, ServiceProcess.kill)
    assert outcome.startswith(("RemoteDisconnected", "ConnectionReset"))
