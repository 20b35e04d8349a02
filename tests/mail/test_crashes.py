"""Workers are killed at every point of a delivery, and no mail is lost."""

import os
import random
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from service.storage.tables import outbox
from tests.mail.server import OK, MailServer
from tests.programme import START

RIGHT = ("-m", "service.cli")
WRONG = (str(Path(__file__).with_name("eager_worker.py")),)
PATIENCE_S = 60
MAILS_BETWEEN_KILLS_MAX = 8


@dataclass
class Executioner:
    """Starts workers one after the other, and kills each while it delivers.

    Attributes:
        command: What Python runs.
        interrupted: The Message-IDs of the mails that were on their way in a kill.
    """

    server: MailServer
    database_url: str
    command: tuple[str, ...]
    dice: random.Random = field(default_factory=lambda: random.Random(20))
    interrupted: set[str] = field(default_factory=set)
    process: "subprocess.Popen[str] | None" = None

    def start(self) -> "subprocess.Popen[str]":
        settings = {
            "DATABASE": self.database_url,
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(self.server.port),
            "SMTP_SECURITY": "none",
            "MAIL_SENDER": "coupons@example.com",
        }
        self.process = subprocess.Popen(
            [sys.executable, *self.command, "worker", "--once"],
            env=os.environ | {f"COUPON_BILLING_{name}": it for name, it in settings.items()},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        return self.process

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)

    def run_and_kill(self, point: str) -> None:
        """Let a worker deliver some mails, and kill it with another one on its way.

        Args:
            point: ``recipient``, ``content`` (the server has not taken the mail),
                ``taken`` (it has, and the worker does not hear of it) or ``sometime``
                (just after, wherever the worker is by then).
        """
        left = self.dice.randint(1, MAILS_BETWEEN_KILLS_MAX)
        last_mail_id = None

        async def on_recipient(_):
            nonlocal left
            left -= 1
            if point == "recipient" and left == 0:
                self.kill()
            return OK

        async def on_mail(_, mail):
            nonlocal last_mail_id
            last_mail_id = str(mail["Message-ID"])
            if left == 0 and point == "sometime":
                self.server.after(self.dice.uniform(0, 0.01), self.kill)
            elif left == 0:
                self.kill()
            return OK if point != "content" or left else "451 not taken"

        self.server.on_recipient, self.server.on_mail = on_recipient, on_mail
        process = self.start()
        process.communicate(timeout=PATIENCE_S)
        assert process.returncode == -signal.SIGKILL
        self.server.wait_until_quiet()
        if last_mail_id is not None:
            self.interrupted.add(last_mail_id)

    def run_to_the_end(self) -> None:
        self.server.on_recipient = self.server.on_mail = None
        process = self.start()
        _, told = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, told


def deliver_under_fire(room, server, command, kills_count, mails_count):
    """Queue mails and deliver them with that many kills; answers the executioner."""
    emails = [f"user{number}@example.com" for number in range(mails_count)]
    room.programme.mint(room.customer_id, count=mails_count)
    room.dispatch(*emails)
    url = room.programme.database.url.render_as_string()
    executioner = Executioner(server, url, command)
    for turn in range(kills_count):
        executioner.run_and_kill(("recipient", "content", "taken", "sometime")[turn % 4])
        # The lease of whatever the worker had ends.
        room.programme.change(outbox, outbox.c.state == "queued", next_attempt_at=START)
    executioner.run_to_the_end()
    return executioner


SIZES = [(2, 50), pytest.param(20, 1000, marks=pytest.mark.prove)]


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("kills_count", "mails_count"), SIZES)
def test_no_mail_is_lost_when_workers_are_killed(room, server, kills_count, mails_count):
    fire = deliver_under_fire(room, server, RIGHT, kills_count, mails_count)
    rows = room.rows()
    assert {row["state"] for row in rows} == {"sent"}
    assert {row["mail_id"]: row["recipient"] for row in rows} == {
        mail["Message-ID"]: str(mail["To"]) for mail in server.taken
    }
    repeated = {mail_id for mail_id, count in server.mail_ids().items() if count > 1}
    assert repeated <= fire.interrupted
    # Those that were taken without the worker hearing of it.
    assert len(repeated) >= kills_count // 4
    assert len(server.taken) <= mails_count + kills_count


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("kills_count", "mails_count"), SIZES)
def test_a_worker_that_tells_before_it_sends_loses_mail(room, server, kills_count, mails_count):
    deliver_under_fire(room, server, WRONG, kills_count, mails_count)
    assert set(room.states()) == {"sent"}
    lost = {row["recipient"] for row in room.rows()} - set(server.recipients())
    assert len(lost) >= kills_count // 2
