"""Statements that the driver runs: the same rows, errors and events as SQLAlchemy's own way."""

from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, bindparam, event, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from service.storage.engine import Database
from service.storage.party_tables import customer
from service.storage.prepared import ColumnsReader, Prepared, run_text
from service.storage.prepared_lists import FILLED_UP_MAX, PreparedList, filled_up
from service.storage.tables import audit, coupon_terms
from tests.programme import START

ADD = Prepared(insert(customer), keys=("name", "created_at"))
NAMES = Prepared(
    select(customer.c.customer_id, customer.c.name).where(customer.c.name == bindparam("wanted"))
)
ADD_ONE = Prepared(
    insert(customer).returning(customer.c.customer_id, customer.c.created_at),
    keys=("name", "created_at"),
)
LISTED = PreparedList(
    lambda numbers: (
        select(customer.c.customer_id, customer.c.name)
        .where(customer.c.customer_id.in_(numbers))
        .order_by(customer.c.customer_id)
    )
)
RENAME = Prepared(
    update(customer).where(customer.c.name == bindparam("old")).values(name=bindparam("new"))
)
TERMS = {
    "coupon_type": st.just("Retention"),
    "currency_code": st.just("USD"),
    "amount": st.decimals(1, 10**9, places=6),
    "percent_off": st.none() | st.decimals(1, 100, places=2),
    "spend_threshold": st.decimals(0, 10**9, places=2),
    "active_duration": st.none() | st.integers(1, 1000),
    "start_date": st.none() | st.datetimes(timezones=st.just(timezone.utc)),
    "end_date": st.just(None),
    "expiration_date": st.just(datetime.max.replace(tzinfo=timezone.utc)),
    "is_reservation_mandatory": st.booleans(),
}
ADD_TERMS = Prepared(insert(coupon_terms), keys=tuple(TERMS))
ADD_CHANGE = Prepared(
    insert(audit),
    keys=("at", "user_id", "tracking_id", "action", "entity", "entity_id", "before", "after"),
)
CHANGE = {
    "at": START,
    "user_id": 1,
    "tracking_id": "t",
    "action": "mint",
    "entity": "coupon",
    "entity_id": 1,
}


def add(connection: Connection, *names: str) -> None:
    ADD.run_each(connection, [{"name": name, "created_at": START} for name in names])


@settings(max_examples=50, suppress_health_check=list(HealthCheck), deadline=None)
@given(values=st.fixed_dictionaries(TERMS))
def test_values_go_in_and_come_out_as_sqlalchemy_sees_them(
    database: Database, values: dict[str, Any]
) -> None:
    statement = select(coupon_terms).order_by(coupon_terms.c.terms_id.desc()).limit(1)
    with database.writing() as connection:
        assert ADD_TERMS.count(connection, values) == 1
        seen = connection.execute(statement).one()
        assert {name: getattr(seen, name) for name in values} == values
        assert Prepared(statement).row(connection, {}) == tuple(seen)


@settings(max_examples=30, suppress_health_check=list(HealthCheck), deadline=None)
@given(each=st.lists(st.fixed_dictionaries(TERMS), min_size=1, max_size=5))
def test_columns_are_read_as_their_rows_are(database: Database, each: list[dict[str, Any]]) -> None:
    columns = tuple(coupon_terms.c)
    newest = Prepared(select(*columns).order_by(coupon_terms.c.terms_id.desc()).limit(len(each)))
    with database.writing() as connection:
        ADD_TERMS.run_each(connection, each)
        found = newest.raw_rows(connection, {})
        rows = newest.rows(connection, {})
        read = ColumnsReader(columns).of(connection.dialect)(zip(*found, strict=True))
    assert list(zip(*read, strict=True)) == rows
    assert [list(read.amount), list(read.start_date)] == [
        [values[name] for values in reversed(each)] for name in ("amount", "start_date")
    ]


@pytest.mark.parametrize("after", [None, {"a": [1, None, "é"]}, {}])
def test_json_goes_in_as_json(database: Database, after: dict[str, Any] | None) -> None:
    with database.writing() as connection:
        ADD_CHANGE.count(connection, {**CHANGE, "before": None, "after": after})
        before_and_after = connection.execute(select(audit.c.before, audit.c.after)).one()
        is_null = connection.scalar(select(audit.c.before.is_(None)))
    assert (tuple(before_and_after), is_null) == ((None, after), True)


