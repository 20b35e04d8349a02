"""Classes and accounts as forms name them: by texts."""

from service.console.visits import this_call, this_customer
from service.domain.errors import COUPON_CLASS_NOT_FOUND
from service.domain.numbers import ID_MAX
from service.domain.pages import PageWanted
from service.domain.programmes import CouponClass
from service.domain.refusals import ServiceError
from service.operations.classes import show_class
from service.operations.find_accounts import find_accounts
from service.operations.search_classes import ClassQuery, search_coupon_classes

SUGGESTIONS_COUNT = 200
"""How many names a form offers; others are typed."""


def class_names(*, is_retired: bool | None = False) -> list[str]:
    """Names of the customer's classes, for the macro ``class_field``.

    Args:
        is_retired: Only retired classes, or only others; None for all.
    """
    query = ClassQuery(customer_id=this_customer().customer_id, is_retired=is_retired)
    found = search_coupon_classes(this_call(), query, PageWanted(size=SUGGESTIONS_COUNT))
    return [it.name for it in found.items]


def find_class(name: str | None) -> CouponClass | None:
    """The customer's class of this name; None when there is none, or nothing was typed."""
    if not name or not name.strip():
        return None
    try:
        return show_class(this_call(), this_customer().customer_id, name)
    except ServiceError as refusal:
        if refusal.row is COUPON_CLASS_NOT_FOUND:
            return None
        raise


def find_account_id(text: str) -> int | None:
    """The number of an account, which is named by its own number or by that; None for neither.

    Whether there is an account, and whose it is, an operation says.
    """
    name = text.strip().upper()
    for found in find_accounts(this_call(), this_customer().customer_id, name, size=1).items:
        if found.number == name:
            return found.account_id
    is_id = name.isascii() and name.isdigit() and int(name) <= ID_MAX
    return int(name) if is_id else None
