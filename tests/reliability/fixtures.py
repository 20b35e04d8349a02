"""What the proofs of more than one folder are given; their ``conftest.py`` import it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest

from tests.reliability.crowd import Crowd, gathered
from tests.reliability.proofs import Report
from tests.reliability.scene import Scene, staged

MEMBERS_COUNT = 64

Stage = Callable[..., AbstractContextManager[Scene]]


@pytest.fixture(scope="session")
def crowd() -> Iterator[Crowd]:
    """64 client processes."""
    with gathered(MEMBERS_COUNT) as crowd:
        yield crowd


@pytest.fixture
def stage(database_url: str, crowd: Crowd, tmp_path: Path) -> Stage:
    """Serves the test's database; see ``scene.staged`` for faults and settings."""
    return partial(staged, database_url, crowd, tmp_path)


@pytest.fixture
def report(record_property: Callable[[str, object], None], engine_name: str) -> Report:
    """Takes what is written into ``docs/reliability.md``."""
    return Report(record_property, engine_name)
