"""Statements on hot paths: compiled once, and then run by the driver itself.

SQLAlchemy takes ten times as long to run a small statement as SQLite does: it looks the
compiled text up, asks for events, and wraps the result. Here all that stays of it is the text
that it compiled, the types of its columns, its events while somebody listens, and its errors.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Delete,
    Dialect,
    Insert,
    Select,
    Update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from service.storage.trouble import is_of_no_more_use
from service.storage.types import Instant

Values = Mapping[str, Any]
Statement = Select[Any] | Insert | Update | Delete
_Convert = Callable[[Any], Any]


class RowReader:
    """Makes rows with an attribute per column of what a driver gives.

    Args:
        columns: Of a SELECT, in its order.
    """

    def __init__(self, columns: Sequence[ColumnElement[Any]]) -> None:
        self._columns = columns
        names = [getattr(column, "name", "") for column in columns]
        self._row = namedtuple("Row", names, rename=True)  # type: ignore[misc] # noqa: PYI024
        self._readers: dict[str, _Convert] = {}

    def of(self, dialect: Dialect) -> Callable[[Any], Any]:
        """The function that makes a row of the values that a database system gives."""
        reader = self._readers.get(dialect.name)
        if reader is None:
            reader = self._readers.setdefault(dialect.name, self._reader(dialect))
        return reader

    def _reader(self, dialect: Dialect) -> _Convert:
        names: dict[str, Any] = {"new": tuple.__new__, "Row": self._row}
        values = []
        for index, convert in enumerate(self._converts(dialect)):
            if convert is not None:
                names[f"read_{index}"] = convert
            value = f"value_{index}"
            read = f"{value} if {value} is None else read_{index}({value})"
            values.append(value if convert is None else read)
        taken = "".join(f"value_{index}, " for index in range(len(values)))
        return _generated(f"{taken}= row; return new(Row, ({', '.join(values)},))", "row", names)

    def _converts(self, dialect: Dialect) -> list[_Convert | None]:
        """How to read what is not NULL in each column; None as it is."""
        return [_converter(column.type.dialect_impl(dialect), dialect) for column in self._columns]


class ColumnsReader(RowReader):
    """Makes, of all values of each column, one row that has a list for each."""

    def _reader(self, dialect: Dialect) -> _Convert:
        converts, new = self._converts(dialect), partial(tuple.__new__, self._row)

        def read(columns: Iterable[Sequence[Any]]) -> Any:
            return new(
                values
                if convert is None
                else [None if value is None else convert(value) for value in values]
                for convert, values in zip(converts, columns, strict=True)
            )

        return read


def _converter(declared: TypeEngine[Any], dialect: Dialect) -> _Convert | None:
    if isinstance(declared, Instant):
        return declared.reader(dialect)
    return declared.result_processor(dialect, None)


class Prepared:
    """A statement that is compiled once for each database system.

    It takes values for its ``bindparam``s only, each of which must stand for one value: lists
    of any length are for SQLAlchemy.

    Args:
        statement: Of SQLAlchemy's Core; or what makes it of the name of a dialect, where
            systems differ.
        keys: Of an INSERT, the columns that it fills; the values have their names.
    """

    def __init__(
        self,
        statement: Statement | Callable[[str], Statement],
        keys: Sequence[str] | None = None,
    ) -> None:
        self.statement = statement
        self._keys = keys
        self._plans: dict[str, _Plan] = {}

    def rows(self, connection: Connection, values: Values) -> list[Any]:
        """What a SELECT finds, or RETURNING gives, with an attribute per column."""
        plan = self._plan(connection.dialect)
        return plan.rows_of(plan.raw_rows(connection, values))

    def raw_rows(self, connection: Connection, values: Values) -> list[Any]:
        """The same as the driver gives it."""
        return self._plan(connection.dialect).raw_rows(connection, values)

    def row(self, connection: Connection, values: Values) -> Any:
        """The first row of the same; None when there is none."""
        plan = self._plan(connection.dialect)
        found = plan.run(connection, values).fetchone()
        return None if found is None else plan.row_of(found)

    def count(self, connection: Connection, values: Values) -> int:
        """How many rows a statement that writes has changed."""
        return int(self._plan(connection.dialect).run(connection, values).rowcount)

    def run_each(self, connection: Connection, each: Sequence[Values]) -> None:
        """Run a statement that writes for each of the values, all at once."""
        if len(each) == 1:
            self.count(connection, each[0])
        elif each:
            self._plan(connection.dialect).run_each(connection, each)

    def _plan(self, dialect: Dialect) -> "_Plan":
        plan = self._plans.get(dialect.name)
        if plan is None:
            made = self.statement(dialect.name) if callable(self.statement) else self.statement
            plan = _Plan(made, dialect, self._keys)
            self._plans[dialect.name] = plan
        return plan


def run_text(connection: Connection, text: str, parameters: Any = (), *, many: bool = False) -> Any:
    """Run a statement as the driver spells it, once or for many parameters.

    Answers:
        The driver's cursor.

    Raises:
        DBAPIError: As SQLAlchemy would raise it.
    """
    events = connection.dispatch
    if events.before_cursor_execute:
        for listener in events.before_cursor_execute:
            listener(connection, None, text, parameters, None, many)
    driver: Any = connection.connection.dbapi_connection
    try:
        cursor = driver.cursor()
        (cursor.executemany if many else cursor.execute)(text, parameters)
    except driver_errors(connection.dialect) as error:
        raise _told(connection, error, text) from error
    if events.after_cursor_execute:
        for listener in events.after_cursor_execute:
            listener(connection, cursor, text, parameters, None, many)
    return cursor


def commit(connection: Connection) -> None:
    """Let the driver commit, if it is in a transaction.

    Raises:
        DBAPIError: As SQLAlchemy would raise it.
    """
    with _driver_of(connection, "COMMIT") as driver:
        driver.commit()


def rollback(connection: Connection) -> None:
    """Let the driver undo, if it is in a transaction.

    Raises:
        DBAPIError: As SQLAlchemy would raise it.
    """
    with _driver_of(connection, "ROLLBACK") as driver:
        driver.rollback()


@contextmanager
def _driver_of(connection: Connection, text: str) -> Iterator[Any]:
    """The driver's connection; its errors are told as those of a statement."""
    try:
        yield connection.connection.dbapi_connection
    except driver_errors(connection.dialect) as error:
        raise _told(connection, error, text) from error


