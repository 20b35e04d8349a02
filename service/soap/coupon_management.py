"""CouponManagementService: the operations for operators, named as on the wire."""

# ruff: noqa: N802, N805
# mypy: disallow-subclassing-any=False

from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, TypeVar

from service.domain.codes import DEFAULT_ALPHABET, DEFAULT_PATTERN
from service.domain.errors import NULL_PARAMETER
from service.domain.ledger import Spend
from service.domain.programmes import Account, CouponClass
from service.domain.refusals import ServiceError
from service.domain.roles import Role
from service.domain.terms import CouponTerms, CouponType
from service.operations import classes, parties, users
from service.operations.calls import Call
from service.operations.mint_coupons import mint_coupons
from service.operations.pattern_capacity import get_pattern_capacity
from service.operations.record_spend import record_spend, reverse_spend
from service.soap.declaration import ContractService, declaring
from service.soap.types.management_messages import MANAGEMENT_OPERATIONS

__all__ = ["CouponManagementService"]

Value = TypeVar("Value")

operation = declaring(MANAGEMENT_OPERATIONS)


class CouponManagementService(ContractService):
    """What operators do with a programme; the customer billing service does the rest."""

    # Coupon classes.

    @operation(changes=True)
    def AddCouponClass(call: Call, coupon_class: Any) -> int:
        """Add a coupon class."""
        given = _given(coupon_class, "CouponClass")
        new = classes.NewClass(
            customer_id=_given(given.customer_id, "CustomerId"),
            name=_given(given.name, "Name"),
            terms=_terms(given.terms),
            feature_id=given.feature_id,
            code_pattern=given.code_pattern or DEFAULT_PATTERN,
            code_alphabet=given.code_alphabet or DEFAULT_ALPHABET,
            language=given.language or classes.DEFAULT_LANGUAGE,
        )
        return classes.add_class(call, new)

    @operation()
    def GetCouponClass(call: Call, customer_id: int | None, class_name: str | None) -> Any:
        """Show a coupon class."""
        return _coupon_class(call, customer_id, class_name)

    @operation()
    def GetCouponClasses(call: Call, customer_id: int | None) -> list[Any]:
        """Show the coupon classes of a customer."""
        found = classes.list_classes(call, _given(customer_id, "CustomerId"))
        return [_class_on_wire(it) for it in found]

    @operation(changes=True)
    def UpdateCouponClass(
        call: Call, customer_id: int | None, class_name: str | None, terms: Any
    ) -> Any:
        """Give a class other terms."""
        new_terms = _terms(terms)
        owner = _given(customer_id, "CustomerId")
        classes.update_class(call, owner, class_name or "", lambda _old: new_terms)
        return _coupon_class(call, customer_id, class_name)

    @operation(changes=True)
    def RetireCouponClass(call: Call, customer_id: int | None, class_name: str | None) -> Any:
        """Retire a class."""
        classes.retire_class(call, _given(customer_id, "CustomerId"), class_name or "")
        return _coupon_class(call, customer_id, class_name)

    # Coupons.

    @operation(changes=True)
    def MintCoupons(
        call: Call,
        customer_id: int | None,
        class_name: str | None,
        coupons_count: int | None,
        code_pattern: str | None,
        code_alphabet: str | None,
        return_codes: bool | None,
    ) -> tuple[int, int, str, Decimal, list[str] | None]:
        """Mint coupons of a class."""
        batch = mint_coupons(
            call,
            _given(customer_id, "CustomerId"),
            class_name or "",
            _given(coupons_count, "CouponsCount"),
            pattern=code_pattern,
            alphabet=code_alphabet,
        )
        codes = batch.codes if return_codes else None
        density = Decimal(batch.density)
        return batch.batch_id, batch.created_count, batch.status, density, codes

    @operation()
    def GetPatternCapacity(
        _call: Call, code_pattern: str | None, code_alphabet: str | None, coupons_count: int | None
    ) -> tuple[Decimal, Decimal, bool]:
        """Tell how many codes a pattern has."""
        count = 1 if coupons_count is None else coupons_count
        found = get_pattern_capacity(code_pattern, code_alphabet, count)
        return Decimal(found.capacity), Decimal(found.density), found.is_guessable

    # Spend.

    @operation(changes=True)
    def RecordSpend(
        call: Call,
        account_id: int | None,
        amount: Decimal | None,
        reference: str | None,
        spent_at: datetime | None,
    ) -> Spend:
        """Report what an account spent."""
        account, sum_spent = _given(account_id, "AccountId"), _given(amount, "Amount")
        return record_spend(call, account, sum_spent, reference or "", spent_at)

    @operation(changes=True)
    def ReverseSpend(call: Call, account_id: int | None, reference: str | None) -> Spend:
        """Take a spend back."""
        return reverse_spend(call, _given(account_id, "AccountId"), reference or "")

    # Customers, accounts, users.

    @operation(changes=True)
    def AddCustomer(call: Call, name: str | None) -> int:
        """Add a customer."""
        return parties.add_customer(call, _given(name, "Name"))

    @operation()
    def GetCustomers(call: Call) -> list[Any]:
        """Show every customer."""
        return list(parties.list_customers(call))

    @operation(changes=True)
    def AddAccount(
        call: Call,
        customer_id: int | None,
        number: str | None,
        currency_code: str | None,
        email: str | None,
    ) -> int:
        """Add an account that bills to a customer."""
        owner = _given(customer_id, "CustomerId")
        return parties.add_account(call, owner, number or "", currency_code or "", email)

    @operation()
    def GetAccounts(call: Call, customer_id: int | None) -> list[Account]:
        """Show the accounts that bill to a customer."""
        return parties.list_accounts(call, _given(customer_id, "CustomerId"))

    @operation(changes=True)
    def AddUser(call: Call, name: str | None, role: str | None, customer_id: int | None) -> int:
        """Add a user without password or token."""
        return users.add_user(
            call, _given(name, "Name"), Role(_given(role, "Role")), customer_id, None
        )

    @operation()
    def GetUsers(call: Call) -> list[Any]:
        """Show every user with each of its roles."""
        return [
            SimpleNamespace(**asdict(user) | {"role": user.role.value})
            for user in users.list_users(call)
        ]

    @operation(changes=True)
    def DisableUser(call: Call, name: str | None) -> int:
        """End a user for good."""
        return users.disable_user(call, _given(name, "Name"))


