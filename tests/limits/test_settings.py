"""Where calls are counted is chosen by the settings."""

from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from service.app import _call_limits
from service.operations.calls import utc_now
from service.operations.windows import DatabaseWindows, LibraryWindows
from service.settings import Settings
from service.storage.engine import Database
from tests.storage.engines import ON_SQLITE


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(database=database_url, user_calls_per_minute=1)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    database = Database(settings.database)
    yield database
    database.close()


def counted_in(settings: Settings, database: Database) -> type:
    limits = _call_limits(settings, database, utc_now)
    assert limits is not None
    return type(limits._windows)


def test_machines_that_may_be_several_count_in_the_database(
    settings: Settings, database: Database, engine_name: str
) -> None:
    alone = LibraryWindows if engine_name == "sqlite" else DatabaseWindows
    assert counted_in(settings, database) is alone
    assert counted_in(settings.model_copy(update={"workers": 2}), database) is DatabaseWindows
    redis = settings.model_copy(update={"workers": 2, "redis_url": "redis://redis.invalid"})
    assert counted_in(redis, database) is LibraryWindows


@ON_SQLITE
def test_without_a_limit_nothing_counts(settings: Settings, database: Database) -> None:
    unlimited = settings.model_copy(update={"user_calls_per_minute": None})
    assert _call_limits(unlimited, database, utc_now) is None


def test_the_password_of_redis_is_not_shown() -> None:
    settings = Settings(redis_url="redis://:secret@redis.invalid/0")
    (shown,) = [it["value"] for it in settings.described() if it["name"] == "redis_url"]
    assert shown == "redis://:***@redis.invalid/0"


def test_only_a_redis_is_one() -> None:
    with pytest.raises(ValidationError, match="redis://"):
        Settings(redis_url="memcached://localhost")
