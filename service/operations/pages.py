"""Pages of lists in requests, and in what is answered."""

from typing import TypeVar

from service.domain.errors import PAGING_INVALID
from service.domain.numbers import INT_MAX
from service.domain.pages import PAGE_SIZE_MAX, Page, PageWanted
from service.domain.refusals import ServiceError

Item = TypeVar("Item")

INDEX_MAX = INT_MAX


def require_page(page: PageWanted) -> None:
    """Refuse a page that no list has; one past the end is empty.

    Raises:
        ServiceError: ``PagingInvalid``.
    """
    if not 0 <= page.index <= INDEX_MAX:
        raise ServiceError(PAGING_INVALID, f"Index is {page.index}, it must be 0 to {INDEX_MAX}")
    if not 1 <= page.size <= PAGE_SIZE_MAX:
        raise ServiceError(PAGING_INVALID, f"Size is {page.size}, it must be 1 to {PAGE_SIZE_MAX}")


def page_of(items: list[Item], page: PageWanted) -> Page[Item]:
    """The page, of items that were read from ``page.offset`` on, one more than its size."""
    return Page(items[: page.size], len(items) > page.size)
