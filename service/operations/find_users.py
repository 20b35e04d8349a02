"""Users with their roles, a page at a time, and the tokens of one."""

from service.domain.errors import ENTITY_NOT_EXISTENT
from service.domain.found_users import FoundToken, FoundUser
from service.domain.listings import Listing, listing_of, read_key, require_size, stored_text
from service.domain.names import caseless
from service.domain.refusals import ServiceError
from service.operations.calls import Call
from service.storage import user_search


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
    call.caller.require_operator()
    require_size(size)
    key = read_key(after, str)
    part = caseless(stored_text(name_part) or "") or None
    with call.database.reading() as connection:
        found = user_search.find_users(connection, part, key[0] if key else None, size + 1)
    return listing_of(found, size, lambda it: (it.name,))


def show_user(call: Call, user_id: int) -> tuple[FoundUser, list[FoundToken]]:
    """A user, and its tokens, the latest first.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` (operators only) or ``EntityNotExistent``.
    """
    call.caller.require_operator()
    with call.database.reading() as connection:
        user = user_search.find_user(connection, user_id)
        if user is None:
            raise ServiceError(ENTITY_NOT_EXISTENT, f"user {user_id}")
        return user, user_search.find_tokens(connection, user_id)
