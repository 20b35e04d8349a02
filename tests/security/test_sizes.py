"""However large a request is made, it is refused soon.

Each kind is as large as a body may be by default, and each that would be larger is refused by its
size alone. The bounds themselves are in ``tests/wire/test_gate_limits.py``.
"""

from collections.abc import Callable

import pytest

from service.soap.gate import GateLimits
from tests.reliability.proofs import SIZES, Report
from tests.security.door import CPU_S_MAX, Application, Attempt, Reply, send, why_wrong
from tests.storage.engines import ON_SQLITE
from tests.wire.harness import REDEEM, envelope

BODY_BYTES_MAX = GateLimits().body_bytes_max
ROUNDS_COUNT = 5
CONTROL_BODY_BYTES_MAX = 8 * BODY_BYTES_MAX
"""What is cheap to refuse on a fast machine is not cheap when it is as large as this."""


def many(room: int, item: str, start: str = "", end: str = "") -> bytes:
    """As many items as there is room for, each with its number, inside an element's tags."""
    items: list[str] = []
    room -= len(start) + len(end)
    for number in range(room):
        text = item.replace("#", str(number))
        room -= len(text.encode())
        if room < 0:
            break
        items.append(text)
    return envelope(header=f"{start}{''.join(items)}{end}")


def deep(depth: int) -> bytes:
    return envelope(header="<a>" * depth + "</a>" * depth)


def long(room: int) -> str:
    return "x" * (room - 100)


LARGE: dict[str, Callable[[int], bytes]] = {
    "10,000 levels": lambda room: deep(10_000),
    "as many levels as there is room for": lambda room: deep(room // 7),
    "240 levels, many times": lambda room: many(room, "<a>" * 200 + "</a>" * 200),
    "tags never closed": lambda room: envelope(header="<a>" * 30_000),
    "attributes of one element": lambda room: many(room, " a#=''", "<a", "/>"),
    "attributes of many elements": lambda room: many(room, "<a b='' c='' d=''/>"),
    "elements": lambda room: many(room, "<a/>"),
    "names that differ": lambda room: many(room, "<a#/>"),
    "a long name": lambda room: envelope(header=f"<{'x' * (room // 2 - 9)}/>"),
    "a long attribute": lambda room: envelope(header=f"<a b='{long(room)}'/>"),
    "a long text": lambda room: envelope(REDEEM.replace("7", long(room))),
    "a long number": lambda room: envelope(REDEEM.replace("7", "9" * (room - 9))),
    "a long code": lambda room: envelope(
        f"<b:RedeemCouponRequest><b:CouponCode>{long(room)}</b:CouponCode></b:RedeemCouponRequest>"
    ),
    "namespaces of one element": lambda room: many(
        room, " xmlns:a#=''".replace("''", "'u'"), "<a", "/>"
    ),
    "namespaces that differ": lambda room: many(room, " xmlns:a#='u#'", "<a", "/>"),
    "references": lambda room: many(room, '<a id="a#" href="#a#"/>'.replace('"#a#"', '"\u0023a#"')),
    "character references": lambda room: many(room, "&#120;", "<a>", "</a>"),
    "comments": lambda room: many(room, "<!---->"),
    "instructions": lambda room: many(room, "<?x?>"),
    "sections": lambda room: many(room, "<![CDATA[]]>", "<a>", "</a>"),
    "text between elements": lambda room: many(room, "<a/>x", "<c>", "</c>"),
    "headers that must be understood": lambda room: many(room, '<a s:mustUnderstand="0"/>'),
    "credentials": lambda room: many(room, "<b:DeveloperToken>x</b:DeveloperToken>"),
    "addresses": lambda room: envelope(
        "<b:DispatchCouponsRequest><b:SendToEmails>"
        + "<r:string/>" * (room // 12)
        + "</b:SendToEmails></b:DispatchCouponsRequest>"
    ),
    "elements of no schema": lambda room: envelope(
        REDEEM.replace("</b:R", "<b:AccountId/>" * (room // 15) + "</b:R")
    ),
}


def fastest(application: Application, content: bytes) -> Reply:
    """The cheapest of several answers: noise is not there each time, and a cause is."""
    replies = [send(application, Attempt(content)) for _ in range(ROUNDS_COUNT)]
    return min(replies, key=lambda reply: reply.cpu_s)


def costs(application: Application, body_bytes: int) -> dict[str, float]:
    """The CPU time of the refusal of each kind, in seconds, of bodies of this size at the most."""
    found = {}
    for name, make in LARGE.items():
        content = make(body_bytes - len(envelope()) - 100)
        assert len(content) <= body_bytes, name
        reply = fastest(application, content)
        assert why_wrong(reply) is None, name
        assert reply.fault_code, name
        found[name] = reply.cpu_s
    return found


def too_slow(costs: dict[str, float]) -> dict[str, float]:
    return {name: cpu_s for name, cpu_s in costs.items() if cpu_s > CPU_S_MAX}


@pytest.mark.prove
@ON_SQLITE
def test_what_is_large_is_refused_soon(application: Application, report: Report) -> None:
    found = costs(application, BODY_BYTES_MAX)
    slow = too_slow(found)
    figures = f"{max(found.values()) * 1000:.0f} ms at most"
    report.proof(SIZES, rounds=len(found), failures=len(slow), figures=figures)
    assert slow == {}


@pytest.mark.prove
@ON_SQLITE
def test_without_the_limits_it_would_not_be(
    make_application: Callable[..., Application], report: Report
) -> None:
    """The control: a gate with more room, and no other limit."""
    none = 2**31
    application = make_application(
        body_bytes_max=CONTROL_BODY_BYTES_MAX,
        depth_max=255,
        elements_count_max=none,
        attributes_count_max=none,
    )
    slow = too_slow(costs(application, CONTROL_BODY_BYTES_MAX))
    report.control(SIZES, rounds=len(LARGE), failures=len(slow))
    assert slow != {}
