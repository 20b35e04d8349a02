"""Whether the database can be used, and keeps what it was told."""

import shutil
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from service.cli.checkup.check import Installation, State, Trouble, reason_of
from service.domain.refusals import ServiceTroubleError
from service.settings import printable_url
from service.storage import condition, schema

DISK_FREE_MIN_BYTES = 1 << 30
"""Below it a disk is called nearly full; a tenth of it is wrong."""
CLOCKS_DIFFERENCE_MAX = timedelta(seconds=1)
"""Between machines; see docs/deployment.md."""
OTHER_CONNECTIONS = 10
"""For whoever looks after the database, beside those of the service."""
WORKER_CONNECTIONS = 4
MOUNTS = Path("/proc/self/mounts")
"""Linux's table of file systems."""
_NETWORK_FILE_SYSTEMS = frozenset({"9p", "afs", "ceph", "cifs", "nfs", "nfs4", "smb3", "smbfs"})
_SQLITE_SAFE = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
"""What each connection asks for; 2 is FULL: what was committed survives a power cut."""
_POSTGRESQL_SAFE = {"fsync": "on", "full_page_writes": "on", "server_encoding": "UTF8"}
_SAFE_COMMITS = frozenset({"on", "local", "remote_write", "remote_apply"})


def reachable(installation: Installation) -> Iterator[Trouble]:
    """Whether the database answers."""
    url = printable_url(installation.database.url)
    path = _file(installation)
    if path is not None and not path.exists():
        yield Trouble(
            f"there is no file {path.absolute()}",
            "Run `coupon-billing init`, or set COUPON_BILLING_DATABASE to the right file.",
        )
        return
    try:
        with installation.database.reading():
            pass
    except (ServiceTroubleError, SQLAlchemyError) as error:
        yield Trouble(
            f"{url} cannot be used: {reason_of(error)}",
            "Start the database, or correct COUPON_BILLING_DATABASE.",
        )


def current(installation: Installation) -> Iterator[Trouble]:
    """Whether the database has the tables of this release."""
    if not schema.is_current(installation.database):
        yield Trouble(
            "the database has no tables, or those of another release",
            "Take a backup, stop the service, and run `coupon-billing init` of this release.",
        )


def writable(installation: Installation) -> Iterator[Trouble]:
    """Whether the database takes changes."""
    try:
        with installation.database.writing() as connection:
            condition.try_to_write(connection)
    except (ServiceTroubleError, SQLAlchemyError) as error:
        yield Trouble(
            f"the database cannot be written: {reason_of(error)}",
            "Let the service's user, or its role, write; of several servers, name the primary.",
        )


def durable(installation: Installation) -> Iterator[Trouble]:
    """Whether what was acknowledged survives a crash and a power cut."""
    with installation.database.reading() as connection:
        if installation.is_sqlite:
            found: dict[str, object] = condition.read_pragmas(connection, _SQLITE_SAFE)
            safe: dict[str, object] = {**_SQLITE_SAFE}
        else:
            found = {**condition.read_parameters(connection, _POSTGRESQL_SAFE)}
            safe = {**_POSTGRESQL_SAFE}
            commits = condition.read_parameters(connection, ["synchronous_commit"])
            if commits["synchronous_commit"] not in _SAFE_COMMITS:
                yield _unsafe("synchronous_commit", commits["synchronous_commit"], "on")
    for name, value in safe.items():
        if found[name] != value:
            yield _unsafe(name, found[name], value)


def _unsafe(name: str, found: object, safe: object) -> Trouble:
    return Trouble(
        f"{name} is {found}: what was acknowledged may be lost",
        f"Let it be {safe}; of a SQLite file, move it to a plain local disk.",
    )


def connections(installation: Installation) -> Iterator[Trouble]:
    """Whether PostgreSQL takes as many connections as the processes of this machine may open."""
    if installation.is_sqlite:
        return
    settings = installation.settings
    with installation.database.reading() as connection:
        told = condition.read_parameters(connection, ["max_connections"])
    needed = settings.workers * (settings.threads + 1) + WORKER_CONNECTIONS + OTHER_CONNECTIONS
    if int(told["max_connections"]) < needed:
        yield Trouble(
            f"max_connections is {told['max_connections']}, and {settings.workers} processes with"
            f" {settings.threads} threads may need {needed}",
            "Raise max_connections of the server, or lower the settings workers or threads.",
        )


def clock(installation: Installation) -> Iterator[Trouble]:
    """Whether the clock of this machine fits those that the database knows."""
    with installation.database.reading() as connection:
        latest = condition.latest_change_at(connection)
        server = None if installation.is_sqlite else condition.tell_time(connection)
    if latest is not None and latest - installation.now > CLOCKS_DIFFERENCE_MAX:
        yield Trouble(
            f"the last change was made at {latest:%Y-%m-%d %H:%M:%S} UTC, which is in the future",
            "Set the clock by NTP: validity of coupons and leases of workers are judged by it.",
        )
    if server is not None and abs(server - installation.now) > CLOCKS_DIFFERENCE_MAX:
        yield Trouble(
            f"the clocks of this machine and of the database differ by"
            f" {abs(server - installation.now).total_seconds():.0f} s",
            "Set the clocks of all machines by NTP.",
            State.WARNING,
        )


def file_private(installation: Installation) -> Iterator[Trouble]:
    """Whether only its owner can read the SQLite file: whoever reads a code can redeem it."""
    path = _file(installation)
    if path is None:
        return
    for file in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        if file.exists() and stat.S_IMODE(file.stat().st_mode) & 0o077:
            yield Trouble(
                f"others than its owner can use {file.absolute()}",
                f"Run `chmod 600 {file.absolute()}`.",
                State.WARNING,
            )


def local_disk(installation: Installation) -> Iterator[Trouble]:
    """Whether the SQLite file is on a disk of this machine."""
    path = _file(installation)
    kind = None if path is None else file_system(path)
    if kind in _NETWORK_FILE_SYSTEMS:
        yield Trouble(
            f"the SQLite file is on a network file system ({kind}), whose locks do not hold",
            "Move it to a local disk, or use PostgreSQL.",
        )


def file_system(path: Path) -> str | None:
    """The kind of the file system that a file is on; None where nobody tells."""
    if not MOUNTS.exists():
        return None
    places = [line.split()[1:3] for line in MOUNTS.read_text(encoding="utf-8").splitlines()]
    above = {str(folder) for folder in path.resolve().parents}
    kinds = {place: kind for place, kind in places if place in above}
    return kinds[max(kinds, key=len)] if kinds else None


def disk_space(installation: Installation) -> Iterator[Trouble]:
    """Whether the disks of the SQLite file and of the mail folder have space left."""
    path = _file(installation)
    mails = None if installation.settings.smtp_host else installation.settings.mail_folder
    folders = sorted(existing(it) for it in (path, mails) if it is not None)
    for folder in {it.stat().st_dev: it for it in folders}.values():
        free = shutil.disk_usage(folder).free
        if free < DISK_FREE_MIN_BYTES:
            yield Trouble(
                f"{free / 2**20:,.0f} MiB are free on the disk of {folder}",
                "Make space: when the disk is full, every change is refused.",
                State.WRONG if free < DISK_FREE_MIN_BYTES // 10 else State.WARNING,
            )


def existing(path: Path) -> Path:
    """The nearest folder above a path, or the path itself, that is there."""
    absolute = path.absolute()
    return next(it for it in (absolute, *absolute.parents) if it.is_dir())


def _file(installation: Installation) -> Path | None:
    return Path(str(installation.database.url.database)) if installation.is_sqlite else None
