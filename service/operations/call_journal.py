"""The journal of calls: what was called, by whom, how it ended, and how long it took."""

from service.domain.listings import Listing
from service.domain.recorded import CallSearch, FoundCall
from service.operations.calls import Call


def find_calls(
    call: Call, search: CallSearch, after: str | None = None, size: int = 50
) -> Listing[FoundCall]:
    """A page of recorded calls, the latest first.

    Operators see all of them. A SuperAdmin sees its own, and those of users whose roles are
    all in customers of which it is SuperAdmin; others see their own.

    Args:
        call: Whose call it is.
        search: Which calls.
        after: Where the page before ended; None for the first.
        size: How many, 1 to ``LISTING_SIZE_MAX``.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` (customer), ``ApiInputValidationError``
            (a TrackingId that is none) or ``PagingInvalid``.
    """
    raise NotImplementedError
