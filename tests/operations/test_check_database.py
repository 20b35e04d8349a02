"""A check reads every row, of one state of the database, and says what it did not name."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import Connection

from service.domain.errors import NOT_AUTHORIZED
from service.domain.refusals import ServiceError
from service.domain.roles import Role
from service.operations.check_database import check_database
from service.storage import consistency
from service.storage.consistency import RULES, Findings, Unlisted
from service.storage.engine import Database
from service.storage.tables import audit, coupon
from tests.programme import START, Programme, member

DISPATCHED = "a coupon that was dispatched has a mail"
DATED = "a coupon and its redemption have the same date"


@pytest.mark.parametrize("role", [Role.SUPER_ADMIN, Role.STANDARD, Role.READ_ONLY])
def test_only_operators_check(programme: Programme, owner: int, role: Role) -> None:
    with pytest.raises(ServiceError) as refusal:
        check_database(programme.call(member(owner, role)))
    assert refusal.value.row is NOT_AUTHORIZED


def test_an_empty_database_is_clean(programme: Programme) -> None:
    assert check_database(programme.call()) == Findings(len(RULES), [], [], [])


def test_no_two_rules_have_one_text() -> None:
    assert len({rule.text for rule in RULES}) == len(RULES)


@pytest.fixture
def broken(programme: Programme, owner: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Ten coupons that say that they were redeemed, and were not; four to a range."""
    monkeypatch.setattr(consistency, "RANGE_LENGTH", 4)
    programme.coupon_class(owner)
    programme.mint(owner, count=10)
    programme.change(coupon, coupon.c.coupon_id > 0, redeemed_at=START)
    return [row["coupon_id"] for row in programme.rows(coupon)]


def test_each_row_of_each_range_is_read_once(programme: Programme, broken: list[int]) -> None:
    found = check_database(programme.call())
    assert [(it.rule, it.entity_id) for it in found.breaches] == [(DATED, it) for it in broken]
    assert found.unlisted == []


def test_of_each_rule_the_first_rows_are_named_and_the_others_counted(
    programme: Programme, broken: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consistency, "LISTED_COUNT_MAX", 3)
    found = check_database(programme.call())
    assert [it.entity_id for it in found.breaches] == broken[:3]
    assert found.unlisted == [Unlisted(DATED, 7)]
    assert not found.is_clean


def test_whoever_watches_is_told_of_each_range(programme: Programme, broken: list[int]) -> None:
    told: list[tuple[str, int, int]] = []
    check_database(programme.call(), watch=lambda *step: told.append(step))
    counts = {count for _, _, count in told}
    assert counts == {len(told)}
    assert [done for _, done, _ in told] == [*range(len(told))]
    ranges = Counter(rule for rule, _, _ in told)
    # Ten coupons, four to a range; no redemption, no range of it.
    assert ranges[DATED] == ranges[DISPATCHED] == 3
    assert "an active coupon is not used up" not in ranges


class BreakingWatch:
    """Commits a breach of the last rule when the first one begins."""

    def __init__(self, programme: Programme) -> None:
        self._programme = programme
        self._is_done = False

    def __call__(self, _rule: str, _done_count: int, _ranges_count: int) -> None:
        if not self._is_done:
            self._is_done = True
            entry = {**self._programme.rows(audit)[-1], "action": "resend"}
            del entry["audit_id"]
            self._programme.insert(audit, **entry)


@pytest.fixture
def used(programme: Programme, owner: int) -> Programme:
    """A programme with a range for each of several rules."""
    programme.coupon_class(owner)
    programme.mint(owner)
    return programme


def test_what_is_committed_while_a_check_runs_is_not_seen(used: Programme) -> None:
    assert check_database(used.call(), BreakingWatch(used)).is_clean
    (breach,) = check_database(used.call()).breaches
    assert breach.entity == "audit"


class StatementByStatement(Database):
    """A database on which each statement sees what was committed before it."""

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self.engine.connect() as connection:
            without = connection.execution_options(isolation_level="AUTOCOMMIT")
            if without.dialect.name == "sqlite":
                # Where the service begins its transactions itself.
                without.exec_driver_sql("COMMIT")
            yield without


def test_without_one_state_it_would_be_seen(used: Programme, database_url: str) -> None:
    database = StatementByStatement(database_url)
    found = check_database(replace(used.call(), database=database), BreakingWatch(used))
    database.close()
    assert not found.is_clean
