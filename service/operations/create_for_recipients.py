"""CreateCouponsForRecipients: a coupon for each account, made and booked for it at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from service.domain.claims import Claim
from service.domain.codes import check_pattern, shuffled
from service.domain.errors import (
    ACCOUNT_DUPLICATE,
    ACCOUNT_ID_INVALID,
    FEATURE_ALREADY_CLAIMED,
    PATTERN_FULL,
    RECIPIENT_REFUSED,
)
from service.domain.programmes import Account, CouponClass
from service.domain.redemption import require_currency
from service.domain.refusals import ServiceError
from service.operations.attempts import decide
from service.operations.calls import Call
from service.operations.classes import require_class_in_use
from service.operations.distribute_coupons import book
from service.operations.lists import require_list
from service.operations.mint_coupons import mint_batch
from service.storage import claims
from service.storage.accounts import find_accounts, lock_accounts

ACCOUNTS_COUNT_MAX = 1000


@dataclass(frozen=True, slots=True)
class PersonalCoupons:
    """A batch of coupons, each booked for an account: the account and its code."""

    batch_id: int
    coupons: list[tuple[int, str]]


def create_coupons_for_recipients(
    call: Call,
    customer_id: int,
    class_name: str,
    account_ids: list[int] | None,
    *,
    pattern: str | None = None,
    alphabet: str | None = None,
    attributes: dict[str, Any] | None = None,
) -> PersonalCoupons:
    """Mint a coupon for each account and claim it for the account: for all of them or for none.

    Only the account can redeem its coupon. No mail is sent.

    Args:
        call: Whose call it is.
        customer_id: Whose class it is.
        class_name: Of which class.
        account_ids: Accounts of whichever customer, 1 to 1,000, none twice.
        pattern: Takes the place of the class's own; None for that.
        alphabet: Takes the place of the class's own; None for that.
        attributes: What the operator notes about the coupons.

    Raises:
        ServiceError: ``ListNullOrEmpty``, ``BatchTooLarge`` (more than 1,000 accounts),
            ``UserIsNotAuthorized``, ``CouponClassNotFound``, ``CouponClassRetired``,
            ``PatternInvalid``, ``PatternFull``: fewer codes are left than accounts were
            given, or ``RecipientRefused``: an account does not exist, stands twice, has
            another currency, or has claimed a coupon of the class's feature.
    """
    required = require_list("AccountIds", account_ids, ACCOUNTS_COUNT_MAX)
    call.caller.require_write(customer_id)

    def attempt(connection: Connection) -> PersonalCoupons:
        coupon_class = require_class_in_use(connection, customer_id, class_name, lock=True)
        code_pattern = check_pattern(
            pattern or coupon_class.code_pattern, alphabet or coupon_class.code_alphabet
        )
        _require_recipients(connection, required, coupon_class)
        batch = mint_batch(
            connection, call, coupon_class, code_pattern, len(required), attributes=attributes
        )
        if batch.created_count < len(required):
            text = f"pattern {code_pattern.text} has {batch.created_count} unused codes"
            raise ServiceError(PATTERN_FULL, text)
        # The codes are in ascending order, and those of neighbours are not to be.
        codes = [batch.codes[place] for place in shuffled(len(required))]
        coupons = list(zip(required, codes, strict=True))
        book(connection, call, _claims_of(connection, call, coupon_class, coupons), emails={})
        return PersonalCoupons(batch.batch_id, coupons)

    return decide(call.database, attempt)


def _require_recipients(
    connection: Connection, account_ids: list[int], coupon_class: CouponClass
) -> None:
    """Refuse the first account that cannot have a coupon; the others wait for nobody else."""
    accounts = find_accounts(connection, lock_accounts(connection, set(account_ids), None))
    features = claims.claimed_features(connection, accounts)
    seen: set[int] = set()
    for account_id in account_ids:
        with _told_for(account_id):
            _require_new(accounts.get(account_id), seen)
            require_currency(coupon_class.terms, accounts[account_id].currency_code)
            if coupon_class.feature_id in features[account_id]:
                raise ServiceError(FEATURE_ALREADY_CLAIMED, f"feature {coupon_class.feature_id}")
        seen.add(account_id)


def _require_new(account: Account | None, seen: set[int]) -> None:
    if account is None:
        raise ServiceError(ACCOUNT_ID_INVALID)
    if account.account_id in seen:
        raise ServiceError(ACCOUNT_DUPLICATE)


@contextmanager
def _told_for(account_id: int) -> Iterator[None]:
    try:
        yield
    except ServiceError as refusal:
        text = f"account {account_id}: {refusal.details_text}"
        raise ServiceError(RECIPIENT_REFUSED, text) from refusal


def _claims_of(
    connection: Connection, call: Call, coupon_class: CouponClass, coupons: list[tuple[int, str]]
) -> list[Claim]:
    found = claims.find_claimable(connection, [code for _, code in coupons])
    return [
        Claim(found[code].coupon_id, account_id, coupon_class.feature_id, call.now)
        for account_id, code in coupons
    ]
