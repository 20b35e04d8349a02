"""Users with their roles, a page at a time, and the tokens of one."""

from service.domain.found_users import FoundToken, FoundUser
from service.domain.listings import Listing
from service.operations.calls import Call


def find_users(
    call: Call, name_part: str | None = None, after: str | None = None, size: int = 50
) -> Listing[FoundUser]:
    """A page of users, in the order of their names; those that are disabled too.

    Args:
        call: Whose call it is.
        name_part: What stands in the name, in capital or small letters; None for any.
        after: Where the page before ended; None for the first.
        size: How many, 1 to ``LISTING_SIZE_MAX``.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` (operators only) or ``PagingInvalid``.
    """
    raise NotImplementedError


def show_user(call: Call, user_id: int) -> tuple[FoundUser, list[FoundToken]]:
    """A user, and its tokens, the latest first.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` (operators only) or ``EntityNotExistent``.
    """
    raise NotImplementedError