def test_rows_have_the_names_of_their_columns(database: Database) -> None:
    with database.writing() as connection:
        add(connection, "Contoso", "Northwind")
        (row,) = NAMES.rows(connection, {"wanted": "Northwind"})
        assert (row.name, row) == ("Northwind", NAMES.row(connection, {"wanted": "Northwind"}))
        assert NAMES.raw_rows(connection, {"wanted": "Northwind"}) == [tuple(row)]
        assert NAMES.row(connection, {"wanted": "Fabrikam"}) is None


def test_a_new_row_gives_what_returning_names(database: Database) -> None:
    with database.writing() as connection:
        added = [
            ADD_ONE.row(connection, {"name": name, "created_at": START})
            for name in ("Contoso", "Northwind")
        ]
        seen = connection.execute(select(customer.c.customer_id).order_by(customer.c.name))
        assert [row.customer_id for row in added] == seen.scalars().all()
        assert {row.created_at for row in added} == {START}


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5])
def test_as_many_are_found_as_are_listed(database: Database, count: int) -> None:
    names = [f"Customer {number}" for number in range(count)]
    with database.writing() as connection:
        add(connection, "Contoso", *names, "Northwind")
        wanted = select(customer.c.customer_id, customer.c.name).where(customer.c.name.in_(names))
        seen = connection.execute(wanted.order_by(customer.c.customer_id)).all()
        found = LISTED.rows(connection, {row.customer_id for row in seen})
    assert [row.name for row in found] == names
    assert found == [tuple(row) for row in seen]


def test_no_list_is_filled_up_beyond_what_a_database_takes() -> None:
    assert filled_up([7, 8, 9]) == [7, 8, 9, 9]
    assert len(filled_up(range(FILLED_UP_MAX))) == FILLED_UP_MAX
    assert len(filled_up(range(FILLED_UP_MAX + 1))) == FILLED_UP_MAX + 1


def test_an_error_is_told_as_sqlalchemy_tells_it(database: Database) -> None:
    with pytest.raises(IntegrityError) as error, database.engine.begin() as connection:
        add(connection, "Contoso", None)  # type: ignore[arg-type]
    assert "Contoso" not in str(error.value)
    with database.reading() as connection:
        assert NAMES.rows(connection, {"wanted": "Contoso"}) == []


def test_a_broken_statement_is_a_bug_and_told_as_one(database: Database) -> None:
    with pytest.raises(Exception, match="nowhere") as error, database.writing() as connection:
        run_text(connection, "SELECT 1 FROM nowhere")
    with pytest.raises(type(error.value)), database.writing() as connection:
        connection.execute(text("SELECT 1 FROM nowhere"))


def test_a_transaction_that_reads_sees_one_state_from_its_first_statement_on(
    database: Database,
) -> None:
    with database.reading() as reader:
        assert NAMES.rows(reader, {"wanted": "Contoso"}) == []
        with database.writing() as writer:
            add(writer, "Contoso")
        assert NAMES.rows(reader, {"wanted": "Contoso"}) == []
    with database.reading() as reader:
        assert len(NAMES.rows(reader, {"wanted": "Contoso"})) == 1


@pytest.mark.parametrize("moment", ["before_cursor_execute", "after_cursor_execute"])
def test_who_listens_hears_of_each_statement(database: Database, moment: str) -> None:
    heard: list[tuple[str, bool]] = []

    def note(_connection: Any, _cursor: Any, text: str, _values: Any, _: Any, many: bool) -> None:
        heard.append((text.split(maxsplit=1)[0], many))

    with database.writing() as connection:
        event.listen(connection, moment, note)
        add(connection, "Contoso", "Northwind")
        NAMES.rows(connection, {"wanted": "Contoso"})
    assert heard == [("INSERT", True), ("SELECT", False)]


def test_a_value_that_is_missing_is_not_null(database: Database) -> None:
    with database.reading() as connection, pytest.raises(KeyError, match="wanted"):
        NAMES.rows(connection, {})
