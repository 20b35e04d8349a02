"""Finding what is not as it should be: every rule that no constraint holds, on every row.

Rows are read in ranges of their numbers, so that memory stays the same however many
there are, and that whoever waits sees how far the work is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache, partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, func, select

from service.storage.invariants import (
    bills,
    deletions,
    discounts,
    effects,
    history,
    jobs,
    messages,
    programmes,
    redemptions,
    spend,
)
from service.storage.invariants.redemptions import LEDGER_EQUALITY
from service.storage.invariants.rule import Rule
from service.storage.statements import take_any_time
from service.storage.watching import Watch, nobody_watches

RULES: tuple[Rule, ...] = (
    LEDGER_EQUALITY,
    *programmes.RULES,
    *jobs.RULES,
    *deletions.RULES,
    *redemptions.RULES,
    *spend.RULES,
    *messages.RULES,
    *discounts.RULES,
    *bills.RULES,
    *history.RULES,
    *effects.RULES,
)
RANGE_LENGTH = 20_000
"""How many numbers a range has."""
LISTED_COUNT_MAX = 100
"""How many rows that break a rule are named; the others are counted."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A redemption whose figures are not the sums of its ledger lines."""

    coupon_id: int
    spend_to_threshold: Decimal
    spend_to_threshold_in_ledger: Decimal
    balance: Decimal
    balance_in_ledger: Decimal


@dataclass(frozen=True, slots=True)
class Breach:
    """A row that breaks a rule."""

    rule: str
    entity: str
    entity_id: int


@dataclass(frozen=True, slots=True)
class Unlisted:
    """How many more rows break a rule than are listed."""

    rule: str
    count: int


@dataclass(frozen=True, slots=True)
class Findings:
    """What a check has found: of each rule the first ``LISTED_COUNT_MAX`` rows."""

    rules_checked: int
    differences: list[Difference]
    breaches: list[Breach]
    unlisted: list[Unlisted]

    @property
    def is_clean(self) -> bool:
        """Whether nothing breaks a rule."""
        return not self.differences and not self.breaches


@dataclass(slots=True)
class _Tally:
    """What breaks one rule: the first rows, and how many there are."""

    rule: Rule
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    count: int = 0

    def add(self, rows: Iterable[Row[Any]]) -> None:
        for row in filter(self.rule.is_broken, rows):
            self.count += 1
            if self.count <= LISTED_COUNT_MAX:
                self.rows.append(tuple(row))


def check(
    connection: Connection, rules: Sequence[Rule] = RULES, watch: Watch = nobody_watches
) -> Findings:
    """Check rules on every row of one state of the database.

    Args:
        connection: A transaction that reads.
        rules: Which.
        watch: Is told the rule at work before each of its ranges.
    """
    # Some statements read all that there is.
    take_any_time(connection)
    find_starts = cache(partial(_starts, connection))
    ranges_count = sum(len(find_starts(rule.key)) for rule in rules)
    done_count = 0
    tallies = []
    for rule in rules:
        statement, tally = _in_range(rule), _Tally(rule)
        for start in find_starts(rule.key):
            watch(rule.text, done_count, ranges_count)
            values = {"first": start, "last": start + RANGE_LENGTH - 1}
            tally.add(connection.execute(statement, values))
            done_count += 1
        tallies.append(tally)
    return _findings(tallies)


def _starts(connection: Connection, key: ColumnElement[int] | None) -> range:
    """Where the ranges of a number begin; one for a rule that has none."""
    if key is None:
        return range(1)
    first, last = connection.execute(select(func.min(key), func.max(key))).one()
    return range(0) if first is None else range(first, last + 1, RANGE_LENGTH)


def _in_range(rule: Rule) -> Select[Any]:
    statement = rule.suspects.order_by(rule.suspects.selected_columns[0])
    if rule.key is None:
        return statement
    return statement.where(rule.key.between(bindparam("first"), bindparam("last")))


def _findings(tallies: Sequence[_Tally]) -> Findings:
    return Findings(
        rules_checked=len(tallies),
        differences=[
            Difference(*row)
            for tally in tallies
            for row in tally.rows
            if tally.rule is LEDGER_EQUALITY
        ],
        breaches=[
            Breach(tally.rule.text, tally.rule.entity, row[0])
            for tally in tallies
            for row in tally.rows
            if tally.rule is not LEDGER_EQUALITY
        ],
        unlisted=[
            Unlisted(tally.rule.text, tally.count - len(tally.rows))
            for tally in tallies
            if tally.count > len(tally.rows)
        ],
    )
