"""A PostgreSQL server that follows another one, and can take its place."""

import os
import subprocess
from pathlib import Path

from tests.postgresql import PostgresServer


class StandbyServer(PostgresServer):
    """A copy of a running server that is kept up to date by it."""

    def __init__(self, primary: PostgresServer) -> None:
        self._primary = primary
        super().__init__()

    def promote(self) -> None:
        """Stop following, and take writers."""
        self.execute("SELECT pg_promote()")

    def _copied_programs(self) -> Path:
        self.folder.chmod(0o755)
        return self._primary.program("postgres").parents[1]

    def _initialise(self) -> None:
        if self._user:
            # The program makes the folder of the data in it.
            os.chown(self.folder, self._user, self._user)
        subprocess.run(
            [
                *(self.program("pg_basebackup"), "-D", self._data, "--write-recovery-conf"),
                *("-h", "127.0.0.1", "-p", str(self._primary.port), "-U", "postgres"),
                *("--checkpoint=fast", "--no-sync"),
            ],
            check=True,
            user=self._user,
            group=self._user,
        )


def follow_synchronously(primary: PostgresServer) -> None:
    """Let the server acknowledge only what its standby has, from now on."""
    primary.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
    primary.execute("SELECT pg_reload_conf()")


def url_of_both(primary: PostgresServer, standby: PostgresServer, name: str) -> str:
    """The URL of a database on whichever of the two takes writers."""
    hosts = "&".join(f"host=127.0.0.1:{server.port}" for server in (primary, standby))
    return f"postgresql://postgres@/{name}?{hosts}&target_session_attrs=read-write"
