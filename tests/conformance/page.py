"""The page docs/conformance.md: what is required, how it is checked, and what came of it."""

from collections.abc import Iterator
from itertools import groupby

from service.soap.contract import COUPON_MANAGEMENT, CUSTOMER_BILLING
from tests.conformance.checks import DESCRIPTION_CHECKS, EXCHANGE_CHECKS
from tests.conformance.descriptions import descriptions
from tests.conformance.requirements import REQUIREMENTS, Requirement
from tests.conformance.shown import SHOWN_BY, TRAPS

HEAD = """\
# Conformance and interoperability

Written by `python docs/generate_conformance.py` from the checks in `tests/conformance`.

## WS-I Basic Profile 1.1

Of the profile's requirements, 98 bind a document/literal service and its description: those below, where
SOAPAction, which counts once, has two rows. Each check of a description or of messages has a control: one that
breaks the requirement, and that the check must notice. They are held

- **in the descriptions**: of both services, in each way in which they are published, as `?wsdl` and
  `?singleWsdl`, under http and https;
- **in every message** of the tests of the wire and of clients: those call the service in process, or over
  sockets through a tap that passes bytes on and reads them. A test in whose run a reply breaks a requirement
  fails, and so does one in whose run a request that breaks one is carried out;
- **by a test**, where it is about what a receiver does.

The deviations are the original's own, and kept so that a client generated from it sees no difference; see
[the WSDL](wsdl.md). Two places in the profile leave a choice: a body that is no well-formed XML is answered with a
fault and status 500, not with 400 and no envelope; and requests are let in whose SOAPAction is wrong or absent,
or that lack headers of the binding, since no answer depends on them. The setting `fault_http_status` breaks R1126
when it is 200.

"""  # noqa: E501

CLIENTS = """
## Clients

| Client that the tests run | What to know |
|---|---|
| Microsoft's SDK for Python, `bingads`, and suds | a list of one type is wrapped in its name: `{"string": [...]}` |
| zeep | zeep takes a string for a list of characters: give `ReturnAdditionalFields` a list |
| Node.js, `soap` 1.13 | members go out in the order in which they are given, which must be the contract's; dates have milliseconds; `Status` and `CouponType` of GetCouponInfo are text |
| PHP 8.2, SoapClient | decimals are text; `SOAP_SINGLE_ELEMENT_ARRAYS` does not reach into a fault's detail; headers of a fault are not handed out, its TrackingId is in the detail |

How to point each at the service, and others that were not run, is in [clients.md](clients.md). The quotas of WCF
were: a page of up to 50 coupons fits into the 65,536 bytes that its clients accept as they come, and a larger one
may need a larger `maxReceivedMessageSize`.

They call all operations on coupons and GetAccountMonthlySpend, and read both faults that each of them declares,
with every error that a caller can earn there. Node.js and PHP are installed by `tests/clients/install-runtimes`;
where they are missing, their tests are reported as skipped with the reason, and fail in continuous integration.

## Where services and clients are known to fall out

| # | What | Shown by |
|---|---|---|
"""  # noqa: E501


def page() -> str:
    """Write the page anew."""
    groups = groupby(REQUIREMENTS.values(), key=lambda it: it.group)
    traps = (
        f"| {number} | {trap.what} | {_tests(trap.shown_by)} |\n"
        for number, trap in enumerate(TRAPS, 1)
    )
    tables = "\n".join("".join(_table(title, list(rows))) for title, rows in groups)
    return f"{HEAD}{tables}{CLIENTS}{''.join(traps)}"


def _table(title: str, rows: list[Requirement]) -> Iterator[str]:
    yield f"### {title}\n\n| Requirement | What it says | Held in | Result |\n|---|---|---|---|\n"
    for row in rows:
        yield f"| {row.number} | {row.says} | {_place(row.number)} | {_result(row.number)} |\n"


def _place(number: str) -> str:
    places = ["descriptions"] * (number in DESCRIPTION_CHECKS)
    places += ["every message"] * (number in EXCHANGE_CHECKS)
    return ", ".join([*places, *([_tests(SHOWN_BY[number])] if number in SHOWN_BY else [])])


def _result(number: str) -> str:
    """Whether the descriptions break it; what messages do, the run of the tests says."""
    counts = {
        contract.name: max(len(list(check(it))) for it in descriptions(contract))
        for check in [DESCRIPTION_CHECKS.get(number)]
        if check is not None
        for contract in (CUSTOMER_BILLING, COUPON_MANAGEMENT)
    }
    broken = [f"{count} of the original's in {name}" for name, count in counts.items() if count]
    return "; ".join(broken) or "holds"


def _tests(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name.rpartition('/')[2]}`" for name in names)