def driver_errors(dialect: Dialect) -> Any:
    """What all errors of the database's driver are."""
    return dialect.loaded_dbapi.Error


def _told(connection: Connection, error: Any, text: str) -> BaseException:
    """The error as SQLAlchemy would tell it; a connection that is of no more use is given up."""
    dialect = connection.dialect
    driver: Any = connection.connection.dbapi_connection
    is_lost = dialect.is_disconnect(error, driver, None) or is_of_no_more_use(error)
    if is_lost:
        connection.invalidate(error)
    told: BaseException = DBAPIError.instance(
        text,
        None,
        error,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=is_lost,
        dialect=dialect,
    )
    return told


class _Plan:
    """A statement compiled for one database system."""

    def __init__(self, statement: Statement, dialect: Dialect, keys: Sequence[str] | None) -> None:
        if isinstance(statement, Insert):
            # The number of a new row is not asked for, unless RETURNING does.
            statement = statement.inline()
        compiled = statement.compile(dialect=dialect, column_keys=keys and list(keys))
        self._text = str(compiled)
        types = {name: bind.type for bind, name in compiled.bind_names.items()}
        names = (compiled.positiontup if compiled.positional else types) or ()
        binds = [(name, _bind_processor(types[name], dialect)) for name in names]
        self._in_drivers_words = _binder(binds, is_positional=compiled.positional)
        self._constants = {
            name: value for name, value in compiled.params.items() if value is not None
        }
        columns = tuple(statement.exported_columns)
        if columns:
            self.row_of = RowReader(columns).of(dialect)

    def run(self, connection: Connection, values: Values) -> Any:
        return run_text(connection, self._text, self._parameters(values))

    def raw_rows(self, connection: Connection, values: Values) -> list[Any]:
        found: list[Any] = self.run(connection, values).fetchall()
        return found

    def run_each(self, connection: Connection, each: Sequence[Values]) -> None:
        run_text(connection, self._text, [self._parameters(values) for values in each], many=True)

    def _parameters(self, values: Values) -> Any:
        return self._in_drivers_words({**self._constants, **values})

    def rows_of(self, found: list[tuple[Any, ...]]) -> list[Any]:
        return [self.row_of(values) for values in found]


def _bind_processor(declared: TypeEngine[Any], dialect: Dialect) -> _Convert | None:
    return declared.dialect_impl(dialect).bind_processor(dialect)


def _binder(binds: Sequence[tuple[str, _Convert | None]], *, is_positional: bool) -> _Convert:
    """The function that makes what a driver is given of values by name."""
    names: dict[str, Any] = {}
    values = []
    for index, (name, convert) in enumerate(binds):
        value = f"values[{name!r}]"
        if convert is not None:
            names[f"convert_{index}"] = convert
            value = f"convert_{index}({value})"
        values.append(value if is_positional else f"{name!r}: {value}")
    items = "".join(f"{value}, " for value in values)
    return _generated(
        f"return ({items})" if is_positional else f"return {{{items}}}", "values", names
    )


def _generated(body: str, argument: str, names: dict[str, Any]) -> _Convert:
    """A function of one argument, which costs a third of one that looks up what to do each time.

    Args:
        body: Its statements; nothing in them comes from a request, nor from a database.
        argument: What they call it.
        names: What else they name.
    """
    exec(compile(f"def generated({argument}): {body}", "<generated>", "exec"), names)  # noqa: S102
    generated: _Convert = names["generated"]
    return generated
