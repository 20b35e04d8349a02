"""A call of each operation that is there for the console, and for what it shows."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from service.domain.refusals import ServiceError
from service.domain.roles import Caller, Role
from service.operations.attempts import decide
from service.operations.call_journal import JournalKeeper
from service.operations.count_figures import FigureCounter
from service.operations.sign_in import FrontDesk
from service.operations.signing_secrets import SigningSecrets, rotate_secret
from service.operations.users import add_user, set_own_password, set_password
from service.storage import kept_figures
from service.storage.calls import add_calls
from tests.operations.traces import call_record
from tests.programme import Programme

MODULES = frozenset({"call_journal", "count_figures", "sign_in", "signing_secrets"})
PASSWORD = "correct horse battery staple"
ADDRESS = "192.0.2.1"
HOUR = timedelta(hours=1)


def console_changes(programme: Programme, kim: Caller) -> dict[str, Callable[[], object]]:
    """The calls, by the operations' names as ``changing_operations`` has them."""
    desk = FrontDesk(programme.database, session_idle=HOUR, clock=programme.clock)
    set_password(programme.call(), kim.user_name, PASSWORD)
    session = desk.sign_in(kim.user_name, PASSWORD, ADDRESS)
    add_user(programme.call(), "lea", Role.OPERATOR, None, PASSWORD)
    with suppress(ServiceError):
        # Signing in forgets that one.
        desk.sign_in("lea", "wrong", ADDRESS)
    _leave_an_old_call(programme)
    _note_what_is_to_be_counted(programme)
    counter = FigureCounter(programme.database, programme.clock)
    return {
        "call_journal.forget_some": JournalKeeper(
            programme.database, HOUR, programme.clock
        ).forget_some,
        "count_figures.count_next": counter.count_next,
        "sign_in.change_password": lambda: desk.change_password(
            programme.call(kim), PASSWORD, "another password", ADDRESS
        ),
        # Each time one that has not asked yet.
        "signing_secrets.in_force": lambda: SigningSecrets(
            programme.database, HOUR, programme.clock
        ).in_force(),
        "signing_secrets.rotate_secret": lambda: rotate_secret(programme.call()),
        "sign_in.sign_in": lambda: desk.sign_in("lea", PASSWORD, ADDRESS),
        "sign_in.sign_out": lambda: desk.sign_out(session),
        "users.set_own_password": lambda: set_own_password(programme.call(kim), "another"),
    }


def _leave_an_old_call(programme: Programme) -> None:
    with programme.database.writing() as connection:
        add_calls(connection, [call_record(at=programme.clock() - 2 * HOUR)])


def _note_what_is_to_be_counted(programme: Programme) -> None:
    """That is a transaction of its own, which the counter begins with when there is news."""
    with programme.database.reading() as connection:
        news = kept_figures.find_news(connection, programme.clock())
    decide(programme.database, lambda connection: kept_figures.note_news(connection, news))
