"""What an action leaves behind: nothing when it is refused, else an entry of the audit log."""

from collections.abc import Callable

import pytest

from service.domain.error_rows import ErrorRow
from service.domain.refusals import ServiceError
from service.storage.tables import audit
from tests.programme import Programme


def refusal(programme: Programme, action: Callable[[], object]) -> ErrorRow:
    """The row with which the action is refused; whatever is refused leaves no trace."""
    return refused(programme, action).row


def refused(programme: Programme, action: Callable[[], object]) -> ServiceError:
    """How the action is refused; whatever is refused leaves no trace."""
    before = programme.all_rows()
    with pytest.raises(ServiceError) as error:
        action()
    assert programme.all_rows() == before
    return error.value


def last_entry(programme: Programme) -> tuple[object, ...]:
    """The newest entry of the audit log: action, entity, its number, and what it became."""
    entry = programme.rows(audit)[-1]
    return entry["action"], entry["entity"], entry["entity_id"], entry["after"]
