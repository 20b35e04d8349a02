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
ROOM = BODY_BYTES_MAX - len(envelope()) - 100
ROUNDS_COUNT = 5


def many(item: str, start: str = "", end: str = "") -> bytes:
    """As many items as there is room for, each with its number, inside an element's tags."""
    items: list[str] = []
    room = ROOM - len(start) - len(end)
    for number in range(room):
        text = item.replace("#", str(number))
        room -= len(text.encode())
        if room < 0:
            break
        items.append(text)
    return envelope(header=f"{start}{''.join(items)}{end}")


def deep(depth: int) -> bytes:
    return envelope(header="<a>" * depth + "</a>" * depth)


LONG = "x" * (ROOM - 100)
LARGE: dict[str, Callable[[], bytes]] = {
    "10,000 levels": lambda: deep(10_000),
    "as many levels as there is room for": lambda: deep(ROOM // 7),
    "240 levels, many times": lambda: many("<a>" * 200 + "</a>" * 200),
    "tags never closed": lambda: envelope(header="<a>" * 30_000),
    "attributes of one element": lambda: many(" a#=''", "<a", "/>"),
    "attributes of many elements": lambda: many("<a b='' c='' d=''/>"),
    "elements": lambda: many("<a/>"),
    "names that differ": lambda: many("<a#/>"),
    "a long name": lambda: envelope(header=f"<{LONG[: ROOM // 2 - 9]}/>"),
    "a long attribute": lambda: envelope(header=f"<a b='{LONG}'/>"),
    "a long text": lambda: envelope(REDEEM.replace("7", LONG)),
    "a long number": lambda: envelope(REDEEM.replace("7", "9" * (ROOM - 9))),
    "a long code": lambda: envelope(
        f"<b:RedeemCouponRequest><b:CouponCode>{LONG}</b:CouponCode></b:RedeemCouponRequest>"
    ),
    "namespaces of one element": lambda: many(" xmlns:a#=''".replace("''", "'u'"), "<a", "/>"),
    "namespaces that differ": lambda: many(" xmlns:a#='u#'", "<a", "/>"),
    "references": lambda: many('<a id="a#" href="#a#"/>'.replace('"#a#"', '"\u0023a#"')),
    "character references": lambda: many("&#120;", "<a>", "</a>"),
    "comments": lambda: many("<!---->"),
    "instructions": lambda: many("<?x?>"),
    "sections": lambda: many("<![CDATA[]]>", "<a>", "</a>"),
    "text between elements": lambda: many("<a/>x", "<c>", "</c>"),
    "headers that must be understood": lambda: many('<a s:mustUnderstand="0"/>'),
    "credentials": lambda: many("<b:DeveloperToken>x</b:DeveloperToken>"),
    "addresses": lambda: envelope(
        "<b:DispatchCouponsRequest><b:SendToEmails>"
        + "<r:string/>" * (ROOM // 12)
        + "</b:SendToEmails></b:DispatchCouponsRequest>"
    ),
    "elements of no schema": lambda: envelope(
        REDEEM.replace("</b:R", "<b:AccountId/>" * (ROOM // 15) + "</b:R")
    ),
}


def fastest(application: Application, content: bytes) -> Reply:
    """The cheapest of several answers: noise is not there each time, and a cause is."""
    replies = [send(application, Attempt(content)) for _ in range(ROUNDS_COUNT)]
    return min(replies, key=lambda reply: reply.cpu_s)


def costs(application: Application) -> dict[str, float]:
    """The CPU time of the refusal of each kind, in seconds."""
    found = {}
    for name, make in LARGE.items():
        content = make()
        assert len(content) <= BODY_BYTES_MAX, name
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
    found = costs(application)
    slow = too_slow(found)
    figures = f"{max(found.values()) * 1000:.0f} ms at most"
    report.proof(SIZES, rounds=len(found), failures=len(slow), figures=figures)
    assert slow == {}


@pytest.mark.prove
@ON_SQLITE
def test_without_the_limits_it_would_not_be(
    make_application: Callable[..., Application], report: Report
) -> None:
    """The control: a gate with the same room, and no other limit."""
    none = 2**31
    application = make_application(
        depth_max=255, elements_count_max=none, attributes_count_max=none
    )
    slow = too_slow(costs(application))
    report.control(SIZES, rounds=len(LARGE), failures=len(slow))
    assert slow != {}
