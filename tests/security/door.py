"""The door of the service: bytes go in, in process, and every answer is held against the rules.

It is the whole application with a real database; only the socket is missing, so that what a
request costs can be told from what the network does.
"""

import io
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple
from wsgiref.util import setup_testing_defaults

from service.addresses import COUPON_MANAGEMENT_PATH, CUSTOMER_BILLING_PATH
from service.soap.namespaces import MANAGEMENT
from tests.wire.harness import Answer, check_reply

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

CPU_S_MAX = 0.05
"""The most that a request may cost which is refused, in seconds of CPU time."""
GROWTH_BYTES_MAX = 10 * 2**20
"""By how much the process may grow while it answers thousands of requests."""
INTERNAL_ERROR = "internal error"
_FAULT_CODE = re.compile(rb"<faultcode>s:(\w+)</faultcode>")
_SYMBOL = re.compile(rb"<faultstring>[^<]*? details for more information[.] (\w+):")
_RERUNS_COUNT = 3


class Attempt(NamedTuple):
    """A request that may be anything.

    Attributes:
        content: The body.
        environ: Variables of the WSGI environment that are not as for a plain call.
    """

    content: bytes
    environ: Mapping[str, str] = MappingProxyType({})


class Reply(NamedTuple):
    """What the application answered.

    Attributes:
        cpu_s: The CPU time that it took, of this thread.
    """

    status: int
    headers: dict[str, str]
    content: bytes
    cpu_s: float

    @property
    def fault_code(self) -> str:
        """The fault's code without its prefix; empty for a response."""
        found = _FAULT_CODE.search(self.content)
        return found.group(1).decode() if found else ""

    @property
    def symbol(self) -> str:
        """The fault's symbol; empty for a response."""
        found = _SYMBOL.search(self.content)
        return found.group(1).decode() if found else ""


def path_of(content: bytes) -> str:
    """Where a request is sent: by whichever namespace it names."""
    return COUPON_MANAGEMENT_PATH if MANAGEMENT.encode() in content else CUSTOMER_BILLING_PATH


def send(application: Application, attempt: Attempt) -> Reply:
    """Send a request; what the application raises is raised."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path_of(attempt.content),
        "CONTENT_TYPE": "text/xml; charset=utf-8",
        "CONTENT_LENGTH": str(len(attempt.content)),
        "wsgi.input": io.BytesIO(attempt.content),
        **attempt.environ,
    }
    setup_testing_defaults(environ)
    started: list[tuple[str, list[tuple[str, str]]]] = []
    begun = time.thread_time()
    content = b"".join(application(environ, lambda *start: started.append(start)))
    cpu_s = time.thread_time() - begun
    ((status, headers),) = started
    return Reply(int(status[:3]), dict(headers), content, cpu_s)


def why_wrong(reply: Reply) -> str | None:
    """What is wrong with an answer to a call, if anything: each is a response or a typed fault."""
    if reply.headers["Content-Length"] != str(len(reply.content)):
        return "a wrong Content-Length"
    try:
        check_reply(Answer(reply.status, reply.headers, reply.content))
    except Exception as error:  # noqa: BLE001 - whatever the check stumbles over
        return f"no typed answer: {type(error).__name__} {error}"
    return INTERNAL_ERROR if reply.symbol == "InternalError" else None


@dataclass
class Campaign:
    """What became of many requests.

    Attributes:
        wrong: The first request for each thing that went wrong, and what it was.
        wrong_count: How many went wrong.
        slowest_s: The most CPU time of a request, the least of several runs of it.
    """

    application: Application
    count: int = 0
    wrong_count: int = 0
    wrong: dict[str, Attempt] = field(default_factory=dict)
    symbols: dict[str, int] = field(default_factory=dict)
    slowest_s: float = 0.0
    slowest: Attempt | None = None

    def run(
        self,
        attempts: Iterable[Attempt],
        judge: Callable[[Reply], str | None] = why_wrong,
    ) -> "Campaign":
        """Send requests one after another, and note what came of each."""
        for attempt in attempts:
            self.count += 1
            try:
                reply = send(self.application, attempt)
                reason = judge(reply)
            except Exception as error:  # noqa: BLE001 - this is what is looked for
                self._note_wrong(f"uncaught {type(error).__name__}", attempt)
                continue
            self.symbols[reply.symbol] = self.symbols.get(reply.symbol, 0) + 1
            self._note_cost(attempt, reply.cpu_s)
            if reason is not None:
                self._note_wrong(reason, attempt)
        return self

    def _note_wrong(self, reason: str, attempt: Attempt) -> None:
        self.wrong_count += 1
        self.wrong.setdefault(reason[:200], attempt)

    def _note_cost(self, attempt: Attempt, cpu_s: float) -> None:
        """Take the least of several runs: a cause is there each time, and noise is not."""
        if cpu_s > self.slowest_s:
            again = (send(self.application, attempt).cpu_s for _ in range(_RERUNS_COUNT))
            least_s = min(cpu_s, *again)
            if least_s > self.slowest_s:
                self.slowest_s, self.slowest = least_s, attempt
