"""Customers, accounts and users."""

# ruff: noqa: N802, N805
# mypy: disallow-subclassing-any=False

from dataclasses import asdict
from types import SimpleNamespace
from typing import Any

from service.domain.programmes import Account, Subscription
from service.domain.roles import Role
from service.operations import parties, subscriptions, users
from service.operations.calls import Call
from service.soap.declaration import ContractService
from service.soap.management.elements import given, operation

__all__ = ["PartyOperations"]


class PartyOperations(ContractService):
    """Who takes part in a programme."""

    @operation(changes=True)
    def AddCustomer(call: Call, name: str | None) -> int:
        """Add a customer."""
        return parties.add_customer(call, given(name, "Name"))

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
        owner = given(customer_id, "CustomerId")
        return parties.add_account(call, owner, number or "", currency_code or "", email)

    @operation()
    def GetAccounts(call: Call, customer_id: int | None) -> list[Account]:
        """Show the accounts that bill to a customer."""
        return parties.list_accounts(call, given(customer_id, "CustomerId"))

    @operation(changes=True)
    def AddSubscription(
        call: Call,
        account_id: int | None,
        reference: str | None,
        product_id: str | None,
        rate_plan_id: str | None,
        currency_code: str | None,
    ) -> int:
        """Note that an account has subscribed to a product."""
        return subscriptions.add_subscription(
            call,
            given(account_id, "AccountId"),
            given(reference, "Reference"),
            product_id=given(product_id, "ProductId"),
            rate_plan_id=given(rate_plan_id, "RatePlanId"),
            currency_code=currency_code or None,
        )

    @operation()
    def GetSubscriptions(call: Call, account_id: int | None) -> list[Subscription]:
        """Show the subscriptions of an account."""
        return subscriptions.list_subscriptions(call, given(account_id, "AccountId"))

    @operation(changes=True)
    def EndSubscription(call: Call, reference: str | None) -> Subscription:
        """End a subscription."""
        return subscriptions.end_subscription(call, given(reference, "Reference"))

    @operation(changes=True)
    def AddUser(
        call: Call,
        name: str | None,
        role: str | None,
        customer_id: int | None,
        email: str | None,
    ) -> int:
        """Add a user without password or token."""
        kind = Role(given(role, "Role"))
        return users.add_user(call, given(name, "Name"), kind, customer_id, email=email or None)

    @operation(changes=True)
    def SetUserEmail(call: Call, name: str | None, email: str | None) -> int:
        """Give a user another address, or none."""
        return users.set_email(call, given(name, "Name"), email or None)

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
        return users.disable_user(call, given(name, "Name"))
