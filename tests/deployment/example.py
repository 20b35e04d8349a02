"""The example in ``deploy/``, run as it is written, on one machine.

Commands and environments are those of its Compose file. Only places are others: the
addresses of hosts, the database and the mail server.
"""

import json
import os
import re
import signal
import subprocess
import sysconfig
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import yaml

from service.addresses import CUSTOMER_BILLING_PATH
from tests.deployment.waiting import wait_until
from tests.reliability.crowd import Address

FOLDER = Path(__file__).parents[2] / "deploy"
SCRIPTS = Path(sysconfig.get_path("scripts"))


class Example:
    """What the files of the example say.

    Args:
        secrets: The variables of its file ``.env``.
    """

    def __init__(self, secrets: Mapping[str, str]) -> None:
        text = (FOLDER / "compose.yaml").read_text(encoding="utf-8")
        filled = re.sub(r"\$\{(\w+):\?\}", lambda found: secrets[found[1]], text)
        self.services: dict[str, Any] = yaml.safe_load(filled)["services"]
        container = (FOLDER / "Containerfile").read_text(encoding="utf-8")
        (entry,) = re.findall(r"^ENTRYPOINT (.+)$", container, re.MULTILINE)
        self._entry: list[str] = json.loads(entry)

    def command(self, name: str) -> list[str]:
        """What a service runs, from its first word on."""
        return [*self._entry, *self.services[name]["command"]]

    def environment(self, name: str) -> dict[str, str]:
        """The environment of a service."""
        return dict(self.services[name]["environment"])


@dataclass
class Machine:
    """One machine of the example: the processes of one service.

    Attributes:
        places: What stands in the example, and what stands for it here.
        settings: Further variables.
        log: Where the processes write.
    """

    example: Example
    name: str
    places: Mapping[str, str]
    log: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def arguments(self) -> dict[str, Any]:
        """What ``subprocess`` is given."""
        program, *words = map(self._here, self.example.command(self.name))
        own = self.example.environment(self.name)
        variables = {name: self._here(value) for name, value in own.items()}
        return {
            "args": [SCRIPTS / program, *words],
            "env": {**os.environ, **variables, **self.settings},
        }

    def _here(self, text: str) -> str:
        for place, stand_in in self.places.items():
            text = text.replace(place, stand_in)
        return text

    def start(self) -> None:
        """Turn the machine on."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                **self.arguments, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )

    def kill(self) -> None:
        """Cut its power: every process ends at once."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


@dataclass
class ServingMachine(Machine):
    """A machine that serves.

    Attributes:
        bind: Where it listens.
    """

    bind: str = ""

    @property
    def address(self) -> Address:
        host, port = self.bind.split(":")
        return Address(host, int(port), CUSTOMER_BILLING_PATH)

    @property
    def url(self) -> str:
        """Where clients call."""
        return f"http://{self.bind}{CUSTOMER_BILLING_PATH}"

    @property
    def is_healthy(self) -> bool:
        """What a load balancer asks."""
        with suppress(OSError), urlopen(f"http://{self.bind}/readyz", timeout=10) as reply:
            return reply.read() == b"ok\n"
        return False

    def start(self) -> None:
        super().start()
        wait_until(lambda: self.is_healthy)
