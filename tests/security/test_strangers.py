"""Whoever may not see a thing cannot tell whether it is there.

The oracle is general: each operation of both services is asked twice by a stranger, in words that
differ only in what they name: once things of somebody else, once things that are not there.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from xml.sax.saxutils import unescape

import pytest
from lxml import etree

from service.domain.roles import Role
from tests.programme import Programme
from tests.reliability.proofs import SAME_BYTES, Report
from tests.security.door import Application, send
from tests.security.messages import Names, requests, valid
from tests.security.people import new_keys
from tests.storage.engines import ON_SQLITE
from tests.wire.harness import GUID

SMALL_NUMBERS_MAX = 100
ROUNDS_SHORT = 3
ROUNDS_LONG = 50
BEARER = (
    "ApplyCouponToSubscriptionRequest",
    "ClaimFeatureAdoptionCouponsRequest",
    "RedeemCouponRequest",
)
"""What whoever knows a code may do with it."""


GIVING = ("Add", "Create", "Generate", "Import", "Mint", "Update")
"""How operations begin that give names and codes, which are unique: that one is taken is told."""


@dataclass(frozen=True)
class Stranger:
    """Somebody who may do everything to a customer that has an account and nothing else."""

    keys: dict[str, str]
    customer_id: int
    account_id: int


@pytest.fixture(scope="session")
def stranger(programme: Programme) -> Stranger:
    customer_id = programme.customer()
    keys = new_keys(programme, "Stranger", Role.SUPER_ADMIN, customer_id)
    # Small numbers are others', as requests have them by chance: who knows a code may redeem it.
    others_id = programme.customer()
    while programme.account(others_id) < SMALL_NUMBERS_MAX:
        pass
    return Stranger(keys, customer_id, programme.account(customer_id))


def almost(text: str) -> str:
    """A name of nothing, of the same kind."""
    if text.isdecimal():
        return f"9000{text}"
    return text[:-1] + ("Y" if text.endswith("X") else "X")


def pairs_of_names(names: Names, stranger: Stranger) -> Iterator[tuple[Names, Names]]:
    """Names of what others have, and of nothing; about others, and about the stranger itself."""
    own = {str(stranger.customer_id), str(stranger.account_id)}
    theirs = {**names, "Id": [text for text in names["Id"] if text not in own]}
    yield theirs, nothing(theirs)
    about_itself = {
        **{part: texts for part, texts in theirs.items() if part != "Id"},
        "CustomerId": [str(stranger.customer_id)],
        "AccountId": [str(stranger.account_id)],
    }
    yield (
        about_itself,
        {
            **nothing(about_itself),
            **{part: about_itself[part] for part in ("CustomerId", "AccountId")},
        },
    )


def nothing(names: Names) -> Names:
    there = {text for texts in names.values() for text in texts}
    found = {
        part: list(texts) if part in {"Currency", "Email"} else [almost(it) for it in texts]
        for part, texts in names.items()
    }
    assert there.isdisjoint(text for part in ("Name", "Code") for text in found[part])
    return found


def told(content: bytes, names: Names) -> str:
    """An answer without its TrackingId, numbers, and the names that were asked for."""
    text = unescape(GUID.sub("", content.decode()))
    words = {re.escape(it) for texts in names.values() for it in texts if not it.isdecimal()}
    any_word = "|".join(sorted(words, key=len, reverse=True))
    # Names begin and end with anything, and stand alone.
    text = re.sub(rf"(?<!\w)({any_word})(?!\w)", "?", text)
    # The numbers of errors stay.
    return re.sub(r"(?<!Code>)\b[0-9]+\b", "#", text)


def differences(
    application: Application, stranger: Stranger, names: Names, rounds: int
) -> tuple[int, dict[str, tuple[str, str]]]:
    """How many pairs of requests were sent, and which operations answered two things."""
    known, count = requests(), 0
    found: dict[str, tuple[str, str]] = {}
    for theirs, nobodys in pairs_of_names(names, stranger):
        for number in range(rounds * len(known)):
            operation = etree.QName(known[number % len(known)].tag).localname
            if "CustomerId" in theirs and operation.startswith((*GIVING, *BEARER)):
                continue
            count += 1
            one, other = (
                told(send(application, valid(stranger.keys, it, number)).content, it)
                for it in (theirs, nobodys)
            )
            if one != other:
                found.setdefault(operation, (one, other))
    return count, found


def test_a_stranger_cannot_tell_what_is_there(
    application: Application, stranger: Stranger, names: Names
) -> None:
    _, found = differences(application, stranger, names, ROUNDS_SHORT)
    assert found == {}


@pytest.mark.prove
@ON_SQLITE
@pytest.mark.timeout(1800)
def test_a_stranger_cannot_tell_what_is_there_in_many_words(
    application: Application, stranger: Stranger, names: Names, report: Report
) -> None:
    count, found = differences(application, stranger, names, ROUNDS_LONG)
    report.proof(SAME_BYTES, rounds=count, failures=len(found))
    assert found == {}


@ON_SQLITE
def test_what_an_operator_is_told_would_be_noticed(
    application: Application, keys: dict[str, str], stranger: Stranger, names: Names, report: Report
) -> None:
    """The control: somebody who may see everything is told two things."""
    count, found = differences(application, replace(stranger, keys=keys), names, ROUNDS_SHORT)
    report.control(SAME_BYTES, rounds=count, failures=len(found))
    assert len(found) > 10
