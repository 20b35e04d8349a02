"""Customers, accounts and users."""

# ruff: noqa: N802, N805
# mypy: disallow-subclassing-any=False

from dataclasses import asdict
from types import SimpleNamespace
from typing import Any

from service.domain.programmes import Account
from service.domain.roles import Role
from service.operations import parties, users
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
    def AddUser(call: Call, name: str | None, role: str | None, customer_id: int | None) -> int:
        """Add a user without password or token."""
        return users.add_user(
            call, given(name, "Name"), Role(given(role, "Role")), customer_id, None
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
        return users.disable_user(call, given(name, "Name"))
