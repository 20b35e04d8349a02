"""ClaimFeatureAdoptionCoupons."""

from collections import defaultdict
from dataclasses import dataclass, field

from sqlalchemy import Connection

from service.domain.claims import Claim, ClaimableCoupon, claim
from service.domain.codes import fold_code
from service.domain.errors import (
    ACCOUNT_ID_INVALID,
    COUPON_NOT_FOUND,
    NOT_AUTHORIZED,
    NULL_PARAMETER,
)
from service.domain.programmes import Account
from service.domain.refusals import AccountError, ServiceError
from service.operations.attempts import decide
from service.operations.calls import Call
from service.operations.guesses import GUESSES, count_among_others, require_few_failures
from service.operations.lists import require_list
from service.storage import audit, claims, classes
from service.storage.accounts import find_accounts, lock_accounts
from service.storage.trouble import LostRaceError

PAIRS_COUNT_MAX = 100


@dataclass(frozen=True, slots=True)
class AccountCoupon:
    """An account, and the code of the coupon that it claims."""

    account_id: int | None = None
    coupon_code: str | None = None


@dataclass(frozen=True, slots=True)
class ClaimOutcome:
    """What became of the pairs: each has either a claim or an error, in their order."""

    claims: list[Claim] = field(default_factory=list)
    errors: list[AccountError] = field(default_factory=list)


def claim_coupons(call: Call, pairs: list[AccountCoupon] | None) -> ClaimOutcome:
    """Book coupons of features for accounts; only the account can redeem its coupon then.

    A coupon that the same account has claimed before is answered with the first
    date, so that a call can be repeated when its answer was lost. The reasons why
    a pair fails are those of ``service.domain.claims.claim``, ``NullParameter``
    (code), ``CouponNotFound``, ``UserIsNotAuthorized`` and ``AccountIdInvalid``;
    ``CallRateExceeded`` for all pairs from the one on that is one guess too many.

    Raises:
        ServiceError: ``ListNullOrEmpty``, ``BatchTooLarge`` (more than 100 pairs), or
            ``CallRateExceeded`` when too many of the caller's guesses failed before.
    """
    required = require_list("AccountCouponPairs", pairs, PAIRS_COUNT_MAX)
    return decide(call.database, lambda connection: _attempt(connection, call, required))


def _attempt(connection: Connection, call: Call, pairs: list[AccountCoupon]) -> ClaimOutcome:
    require_few_failures(connection, call)
    desk = _Desk.open(connection, call, pairs)
    for pair in pairs:
        desk.settle(pair)
    if desk.new_claims:
        _record(connection, call, desk.new_claims)
    return desk.outcome


@dataclass(slots=True)
class _Desk:
    """Where the pairs of a request are decided one after the other, each on what the last left."""

    connection: Connection
    call: Call
    accounts: dict[int, Account]
    coupons: dict[str, ClaimableCoupon]
    features: defaultdict[int, set[int | None]]
    new_claims: list[Claim] = field(default_factory=list)
    outcome: ClaimOutcome = field(default_factory=ClaimOutcome)
    held_back: ServiceError | None = None

    @classmethod
    def open(cls, connection: Connection, call: Call, pairs: list[AccountCoupon]) -> "_Desk":
        account_ids = {pair.account_id for pair in pairs if pair.account_id is not None}
        codes = {_code(pair) for pair in pairs}
        classes.keep_in_use(connection, codes)
        lock_accounts(connection, account_ids, call.caller.writable_customers)
        return cls(
            connection,
            call,
            find_accounts(connection, account_ids),
            claims.find_claimable(connection, codes),
            claims.claimed_features(connection, account_ids),
        )

    def settle(self, pair: AccountCoupon) -> None:
        try:
            self.outcome.claims.append(self._claim(pair))
        except ServiceError as error:
            refusal = self._counted(error)
            told = AccountError(refusal.row, pair.account_id or 0, refusal.details)
            self.outcome.errors.append(told)

    def _counted(self, refusal: ServiceError) -> ServiceError:
        """The refusal; or that it is one guess too many, as all pairs after it are."""
        if refusal.row in GUESSES:
            try:
                count_among_others(self.connection, self.call)
            except ServiceError as error:
                self.held_back = refusal = error
        return refusal

    def _claim(self, pair: AccountCoupon) -> Claim:
        if self.held_back is not None:
            raise self.held_back
        account, coupon = self._account(pair), self._coupon(pair)
        if coupon.claimed_at and coupon.state.claimed_account_id == account.account_id:
            return Claim(coupon.coupon_id, account.account_id, coupon.feature_id, coupon.claimed_at)
        new = claim(coupon, account, self.features[account.account_id], self.call.now)
        self.new_claims.append(new)
        self.coupons[coupon.state.code] = coupon.claimed(new)
        self.features[account.account_id].add(new.feature_id)
        return new

    def _account(self, pair: AccountCoupon) -> Account:
        """The account, for those who may change it; others cannot tell whether it exists."""
        account_id = pair.account_id or 0
        account = self.accounts.get(account_id)
        if account is not None and self.call.caller.may_write(account.customer_id):
            return account
        is_told = account_id <= 0 or self.call.caller.is_operator
        raise ServiceError(ACCOUNT_ID_INVALID if is_told else NOT_AUTHORIZED)

    def _coupon(self, pair: AccountCoupon) -> ClaimableCoupon:
        code = _code(pair)
        if not code:
            raise ServiceError(NULL_PARAMETER, "the pair has no coupon code")
        if code not in self.coupons:
            raise ServiceError(COUPON_NOT_FOUND, f"coupon {code[:100]}")
        return self.coupons[code]


def _code(pair: AccountCoupon) -> str:
    return fold_code(pair.coupon_code or "")


def _record(connection: Connection, call: Call, new_claims: list[Claim]) -> None:
    if not claims.record_claims(connection, new_claims):
        raise LostRaceError
    changes = [
        audit.Change(
            "claim",
            "coupon",
            new.coupon_id,
            after={"claimed_account_id": new.account_id, "claimed_at": new.claimed_at.isoformat()},
        )
        for new in new_claims
    ]
    audit.append(connection, call.author, changes)
