"""What the service has recorded of calls and of changes, as people look it up."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

OK = "ok"
"""The outcome of a call that was answered without a fault."""


class CallRecord(NamedTuple):
    """One call as it ended; nothing of what was said in it.

    Attributes:
        tracking_id: The GUID under which reply, log and audit log name it.
        at: When it ended, in UTC.
        contract: The service that was called.
        operation: None when the request reached none.
        user_id: None when the caller was not admitted.
        outcome: ``OK``, or the symbol of the fault.
        code: The fault's number; None when it has none.
        is_replay: Whether the answer is that of an earlier request with the same key.
    """

    tracking_id: str
    at: datetime
    contract: str
    operation: str | None
    user_id: int | None
    outcome: str
    code: int | None
    http_status: int
    duration_ms: float
    request_bytes: int
    response_bytes: int
    is_replay: bool


@dataclass(frozen=True, slots=True)
class FoundCall:
    """A call in a list.

    Attributes:
        user_name: None when the caller was not admitted.
    """

    record: CallRecord
    user_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSearch:
    """Which calls are searched; what is None does not matter.

    Attributes:
        customer_id: Only calls of users that have a role in this customer.
        outcome: ``ok``, or the symbol of a fault.
        only_faults: Leave out those that ended well.
        since: That ended then or later.
        before: That ended earlier.
    """

    tracking_id: str | None = None
    customer_id: int | None = None
    user_name: str | None = None
    operation: str | None = None
    outcome: str | None = None
    only_faults: bool = False
    since: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSearch:
    """Which changes are searched; what is None does not matter.

    Attributes:
        entity: What kind of thing was changed, as the log names it, such as ``coupon``.
        entity_id: Which one; it needs ``entity``.
        action: What was done, such as ``redeem``.
        user_name: Who did it; ``command line`` for that.
        tracking_id: Of the call.
        since: Made then or later.
        before: Made earlier.
    """

    entity: str | None = None
    entity_id: int | None = None
    action: str | None = None
    user_name: str | None = None
    tracking_id: str | None = None
    since: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundChange:
    """A change in a list: ``before`` and ``after`` hold what differs, as JSON values."""

    audit_id: int
    at: datetime
    user_name: str
    action: str
    entity: str
    entity_id: int
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    tracking_id: str
