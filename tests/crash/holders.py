"""Redemptions with a key that wait in the service, and whoever asks for the key meanwhile."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from service.storage.tables import audit, redemption
from tests.deployment.waiting import wait_until
from tests.reliability.crowd import HEADERS
from tests.reliability.envelopes import DONE, outcome
from tests.reliability.holding import arrival_of
from tests.reliability.scene import Scene
from tests.reliability.service_process import ServiceProcess

PATIENCE_S = 60
FREE_S_MAX = 30
"""How long at most a key is held by a process that has died."""
_POLL_S = 0.01


def post(service: ServiceProcess, body: bytes) -> str:
    """Send a request; answers what its answer says, or what went wrong on the way."""
    host, port, path = service.address
    connection = HTTPConnection(host, port, timeout=PATIENCE_S)
    try:
        connection.request("POST", path, body, HEADERS)
        return outcome(connection.getresponse().read())
    except (OSError, HTTPException) as error:
        return repr(error)
    finally:
        connection.close()


@dataclass
class KeyedRedemption:
    """A redemption that is asked for with a key."""

    scene: Scene
    account_id: int
    code: str
    body: bytes

    def retry(self, service: ServiceProcess, end_s: float) -> str:
        """Send the request again until its key is free; answers what was wrong."""
        deadline = time.monotonic() + end_s
        while True:
            answer = post(service, self.body)
            if answer == DONE or time.monotonic() > deadline:
                break
            time.sleep(_POLL_S)
        if answer != DONE or time.monotonic() > deadline:
            return f"after {end_s} s the answer was {answer}"
        return self.wrong_effect()

    def wrong_effect(self) -> str:
        """Answers what is wrong unless the coupon was redeemed exactly once."""
        values = self.scene.values
        redeemed = values(redemption.c.coupon_id, redemption.c.account_id == self.account_id)
        is_noted = (audit.c.action == "redeem") & audit.c.entity_id.in_(redeemed)
        counts = len(redeemed), len(values(audit.c.audit_id, is_noted))
        return "" if counts == (1, 1) else f"{counts} redemptions and entries"


def new_redemption(scene: Scene, key: str = "") -> KeyedRedemption:
    """A redemption of a new coupon for a new account; its key is the code if none is named."""
    code = scene.programme.coupon(scene.owner)
    (account_id,) = scene.accounts(1)
    body = scene.envelopes.keyed(key or code).redeem(account_id, code)
    return KeyedRedemption(scene, account_id, code, body)


@contextmanager
def asked_for(wanted: KeyedRedemption) -> Iterator[None]:
    """Ask the scene's service; at the end of the block it has answered, or died."""
    caller = threading.Thread(target=post, args=(wanted.scene.service, wanted.body))
    caller.start()
    try:
        yield
    finally:
        caller.join()


@contextmanager
def held(scene: Scene, file: Path) -> Iterator[KeyedRedemption]:
    """A redemption that has done its work, and holds its key for the time of the block."""
    wanted = new_redemption(scene)
    file.touch()
    with asked_for(wanted):
        wait_until(arrival_of(file).exists)
        yield wanted


def let_go(file: Path) -> None:
    """Let redemptions run through from now on."""
    file.unlink()
    arrival_of(file).unlink()
