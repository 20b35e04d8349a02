"""Somebody who may redeem coupons, and guesses."""

from service.domain.error_rows import ErrorRow
from service.domain.refusals import ServiceError
from service.domain.roles import Caller, Role
from service.operations.claim_coupons import AccountCoupon, claim_coupons
from service.operations.redeem_coupon import redeem_coupon
from service.operations.users import add_user
from tests.programme import Programme


class Shop:
    """A customer's user, who may redeem coupons for one account."""

    def __init__(self, programme: Programme) -> None:
        self.programme = programme
        customer_id = programme.customer()
        self.account = programme.account(customer_id)
        self.others_account = programme.account(programme.customer())
        self.coupon = programme.coupon(customer_id)
        user_id = add_user(programme.call(), "Kim", Role.STANDARD, customer_id)
        self.user = Caller(user_id, "Kim", {customer_id: Role.STANDARD})

    def redeem(self, code: str, account: int | None = None, user: Caller | None = None) -> object:
        """The date, or why not."""
        call = self.programme.call(user or self.user)
        try:
            return redeem_coupon(call, account or self.account, code)
        except ServiceError as error:
            return error.row

    def claim(self, *codes: str) -> list[ErrorRow]:
        """Claim for the account; why not."""
        pairs = [AccountCoupon(self.account, code) for code in codes]
        return [it.row for it in claim_coupons(self.programme.call(self.user), pairs).errors]