def _given(value: Value | None, name: str) -> Value:
    """The value of an element that the operation needs.

    Raises:
        ServiceError: ``NullParameter``: it is absent, nil or empty.
    """
    if value is None or value == "":
        raise ServiceError(NULL_PARAMETER, name)
    return value


def _terms(given: Any) -> CouponTerms:
    terms = _given(given, "Terms")
    return CouponTerms(
        coupon_type=CouponType(_given(terms.coupon_type, "CouponType")),
        currency_code=_given(terms.currency_code, "CurrencyCode"),
        amount=terms.amount or Decimal(0),
        percent_off=terms.percent_off,
        spend_threshold=terms.spend_threshold or Decimal(0),
        active_duration=terms.active_duration,
        start_date=terms.start_date,
        end_date=terms.end_date,
        expiration_date=terms.expiration_date,
    )


def _coupon_class(call: Call, customer_id: int | None, class_name: str | None) -> Any:
    owner = _given(customer_id, "CustomerId")
    return _class_on_wire(classes.show_class(call, owner, class_name or ""))


def _class_on_wire(found: CouponClass) -> SimpleNamespace:
    terms = asdict(found.terms) | {"coupon_type": found.terms.coupon_type.value}
    return SimpleNamespace(**asdict(found) | {"terms": SimpleNamespace(**terms)})
