"""A check of an installation, and what comes out of it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from sqlalchemy.exc import SQLAlchemyError

from service.domain.refusals import ServiceTroubleError
from service.settings import Settings
from service.storage.engine import Database

LOOK_AT_DATABASE = "See what the log of the database says, and run `doctor` again."


class State(str, Enum):
    """How a check ended; only ``WRONG`` keeps an installation from being healthy."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"
    NOT_DONE = "not done"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is not as it should be.

    Attributes:
        what: What is wrong, with the figures or names that show it, and no secrets.
        remedy: What to do.
        state: ``WRONG`` for what fails or will lose something, ``WARNING`` for the rest.
    """

    what: str
    remedy: str
    state: State = State.WRONG


@dataclass(frozen=True, slots=True)
class Installation:
    """What is looked at.

    Attributes:
        settings: As the service would read them here.
        database: The one that they name; it is not made when it is missing.
        now: The instant of the examination, aware and in UTC.
    """

    settings: Settings
    database: Database
    now: datetime

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a file."""
        return self.database.engine.dialect.name == "sqlite"


Look = Callable[[Installation], Iterable[Trouble]]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is looked at.

    Attributes:
        name: What it is called in reports; scripts rely on it.
        meaning: What is looked at, for the documentation.
        look: Finds what is wrong; nothing when all is well.
        is_about_data: Whether it is left out when a vital check found something wrong.
        is_vital: Whether no check about data has a point when this one finds something wrong.
    """

    name: str
    meaning: str
    look: Look
    is_about_data: bool = False
    is_vital: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: one for each trouble, else one that says that there is none."""

    check: str
    state: State
    what: str | None = None
    remedy: str | None = None


def examine(installation: Installation, checks: Iterable[Check]) -> Iterator[Finding]:
    """Carry checks out in their order."""
    has_data = True
    for check in checks:
        if check.is_about_data and not has_data:
            yield Finding(check.name, State.NOT_DONE, "the database cannot be used")
            continue
        findings = list(_findings(installation, check))
        if check.is_vital and any(it.state is State.WRONG for it in findings):
            has_data = False
        yield from findings


def _findings(installation: Installation, check: Check) -> Iterator[Finding]:
    try:
        troubles = list(check.look(installation))
    except (ServiceTroubleError, SQLAlchemyError) as error:
        troubles = [Trouble(f"the database failed: {reason_of(error)}", LOOK_AT_DATABASE)]
    if not troubles:
        yield Finding(check.name, State.OK)
    for trouble in troubles:
        yield Finding(check.name, trouble.state, trouble.what, trouble.remedy)


def reason_of(error: ServiceTroubleError | SQLAlchemyError) -> str:
    """What a database said, on one line."""
    said = error.reason if isinstance(error, ServiceTroubleError) else getattr(error, "orig", error)
    return " ".join(str(said).split())
