"""The bounds of lists in requests."""

from typing import TypeVar

from service.domain.errors import BATCH_TOO_LARGE, LIST_EMPTY
from service.domain.refusals import ServiceError

Item = TypeVar("Item")


def require_list(name: str, items: list[Item] | None, count_max: int) -> list[Item]:
    """A list that has items and not too many.

    Raises:
        ServiceError: ``ListNullOrEmpty``, or ``BatchTooLarge`` for more than
            ``count_max``; both name the list.
    """
    if not items:
        raise ServiceError(LIST_EMPTY, name)
    if len(items) > count_max:
        raise ServiceError(
            BATCH_TOO_LARGE, f"{name} has {len(items)} items, the bound is {count_max}"
        )
    return items
