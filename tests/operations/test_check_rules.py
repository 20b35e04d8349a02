"""Each rule is kept by everything that the operations do, and told where it is broken."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event

from service.storage import consistency
from service.storage.consistency import RULES, Breach, Findings
from service.storage.engine import Database
from service.storage.invariants.redemptions import LEDGER_EQUALITY
from service.storage.naming import metadata
from tests.databases import Databases
from tests.operations import audit_breaks, discount_breaks, programme_breaks
from tests.operations.lived import Break, Lived, tampering
from tests.programme import Clock, Programme
from tests.storage import console_rows

CONTROLS = programme_breaks.CONTROLS | discount_breaks.CONTROLS | audit_breaks.CONTROLS


@pytest.fixture(scope="module")
def lived(session_databases: Databases) -> Iterator[Lived]:
    """A programme in which everything has happened; what tests change in it they undo."""
    database = Database(session_databases.new())
    built = Lived(Programme(database, Clock()))
    built.build()
    yield built
    database.close()


def check(lived: Lived) -> Findings:
    with lived.programme.database.reading() as connection:
        return consistency.check(connection)


def test_everything_that_operations_do_keeps_every_rule(lived: Lived) -> None:
    assert check(lived) == Findings(len(RULES), [], [], [])


def test_every_table_has_rows(lived: Lived) -> None:
    """A rule about a table without rows would be kept by whatever it says."""
    # What the console shows and keeps for itself has no rule.
    ruled = [table for table in metadata.sorted_tables if table.name not in console_rows.FIRST]
    counts = {table.name: len(lived.programme.rows(table)) for table in ruled}
    assert [name for name, count in counts.items() if not count] == []


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_no_statement_reads_more_than_its_range(lived: Lived) -> None:
    """Else a check would take the square of the time that it takes.

    PostgreSQL chooses by what it counted, and has nothing to choose among a few rows.
    """
    plans = plans_of_check(lived.programme.database)
    assert len(plans) == sum(rule.key is not None for rule in RULES)
    for statement, plan in plans.items():
        assert re.match(r"SEARCH .*\(\w+>\? AND \w+<\?\)", plan[0]), (statement, plan)
        assert [step for step in plan if "SCAN" in step or "(entity=?)" in step] == [], statement


def plans_of_check(database: Database) -> dict[str, list[str]]:
    """How SQLite carries out each statement that reads a range, step by step."""
    ranged = {}

    def note(_c: Any, _cursor: Any, statement: str, values: Any, _x: Any, _many: bool) -> None:
        if "BETWEEN" in statement:
            ranged[statement] = values

    event.listen(database.engine, "before_cursor_execute", note)
    with database.reading() as connection:
        consistency.check(connection)
        event.remove(database.engine, "before_cursor_execute", note)
        return {
            statement: [
                row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", it)
            ]
            for statement, it in ranged.items()
        }


def test_each_rule_has_a_control() -> None:
    assert [*CONTROLS] == [rule.text for rule in RULES if rule is not LEDGER_EQUALITY]


@pytest.mark.parametrize(
    ("text", "break_it"),
    [
        pytest.param(text, break_it, id=f"{text} ({number})")
        for text, breaks in CONTROLS.items()
        for number, break_it in enumerate(breaks, 1)
    ],
)
def test_exactly_the_broken_rule_is_told(lived: Lived, text: str, break_it: Break) -> None:
    (entity,) = (rule.entity for rule in RULES if rule.text == text)
    with tampering(lived) as it:
        broken = break_it(it)
        found = consistency.check(it.connection)
    numbers = sorted(broken) if isinstance(broken, set) else [broken]
    assert found.breaches == [Breach(text, entity, number) for number in numbers]
    assert found.differences == []
