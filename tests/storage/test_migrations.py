"""The migrations make the tables that the code reads and writes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import event, inspect, text

from service.storage import accounts
from service.storage.all_tables import metadata
from service.storage.engine import Database
from service.storage.schema import is_current, upgrade
from tests.databases import Databases
from tests.programme import START


@pytest.fixture
def blank(databases: Databases) -> Iterator[Database]:
    """A database without tables."""
    database = Database(databases.blank())
    yield database
    database.close()


def differences(database: Database) -> list[Any]:
    """What Alembic would have to change."""
    with database.reading() as connection:
        # Which of the foreign keys PostgreSQL has, Alembic cannot tell: `facts` does.
        opts = {"compare_server_default": True, "include_object": _is_no_foreign_key}
        context = MigrationContext.configure(connection, opts=opts)
        return list(compare_metadata(context, metadata))


def _is_no_foreign_key(_it: Any, _name: Any, kind: str, *_more: Any) -> bool:
    return kind != "foreign_key_constraint"


INDEXES = {
    "sqlite": """
        SELECT name, sql AS definition FROM sqlite_master WHERE type = 'index' AND sql NOT NULL
    """,
    "postgresql": """
        SELECT relname AS name, pg_get_indexdef(pg_class.oid) AS definition FROM pg_class
        WHERE relkind = 'i' AND relnamespace = 'public'::regnamespace
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = pg_class.oid)
    """,
}
"""The indexes that belong to no constraint, as they were written."""


def facts(database: Database) -> dict[str, Any]:
    """Columns and constraints of each table, and each index as it was written."""
    found = inspect(database.engine)
    # Of all tables at once: PostgreSQL takes its time for each question.
    told = {
        "columns": found.get_multi_columns(),
        "primary keys": found.get_multi_pk_constraint(),
        "unique": found.get_multi_unique_constraints(),
        "checks": found.get_multi_check_constraints(),
        "foreign keys": found.get_multi_foreign_keys(),
    }
    tables = {
        f"{what} of {name}": sorted(map(_plain, rules)) if isinstance(rules, list) else str(rules)
        for what, of_tables in told.items()
        for (_, name), rules in of_tables.items()
        if name != "alembic_version"
    }
    statement = text(INDEXES[database.engine.dialect.name])
    with database.reading() as connection:
        indexes = {row.name: row.definition for row in connection.execute(statement)}
    return {**tables, "indexes": indexes}


def _plain(rule: object) -> str:
    """A rule as text; PostgreSQL tells casts in lists otherwise when a dump was read."""
    return (
        str(rule)
        .replace("::character varying::text", "::character varying")
        .replace("]::text[]", "]")
    )


def test_migrations_and_tables_say_the_same(database: Database, blank: Database) -> None:
    with blank.writing() as connection:
        metadata.create_all(connection)
    assert differences(database) == []
    assert facts(database) == facts(blank)
    named = {index.name for table in metadata.tables.values() for index in table.indexes}
    assert facts(database)["indexes"].keys() == named


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE customer ADD COLUMN odd INTEGER",
        "DROP INDEX uq_membership_operator",
        "DROP TABLE outbox",
    ],
)
def test_a_difference_would_be_noticed(database: Database, blank: Database, change: str) -> None:
    with blank.writing() as connection:
        metadata.create_all(connection)
    with database.writing() as connection:
        connection.execute(text(change))
    assert differences(database) != []
    assert facts(database) != facts(blank)


def test_a_lost_condition_of_an_index_would_be_noticed(database: Database, blank: Database) -> None:
    with blank.writing() as connection:
        metadata.create_all(connection)
    with database.writing() as connection:
        connection.execute(text("DROP INDEX ix_coupon_redeemed"))
        connection.execute(text("CREATE INDEX ix_coupon_redeemed ON coupon (batch_id, seq)"))
    assert facts(database) != facts(blank)


def test_upgrading_again_changes_nothing(database: Database) -> None:
    with database.writing() as connection:
        customer_id = accounts.add_customer(connection, "Contoso", START)
    before = facts(database)
    upgrade(database)
    assert facts(database) == before
    with database.reading() as connection:
        assert accounts.customer_exists(connection, customer_id)


def test_a_database_is_current_when_its_revision_is_the_last(blank: Database) -> None:
    assert not is_current(blank)
    upgrade(blank)
    assert is_current(blank)
    with blank.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    assert not is_current(blank)


def test_an_upgrade_that_fails_leaves_nothing(blank: Database) -> None:
    def fail(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "CREATE TABLE redemption" in statement:
            raise OSError("disk full")

    event.listen(blank.engine, "before_cursor_execute", fail)
    with pytest.raises(OSError, match="disk full"):
        upgrade(blank)
    assert inspect(blank.engine).get_table_names() == []
    event.remove(blank.engine, "before_cursor_execute", fail)
    upgrade(blank)
    assert is_current(blank)


def test_a_new_file_is_its_owners_only(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new.db'}")
    upgrade(database)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    database.close()
    assert "new.db" in modes
    assert set(modes.values()) == {0o600}
