"""The audit log, searched."""

from dataclasses import replace

from service.domain.listings import (
    Listing,
    listing_before,
    read_before,
    require_size,
    stored_text,
)
from service.domain.recorded import ChangeSearch, FoundChange
from service.operations.calls import Call
from service.storage import audit_search


def find_changes(
    call: Call, search: ChangeSearch, after: str | None = None, size: int = 50
) -> Listing[FoundChange]:
    """A page of the changes that were made, the latest first.

    By TrackingId, or by one thing, they are found at once. Else the log is gone through from its
    end, or from ``before``, and a page is cut short when little is found in some time.

    Args:
        call: Whose call it is.
        search: Which changes.
        after: Where the page before ended; None for the first.
        size: How many, 1 to ``LISTING_SIZE_MAX``.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` (operators only) or ``PagingInvalid``.
    """
    call.caller.require_operator()
    require_size(size)
    before_id = read_before(after)
    stored = replace(
        search,
        entity=stored_text(search.entity),
        action=stored_text(search.action),
        user_name=stored_text(search.user_name),
        tracking_id=stored_text(search.tracking_id),
    )
    with call.database.reading() as connection:
        changes, before, searched_count = audit_search.find_changes(
            connection, stored, before_id=before_id, size=size
        )
    return listing_before(changes, before, searched_count=searched_count, size=size)
