"""The service in process, and somebody who may do everything, for each test of security."""

import os
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest

from service.app import create_app
from service.domain.roles import Role
from service.settings import Settings
from service.storage.all_tables import party_tables, tables
from service.storage.engine import Database
from tests.databases import Databases
from tests.operations.lived import Lived
from tests.programme import Clock, Programme
from tests.reliability.fixtures import report
from tests.security.door import Application
from tests.security.messages import Names, numbered, requests, valid
from tests.security.people import Shop, new_keys, open_shop
from tests.wire.harness import CAPTURED

__all__ = ["report"]


@pytest.fixture(scope="session")
def database(session_databases: Databases) -> Iterator[Database]:
    """A database that the tests of this folder share; each works with customers of its own."""
    database = Database(session_databases.new())
    yield database
    database.close()


@pytest.fixture(scope="session")
def lived(database: Database) -> tuple[Programme, Names]:
    """A programme in which everything has happened, and what the things in it are called.

    They are asked for before a test adds any of its own.
    """
    programme = Programme(database, Clock())
    Lived(programme).build()
    return programme, names_in(programme)


@pytest.fixture(scope="session")
def programme(lived: tuple[Programme, Names]) -> Programme:
    """A programme in which everything has happened."""
    return lived[0]


@pytest.fixture(scope="session")
def names(lived: tuple[Programme, Names]) -> Names:
    """What the things in the programme are called."""
    return lived[1]


def names_in(programme: Programme) -> Names:
    """What the things in a programme are called."""
    classes, coupons = programme.rows(tables.coupon_class), programme.rows(tables.coupon)
    subscriptions = programme.rows(party_tables.subscription)
    return {
        "Id": [str(number) for number in range(1, 8)],
        "Name": ["Kim", "Lee", *(row["name"] for row in classes)],
        "Code": [row["code"] for row in coupons],
        "Reference": [row["reference"] for row in subscriptions],
        "Currency": ["USD", "JPY"],
        "Email": ["anna@example.com"],
    }


@pytest.fixture
def make_application(programme: Programme, closed_applications: None) -> Callable[..., Application]:
    """Makes the whole service on the test's database, with these settings.

    Its clock goes on with each call, so that nobody is held back for failing within a minute.
    """

    def go_on() -> datetime:
        programme.clock.move(seconds=0.1)
        return programme.clock()

    def make(**settings: object) -> Application:
        url = programme.database.url.render_as_string(hide_password=False)
        common = {"database": url, "log_level": "error", "calls_keep_h": 0}
        patient = {**common, "failures_per_minute": 1000}
        return create_app(Settings(**{**patient, **settings}), go_on)

    return make


@pytest.fixture
def application(make_application: Callable[..., Application]) -> Application:
    """The whole service with the settings as they come."""
    return make_application()


@pytest.fixture(scope="session")
def keys(programme: Programme) -> dict[str, str]:
    """The SOAP headers of an operator, who may do everything."""
    return new_keys(programme, "Olga", Role.OPERATOR, None)


@pytest.fixture(scope="session")
def seeds(keys: dict[str, str], names: Names) -> list[bytes]:
    """Requests as clients send them, and one of each operation."""
    made = [it.content for it in numbered(valid, keys, names, len(requests()))]
    captured = [path.read_bytes() for path in sorted(CAPTURED.glob("*.xml"))]
    own = {b"USER-TOKEN": keys["AuthenticationToken"], b"DEV-TOKEN": keys["DeveloperToken"]}
    for text, replacement in own.items():
        captured = [content.replace(text, replacement.encode()) for content in captured]
    return made + captured * 3


@pytest.fixture
def own_pid() -> int:
    """The process that answers, which is this one."""
    return os.getpid()


@pytest.fixture
def shop(application: Application, programme: Programme) -> Shop:
    """A customer of the test's own, with one coupon."""
    return open_shop(application, programme)
