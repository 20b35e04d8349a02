"""What an action leaves behind: nothing when it is refused, else an entry of the audit log.

And a record of the call in the journal.
"""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from service.domain.error_rows import ErrorRow
from service.domain.recorded import CallRecord
from service.domain.refusals import ServiceError
from service.storage.tables import audit
from tests.programme import START, Programme


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


def call_record(**changes: Any) -> CallRecord:
    """What the journal has of a search at ``START`` that ended well, but for the changes."""
    usual = CallRecord(
        tracking_id=str(uuid4()),
        at=START,
        contract="CustomerBillingService",
        operation="SearchCoupons",
        user_id=None,
        outcome="ok",
        code=None,
        http_status=200,
        duration_ms=2.5,
        request_bytes=900,
        response_bytes=1200,
        is_replay=False,
    )
    return usual._replace(**changes)
