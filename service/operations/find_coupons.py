"""The search for coupons of those who run a programme."""

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import Connection

from service.domain.codes import fold_code
from service.domain.emails import normal_address
from service.domain.found_coupons import CouponSearch, FoundCoupon
from service.domain.listings import Listing, read_key, require_size, stored_text, write_key
from service.operations.calls import Call
from service.operations.owned import require_owned
from service.storage import accounts, classes, coupon_finder
from service.storage.coupon_paths import Place, key_types
from service.storage.found_coupons import find_rows


def find_coupons(
    call: Call, search: CouponSearch, after: str | None = None, size: int = 50
) -> Listing[FoundCoupon]:
    """A page of the coupons that are as the search says, among those that the caller may see.

    A page follows the narrowest path that there is: the code, else the address, the account,
    the beginning or a part of the code, else the stage, else the batches, the newest first. It
    takes no longer than a fraction of a second, and is cut short when little is found by then.
    Coupons of a batch may move while it is paged through, when others of it are deleted.

    Args:
        call: Whose call it is.
        search: Which coupons. Those of a job are found when it has ended, or by their codes.
        after: Where the page before ended; None for the first.
        size: How many, 1 to ``LISTING_SIZE_MAX``.

    Raises:
        ServiceError: ``UserIsNotAuthorized`` (customer, class or account),
            ``EntityNotExistent`` (class or account, for operators) or ``PagingInvalid``.
    """
    require_size(size)
    stored = _as_stored(search)
    customer_ids = _customers(call, stored)
    keys = read_key(after, int, *key_types(stored))
    place = None if keys is None else Place(keys[0], keys[1:])
    with call.database.reading() as connection:
        _require_owned(connection, call, stored)
        found = coupon_finder.find(
            connection, stored, customer_ids, call.now, after=place, size=size
        )
        readable = None if call.caller.is_operator else call.caller.roles
        coupons = find_rows(connection, found.coupon_ids, call.now, readable)
    next_key = None if found.after is None else write_key(found.after.part, *found.after.keys)
    is_cut_short = next_key is not None and len(coupons) < size
    return Listing(coupons, next_key, found.searched_count, is_cut_short)


def _as_stored(search: CouponSearch) -> CouponSearch:
    """The texts of a search in the form in which they are stored; an empty one does not matter."""
    return replace(
        search,
        code=_fold(search.code),
        code_start=_fold(search.code_start),
        code_part=_fold(search.code_part),
        email=_address(search.email),
    )


def _fold(text: str | None) -> str | None:
    given = stored_text(text)
    return fold_code(given) or None if given else None


def _address(text: str | None) -> str | None:
    given = stored_text(text)
    try:
        return normal_address(given) if given else None
    except ValueError:
        # It is of no coupon; which is no reason to refuse the search.
        return given


def _customers(call: Call, search: CouponSearch) -> Collection[int] | None:
    """Whose coupons are searched; None for everybody's."""
    if search.customer_id is not None:
        call.caller.require_read(search.customer_id)
        return [search.customer_id]
    return None if call.caller.is_operator else list(call.caller.roles)


def _require_owned(connection: Connection, call: Call, search: CouponSearch) -> None:
    if search.class_id is not None:
        owner = classes.find_owner(connection, search.class_id)
        require_owned(call, owner, f"coupon class {search.class_id}", is_change=False)
    if search.account_id is not None:
        owner = accounts.find_owner(connection, search.account_id)
        require_owned(call, owner, f"account {search.account_id}", is_change=False)
