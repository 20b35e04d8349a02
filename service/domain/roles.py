"""Who may do what: credentials, roles, and the caller that an operation sees."""

from dataclasses import dataclass
from enum import Enum

from service.domain.errors import NOT_AUTHORIZED
from service.domain.refusals import ServiceError


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request brings to show who sends it; absent and empty are the same.

    Either ``authentication_token`` or ``user_name`` with ``password`` names the
    user; ``developer_token`` names the program, and is always required.
    """

    developer_token: str | None = None
    authentication_token: str | None = None
    user_name: str | None = None
    password: str | None = None


class Role(str, Enum):
    """What a user may do for a customer; the operator's role is for all customers."""

    SUPER_ADMIN = "SuperAdmin"
    STANDARD = "Standard"
    READ_ONLY = "ReadOnly"
    OPERATOR = "Operator"


_WRITERS = frozenset({Role.SUPER_ADMIN, Role.STANDARD})


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated user with its rights.

    Attributes:
        user_id: The user's number; 0 for the command line, which has no user.
        user_name: The name under which the audit log knows the user.
        roles: The role in each customer that the user belongs to, by customer id.
        is_operator: Whether the user has every right on every customer.
    """

    user_id: int
    user_name: str
    roles: dict[int, Role]
    is_operator: bool = False

    def may_read(self, customer_id: int) -> bool:
        """Whether the caller sees what belongs to the customer."""
        return self.is_operator or customer_id in self.roles

    def may_write(self, customer_id: int) -> bool:
        """Whether the caller changes what belongs to the customer."""
        return self.is_operator or self.roles.get(customer_id) in _WRITERS

    @property
    def writable_customers(self) -> list[int] | None:
        """The customers whose things the caller may change; None for all of them."""
        if self.is_operator:
            return None
        return [customer_id for customer_id in self.roles if self.may_write(customer_id)]

    def require_operator(self) -> None:
        """Let only operators through; raises ``UserIsNotAuthorized``."""
        if not self.is_operator:
            raise ServiceError(NOT_AUTHORIZED, "only operators do this")

    def require_read(self, customer_id: int) -> None:
        """Let only those through who may read.

        Raises:
            ServiceError: ``UserIsNotAuthorized``, the same whether the customer
                belongs to others or does not exist.
        """
        if not self.may_read(customer_id):
            raise ServiceError(NOT_AUTHORIZED, f"customer {customer_id}")

    def require_write(self, customer_id: int) -> None:
        """Let only those through who may write; raises as ``require_read``."""
        if not self.may_write(customer_id):
            raise ServiceError(NOT_AUTHORIZED, f"customer {customer_id}")


COMMAND_LINE = Caller(user_id=0, user_name="command line", roles={}, is_operator=True)
"""Whoever may run commands on the machine of the database has every right."""
