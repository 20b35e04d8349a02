"""UpdateCoupons: new terms for coupons that exist."""

from sqlalchemy import Connection

from service.domain.codes import fold_code
from service.domain.errors import (
    COUPON_ALREADY_REDEEMED,
    COUPON_BATCH_INCOMPLETE,
    COUPON_CLASS_RETIRED,
    COUPON_NOT_FOUND,
    CURRENCY_MISMATCH,
    ENTITY_NOT_EXISTENT,
    INPUT_INVALID,
)
from service.domain.refusals import ServiceError
from service.domain.terms import CouponTerms
from service.operations.attempts import decide
from service.operations.calls import Call
from service.operations.classes import terms_as_json
from service.storage import audit, classes, coupon_updates
from service.storage.coupon_updates import UpdatableBatch, UpdatableCoupon
from service.storage.trouble import LostRaceError


def update_coupons(
    call: Call,
    customer_id: int,
    terms: CouponTerms,
    *,
    coupon_code: str | None = None,
    batch_id: int | None = None,
) -> int:
    """Give one coupon, or all coupons of a batch, new terms; answers how many got them.

    The terms take the place of all those before. Coupons that are redeemed keep
    theirs. Others of the class wait while a batch is updated: they are neither handed
    out, claimed nor redeemed meanwhile.

    Args:
        call: Whose call it is.
        customer_id: Whose coupons they are.
        terms: All the terms that they have from now on.
        coupon_code: The one coupon, or None.
        batch_id: The batch, or None. One of the two is given.

    Raises:
        ServiceError: ``UserIsNotAuthorized``, ``ApiInputValidationError`` (both a code
            and a batch, or neither), ``TermsInvalid``, ``CouponNotFound``,
            ``EntityNotExistent`` (batch), ``CouponClassRetired``,
            ``CouponBatchIncomplete``, ``CouponAlreadyRedeemed`` (the one coupon), or
            ``CurrencyMismatch``: a coupon is claimed for an account in another
            currency.
    """
    call.caller.require_write(customer_id)
    if (coupon_code is None) == (batch_id is None):
        raise ServiceError(INPUT_INVALID, "either a coupon code or a batch is needed")
    terms.require_valid()

    def attempt(connection: Connection) -> int:
        if batch_id is not None:
            return _update_batch(connection, call, customer_id, batch_id, terms)
        return _update_coupon(connection, call, customer_id, fold_code(coupon_code or ""), terms)

    return decide(call.database, attempt)


def _update_coupon(
    connection: Connection, call: Call, customer_id: int, code: str, terms: CouponTerms
) -> int:
    class_id = _require_coupon(connection, customer_id, code).batch.class_id
    classes.have_class_alone(connection, class_id)
    # As those left it that were waited for.
    found = _require_coupon(connection, customer_id, code)
    _require_changeable(found.batch)
    if found.is_redeemed:
        raise ServiceError(COUPON_ALREADY_REDEEMED, f"coupon {found.code} keeps its terms")
    _require_currency_of_claims(connection, found.batch, terms, found.coupon_id)
    terms_id = classes.add_terms(connection, terms)
    if not coupon_updates.update_coupon(connection, found, terms_id, terms.start_date):
        raise LostRaceError
    before, after = terms_as_json(found.terms), terms_as_json(terms)
    change = audit.Change("update", "coupon", found.coupon_id, before=before, after=after)
    audit.append(connection, call.author, [change])
    return 1


def _update_batch(
    connection: Connection, call: Call, customer_id: int, batch_id: int, terms: CouponTerms
) -> int:
    class_id = _require_batch(connection, customer_id, batch_id).class_id
    classes.have_class_alone(connection, class_id)
    batch = _require_batch(connection, customer_id, batch_id)
    _require_changeable(batch)
    _require_currency_of_claims(connection, batch, terms)
    terms_id = classes.add_terms(connection, terms)
    updated_count = coupon_updates.update_batch(connection, batch_id, terms_id, terms.start_date)
    after = {**terms_as_json(terms), "updated_count": updated_count}
    change = audit.Change("update", "coupon_batch", batch_id, after=after)
    audit.append(connection, call.author, [change])
    return updated_count


def _require_coupon(connection: Connection, customer_id: int, code: str) -> UpdatableCoupon:
    found = coupon_updates.find_coupon(connection, customer_id, code)
    if found is None:
        raise ServiceError(COUPON_NOT_FOUND, f"coupon {code[:100]} of customer {customer_id}")
    return found


def _require_batch(connection: Connection, customer_id: int, batch_id: int) -> UpdatableBatch:
    found = coupon_updates.find_batch(connection, customer_id, batch_id)
    if found is None:
        raise ServiceError(ENTITY_NOT_EXISTENT, f"batch {batch_id} of customer {customer_id}")
    return found


def _require_changeable(batch: UpdatableBatch) -> None:
    if batch.is_class_retired:
        raise ServiceError(COUPON_CLASS_RETIRED, f"class of batch {batch.batch_id}")
    if batch.is_being_made:
        raise ServiceError(COUPON_BATCH_INCOMPLETE, f"batch {batch.batch_id}")


def _require_currency_of_claims(
    connection: Connection,
    batch: UpdatableBatch,
    terms: CouponTerms,
    coupon_id: int | None = None,
) -> None:
    code = coupon_updates.find_claimed_in_other_currency(
        connection, batch.batch_id, terms.currency_code, coupon_id
    )
    if code is not None:
        text = f"coupon {code} is claimed for an account that is not in {terms.currency_code}"
        raise ServiceError(CURRENCY_MISMATCH, text)
