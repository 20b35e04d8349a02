"""Whatever is sent: each answer is a response or a typed fault, soon, and nothing is kept of it.

The controls are Spyne as it comes, a gate that asks no schema, and an application that keeps
what it was sent.
"""

from collections.abc import Callable

import pytest

from benchmarks.processes import resident_bytes
from benchmarks.stock_spyne import stock_application
from benchmarks.supply import Memory
from service.soap.validation import Validator
from tests.programme import START
from tests.reliability.proofs import BROKEN_REQUESTS, INVALID_REQUESTS, VALID_REQUESTS, Report
from tests.security.door import (
    CPU_S_MAX,
    GROWTH_BYTES_MAX,
    Application,
    Campaign,
    Reply,
    why_wrong,
)
from tests.security.messages import Names, invalid, numbered, valid
from tests.security.mutations import mutations
from tests.storage.engines import ON_SQLITE

BROKEN_COUNT = 100_000
MADE_COUNT = 50_000
SHORT_COUNT = 1_000
WARM_UP_COUNT = 5_000
CONTROL_COUNT = 500


def of_valid(reply: Reply) -> str | None:
    """What is wrong with the answer to a valid request."""
    # Python has no year 10000, which the schema has.
    is_let_in = reply.fault_code in {"", "Server"} or reply.symbol == "ValueOutOfRange"
    return why_wrong(reply) if is_let_in else f"refused with {reply.symbol}"


def of_invalid(reply: Reply) -> str | None:
    """What is wrong with the answer to an invalid request."""
    # libxml2 takes 1e for a double, and Python does not.
    is_refused = reply.symbol in {"SchemaInvalid", "ValueOutOfRange"}
    return why_wrong(reply) if is_refused else f"let in, as {reply.symbol or 'done'}"


def test_broken_requests_are_answered(application: Application, seeds: list[bytes]) -> None:
    campaign = Campaign(application).run(mutations(seeds, SHORT_COUNT))
    assert campaign.wrong == {}
    assert campaign.symbols.keys() > {"XmlMalformed", "SchemaInvalid", "OperationUnknown"}


@pytest.mark.prove
@ON_SQLITE
@pytest.mark.timeout(1800)
def test_100_000_broken_requests_are_answered(
    application: Application, seeds: list[bytes], report: Report, own_pid: int
) -> None:
    campaign = Campaign(application).run(mutations(seeds, WARM_UP_COUNT))
    before = resident_bytes(own_pid)
    campaign.run(mutations(seeds, BROKEN_COUNT - WARM_UP_COUNT, first=WARM_UP_COUNT))
    grown = resident_bytes(own_pid) - before
    report.proof(
        BROKEN_REQUESTS,
        rounds=campaign.count,
        failures=campaign.wrong_count,
        figures=f"{campaign.slowest_s * 1000:.0f} ms at most, {grown / 2**20:+.1f} MiB",
    )
    assert campaign.wrong == {}
    assert campaign.slowest_s <= CPU_S_MAX, campaign.slowest
    assert grown <= GROWTH_BYTES_MAX


@ON_SQLITE
def test_stock_spyne_leaves_broken_requests_without_answer(
    seeds: list[bytes], report: Report
) -> None:
    stock = Campaign(stock_application(Memory([], [], START)))
    # What it answers is not judged, if only it answers.
    stock.run(mutations(seeds, CONTROL_COUNT), lambda _: None)
    report.control(BROKEN_REQUESTS, rounds=stock.count, failures=stock.wrong_count)
    assert {"uncaught UnicodeDecodeError", "uncaught AttributeError"} <= stock.wrong.keys()


def test_what_keeps_requests_is_noticed(own_pid: int) -> None:
    before = resident_bytes(own_pid)
    # So large that the system gives it, and not what was free in the process.
    kept = b"x" * (8 * GROWTH_BYTES_MAX)
    assert resident_bytes(own_pid) - before > len(kept) - GROWTH_BYTES_MAX


def test_valid_requests_are_let_in_and_invalid_ones_are_not(
    application: Application, keys: dict[str, str], names: Names
) -> None:
    let_in = Campaign(application).run(numbered(valid, keys, names, SHORT_COUNT), of_valid)
    assert let_in.wrong == {}
    # They come as far as to be carried out.
    assert let_in.symbols[""] > SHORT_COUNT // 20
    assert len(let_in.symbols) > 20
    refused = Campaign(application).run(numbered(invalid, keys, names, SHORT_COUNT), of_invalid)
    assert refused.wrong == {}


@pytest.mark.prove
@ON_SQLITE
@pytest.mark.timeout(3600)
def test_50_000_valid_requests_are_no_trouble(
    application: Application, keys: dict[str, str], names: Names, report: Report
) -> None:
    campaign = Campaign(application).run(numbered(valid, keys, names, MADE_COUNT), of_valid)
    done = campaign.symbols[""]
    report.proof(
        VALID_REQUESTS,
        rounds=campaign.count,
        failures=campaign.wrong_count,
        figures=f"{done:,} carried out, {len(campaign.symbols) - 1} kinds of refusal",
    )
    assert campaign.wrong == {}


@pytest.mark.prove
@ON_SQLITE
@pytest.mark.timeout(1800)
def test_of_50_000_invalid_requests_none_is_let_in(
    application: Application, keys: dict[str, str], names: Names, report: Report
) -> None:
    campaign = Campaign(application).run(numbered(invalid, keys, names, MADE_COUNT), of_invalid)
    report.proof(
        INVALID_REQUESTS,
        rounds=campaign.count,
        failures=campaign.wrong_count,
        figures=f"{campaign.slowest_s * 1000:.0f} ms at most",
    )
    assert campaign.wrong == {}


@ON_SQLITE
def test_without_the_schema_both_are_noticed(
    make_application: Callable[..., Application],
    keys: dict[str, str],
    names: Names,
    report: Report,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Validator, "first_error", lambda *_: None)
    application = make_application()
    let_in = Campaign(application)
    let_in.run(numbered(invalid, keys, names, CONTROL_COUNT), of_invalid)
    report.control(INVALID_REQUESTS, rounds=let_in.count, failures=let_in.wrong_count)
    assert let_in.wrong_count > let_in.count // 2
    # To a service that is held to the rules of the wrong requests, the right ones are trouble.
    troubled = Campaign(application)
    troubled.run(numbered(invalid, keys, names, CONTROL_COUNT), of_valid)
    report.control(VALID_REQUESTS, rounds=troubled.count, failures=troubled.wrong_count)
    assert "internal error" in troubled.wrong
