"""The audit log, searched."""

from service.domain.listings import Listing
from service.domain.recorded import ChangeSearch, FoundChange
from service.operations.calls import Call


def find_changes(
    call: Call, search: ChangeSearch, after: str | None = None, size: int = 50
) -> Listing[FoundChange]:
    """A page of the changes that were made, the latest first.

    Args:
        call: Whose call it is.
        search: Which changes.
        after: Where the page before ended; None for the first.
        size: How many, 1 to ``LISTING_SIZE_MAX``.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` (operators only) or ``PagingInvalid``.
    """
    raise NotImplementedError
