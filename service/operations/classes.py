"""Coupon classes: added, listed, given new terms, retired."""

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection

from service.domain.codes import DEFAULT_ALPHABET, DEFAULT_PATTERN, check_pattern
from service.domain.errors import (
    COUPON_CLASS_NOT_FOUND,
    COUPON_CLASS_RETIRED,
    ENTITY_NOT_EXISTENT,
    NAME_TAKEN,
    NULL_PARAMETER,
    TERMS_INVALID,
)
from service.domain.mail import DEFAULT_LANGUAGE
from service.domain.names import normal_name, normal_spelling
from service.domain.numbers import INT_MAX
from service.domain.programmes import CouponClass
from service.domain.refusals import ServiceError
from service.domain.terms import CouponTerms
from service.operations.attempts import decide
from service.operations.calls import Call
from service.storage import accounts, audit, classes

FEATURE_ID_MAX = INT_MAX
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClass:
    """A coupon class to be added.

    Attributes:
        feature_id: The feature whose adoption the class rewards; None for none.
        code_pattern: See ``service.domain.codes.CodePattern``.
        language: Of the mails that its coupons are sent in, as BCP 47 names it.
    """

    customer_id: int
    name: str
    terms: CouponTerms
    feature_id: int | None = None
    code_pattern: str = DEFAULT_PATTERN
    code_alphabet: str = DEFAULT_ALPHABET
    language: str = DEFAULT_LANGUAGE


def add_class(call: Call, new: NewClass) -> int:
    """Add a coupon class; answers its number.

    Raises:
        ServiceError: ``UserIsNotAuthorized``, ``EntityNotExistent`` (customer),
            ``TermsInvalid``, ``PatternInvalid`` or ``NameTaken``.
    """
    call.caller.require_write(new.customer_id)
    name = _require_name(new.name)
    new.terms.require_valid()
    pattern = check_pattern(new.code_pattern, new.code_alphabet)
    if new.feature_id is not None and not 0 <= new.feature_id <= FEATURE_ID_MAX:
        raise ServiceError(TERMS_INVALID, f"FeatureId must be 0 to {FEATURE_ID_MAX}")
    if not _LANGUAGE.fullmatch(new.language):
        raise ServiceError(TERMS_INVALID, f"{new.language!r} is not a language such as en or de-AT")

    def attempt(connection: Connection) -> int:
        if not accounts.customer_exists(connection, new.customer_id):
            raise ServiceError(ENTITY_NOT_EXISTENT, f"customer {new.customer_id}")
        _require_free_name(connection, new.customer_id, name)
        class_id = classes.add_class(
            connection,
            new.customer_id,
            name,
            classes.add_terms(connection, new.terms),
            feature_id=new.feature_id,
            code_pattern=pattern.text,
            code_alphabet=pattern.alphabet,
            language=new.language,
            now=call.now,
        )
        after = {"name": name, **terms_as_json(new.terms)}
        audit.append(
            connection,
            call.author,
            [audit.Change("add", "coupon_class", class_id, after=after)],
        )
        return class_id

    return decide(call.database, attempt)


def list_classes(call: Call, customer_id: int) -> list[CouponClass]:
    """A customer's classes, by name. Raises ``UserIsNotAuthorized``."""
    call.caller.require_read(customer_id)
    with call.database.reading() as connection:
        return classes.list_classes(connection, customer_id)


def show_class(call: Call, customer_id: int, name: str) -> CouponClass:
    """One class. Raises ``UserIsNotAuthorized`` or ``CouponClassNotFound``."""
    call.caller.require_read(customer_id)
    with call.database.reading() as connection:
        return require_class(connection, customer_id, name)


def show_class_by_id(call: Call, customer_id: int, class_id: int) -> CouponClass:
    """One class of a customer, by its number.

    Raises:
        ServiceError: ``UserIsNotAuthorized``, or ``EntityNotExistent``: also when the class is
            another customer's.
    """
    call.caller.require_read(customer_id)
    with call.database.reading() as connection:
        found = classes.find_class_by_id(connection, class_id)
    if found is None or found.customer_id != customer_id:
        text = f"coupon class {class_id} of customer {customer_id}"
        raise ServiceError(ENTITY_NOT_EXISTENT, text)
    return found


