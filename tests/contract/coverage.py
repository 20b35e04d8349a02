"""The page docs/coverage.md: which constructs of the official contract ours has and carries out."""

from lxml import etree

from service.soap import published
from service.soap.contract import CUSTOMER_BILLING
from service.soap.customer_billing import IMPLEMENTED_OPERATIONS
from tests.contract.facts import Contract, differences, reached, read_contract, read_official

HEAD = """\
# Coverage of the contract

Written by `python docs/generate_coverage.py`, which compares the description published by this
service with the one in Microsoft's own SDK. *Contract* says that nothing differs in what the
operation or type declares. *Implemented* says that the service carries out the operation, and of a
type that a message or fault of such an operation holds it. An operation that is not implemented
answers ApiFault 204, OperationNotSupported.
"""


def page() -> str:
    """Write the page anew."""
    official = read_official()
    document = published.document(CUSTOMER_BILLING, "singleWsdl", "https://localhost/")
    ours = read_contract(etree.fromstring(document))
    changed = {line.partition(": ")[0] for line in differences(official, ours)}
    return "\n".join([HEAD, *_operations(official, changed), "", *_types(official, changed), ""])


def uses(official: Contract, operation: str) -> set[str]:
    """Name the constructs that a call of an operation can put on the wire."""
    return reached(official, [f"{kind} operation {operation}" for kind in ("portType", "binding")])


def _operations(official: Contract, changed: set[str]) -> list[str]:
    names = [
        name.removeprefix("portType operation ")
        for name in official
        if name.startswith("portType operation ")
    ]
    rows = [
        f"| {name} | {_yes(not touched)} | {_yes(name in IMPLEMENTED_OPERATIONS)} |"
        for name in names
        for touched in [uses(official, name) & changed]
    ]
    title = f"## Operations: {len(IMPLEMENTED_OPERATIONS)} of {len(names)} implemented"
    return [title, "", "| Operation | Contract | Implemented |", "|---|---|---|", *rows]


def _types(official: Contract, changed: set[str]) -> list[str]:
    names = sorted(name for name in official if name.startswith("type "))
    used = set().union(*(uses(official, name) for name in IMPLEMENTED_OPERATIONS))
    rows = [
        f"| {local} | {namespace} | {_yes(name not in changed)} | {_yes(name in used)} |"
        for name in names
        for namespace, local in [name.removeprefix("type {").split("}")]
    ]
    title = f"## Types: {len(used & set(names))} of {len(names)} implemented"
    head = ["| Type | Namespace | Contract | Implemented |", "|---|---|---|---|"]
    return [title, "", *head, *rows]


def _yes(true: bool) -> str:
    return "yes" if true else "no"
