"""Text that is unique or put in order is so by its code points, whatever the server's locale.

The tests' server has the locale C, in which nothing else would be noticed: the columns
are looked at instead.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Column, Index, PrimaryKeyConstraint, String, UniqueConstraint, text
from sqlalchemy.dialects import postgresql

import service.storage
from service.storage.engine import Database
from service.storage.naming import metadata
from service.storage.types import key_text

POSTGRESQL = postgresql.dialect()


def is_in_code_points(column: Column) -> bool:
    return POSTGRESQL.type_compiler_instance.process(column.type).endswith('COLLATE "C"')


def has_text(column: Column) -> bool:
    return type(column.type) is String


def unique_columns() -> Iterator[Column]:
    """Every text column of which the database holds that it comes once."""
    for table in metadata.tables.values():
        for rule in (*table.constraints, *table.indexes):
            is_unique = isinstance(rule, UniqueConstraint | PrimaryKeyConstraint)
            if is_unique or (isinstance(rule, Index) and rule.unique):
                yield from filter(has_text, rule.columns)


UNIQUE_COLUMNS = sorted(set(unique_columns()), key=str)


@pytest.mark.parametrize("column", UNIQUE_COLUMNS, ids=str)
def test_unique_text_is_compared_by_code_points(column: Column) -> None:
    assert is_in_code_points(column)


def test_other_text_would_be_noticed() -> None:
    assert not is_in_code_points(Column("name", String(8)))
    assert is_in_code_points(Column("name", key_text(8)))
    assert len(UNIQUE_COLUMNS) > 4


def ordered_columns(source: str) -> set[str]:
    """The columns by which a module puts rows in order, as ``table.column``."""
    tree = ast.parse(source)
    names = {
        target.id: value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target, value in _pairs(node)
        if isinstance(target, ast.Name)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            parts = {"order_by": node.args, "asc": [node.func], "desc": [node.func]}
            for part in parts.get(node.func.attr, []):
                found |= set(_columns(part, dict(names)))
    return found


def _pairs(node: ast.Assign) -> Iterator[tuple[ast.expr, ast.expr]]:
    for target in node.targets:
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            yield from zip(target.elts, node.value.elts, strict=True)
        else:
            yield target, node.value


def _columns(part: ast.AST, names: dict[str, ast.expr]) -> Iterator[str]:
    for node in ast.walk(part):
        if isinstance(node, ast.Name) and node.id in names:
            yield from _columns(names.pop(node.id), names)
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value).endswith(".c"):
            yield ast.unparse(node).replace(".c.", ".")


COMPUTED = "numbered.number"
"""The number of a row within a search, which no table has."""
FILES = sorted(Path(service.storage.__path__[0]).glob("*.py"))


def test_ordered_text_is_compared_by_code_points() -> None:
    columns = {str(it): it for table in metadata.tables.values() for it in table.columns}
    ordered = {name for file in FILES for name in ordered_columns(file.read_text(encoding="utf-8"))}
    assert {"coupon_class.name", "coupon.seq"} <= ordered
    assert ordered - columns.keys() == {COMPUTED}
    of_text = [columns[name] for name in ordered - {COMPUTED} if has_text(columns[name])]
    assert [str(it) for it in of_text if not is_in_code_points(it)] == []


@pytest.mark.parametrize(
    "source",
    [
        "select(account).order_by(account.c.email)",
        "select(account).where(x).order_by(account.c.account_id, account.c.email.desc())",
        "by_email, rest = account.c.email, 1\nselect(account).order_by(by_email)",
        "order = [account.c.email.desc()]",
    ],
)
def test_an_ordered_column_is_found(source: str) -> None:
    assert "account.email" in ordered_columns(source)


def test_the_database_has_it_so(database: Database) -> None:
    if database.engine.dialect.name == "sqlite":
        # Where no collation is named, it compares the bytes of UTF-8, which is the same.
        statement = "SELECT count(*) FROM sqlite_master WHERE sql LIKE '%COLLATE%'"
        expected: object = 0
    else:
        statement = """
            SELECT array_agg(DISTINCT collname ORDER BY collname) FROM pg_index
            JOIN pg_class AS indexed ON indexed.oid = indrelid
            JOIN pg_attribute ON attrelid = indexrelid
            JOIN pg_collation ON pg_collation.oid = attcollation
            WHERE indisunique AND relnamespace = 'public'::regnamespace
            AND relname <> 'alembic_version'
        """
        expected = ["C"]
    with database.reading() as connection:
        assert connection.execute(text(statement)).scalar_one() == expected