def update_class(
    call: Call, customer_id: int, name: str, change: Callable[[CouponTerms], CouponTerms]
) -> None:
    """Change terms of a class; coupons that are minted already keep theirs.

    Args:
        call: Whose call it is.
        customer_id: Whose class it is.
        name: Of the class.
        change: Answers the new terms. It is given those that the class has in the
            transaction, so that nobody's change in between is lost.

    Raises:
        ServiceError: ``UserIsNotAuthorized``, ``TermsInvalid``,
            ``CouponClassNotFound`` or ``CouponClassRetired``.
    """
    call.caller.require_write(customer_id)

    def attempt(connection: Connection) -> None:
        old = require_class_in_use(connection, customer_id, name, lock=True)
        terms = change(old.terms)
        terms.require_valid()
        terms_id = classes.add_terms(connection, terms)
        classes.update_class(connection, old.class_id, terms_id=terms_id)
        entry = audit.Change(
            "update",
            "coupon_class",
            old.class_id,
            before=terms_as_json(old.terms),
            after=terms_as_json(terms),
        )
        audit.append(connection, call.author, [entry])

    decide(call.database, attempt)


def retire_class(call: Call, customer_id: int, name: str) -> None:
    """Retire a class: none of its coupons is minted, dispatched or redeemed any more.

    What is redeemed already stays redeemed.

    Raises:
        ServiceError: ``UserIsNotAuthorized``, ``CouponClassNotFound`` or
            ``CouponClassRetired``: it is retired already.
    """
    call.caller.require_write(customer_id)

    def attempt(connection: Connection) -> None:
        old = require_class_in_use(connection, customer_id, name, lock=True)
        classes.wait_for_users(connection, old.class_id)
        classes.update_class(connection, old.class_id, retired_at=call.now)
        after = {"retired_at": call.now.isoformat()}
        change = audit.Change("retire", "coupon_class", old.class_id, after=after)
        audit.append(connection, call.author, [change])

    decide(call.database, attempt)


def require_class(
    connection: Connection, customer_id: int, name: str | None, *, lock: bool = False
) -> CouponClass:
    """The customer's class of this name.

    Raises:
        ServiceError: ``NullParameter`` (no name) or ``CouponClassNotFound``.
    """
    spelling = normal_spelling(name or "")
    if not spelling:
        raise ServiceError(NULL_PARAMETER, "CouponClassName")
    found = classes.find_class(connection, customer_id, spelling, lock=lock)
    if found is None:
        raise ServiceError(COUPON_CLASS_NOT_FOUND, f"class {spelling} of customer {customer_id}")
    return found


def require_class_in_use(
    connection: Connection, customer_id: int, name: str | None, *, lock: bool = False
) -> CouponClass:
    """As ``require_class``, and refuses a class that is retired with ``CouponClassRetired``."""
    found = require_class(connection, customer_id, name, lock=lock)
    if found.retired_at is not None:
        text = f"class {found.name} since {found.retired_at.isoformat()}"
        raise ServiceError(COUPON_CLASS_RETIRED, text)
    return found


def keep_class_in_use(connection: Connection, customer_id: int, name: str | None) -> CouponClass:
    """As ``require_class_in_use``; nobody retires the class before the commit."""
    found = require_class_in_use(connection, customer_id, name)
    classes.keep_class_in_use(connection, found.class_id)
    # Whoever was retiring it meanwhile has done so.
    return require_class_in_use(connection, customer_id, name)


def _require_name(name: str) -> str:
    try:
        return normal_name(name)
    except ValueError as error:
        raise ServiceError(TERMS_INVALID, f"coupon class: {error}") from error


def _require_free_name(connection: Connection, customer_id: int, name: str) -> None:
    if classes.find_class(connection, customer_id, name) is not None:
        raise ServiceError(NAME_TAKEN, f"class {name} of customer {customer_id}")


def terms_as_json(terms: CouponTerms) -> dict[str, Any]:
    """Terms as the audit log tells them."""
    return {
        name: value if value is None or isinstance(value, bool) else str(value)
        for name, value in asdict(terms).items()
    }
