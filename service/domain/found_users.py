"""Users as operators see them."""

from dataclasses import dataclass
from datetime import datetime

from service.domain.roles import Role


@dataclass(frozen=True, slots=True)
class FoundRole:
    """A role of a user.

    Attributes:
        customer_id: None for the operator's, which is for all customers.
    """

    role: Role
    customer_id: int | None
    customer_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundUser:
    """A user in a list.

    Attributes:
        email: Where the user is told that a job has ended; None for nowhere.
        has_password: Whether the user may sign in by name and password.
        disabled_at: Since when the user is none any more; None for a user in use.
        tokens_in_force: How many tokens the user has that are not revoked; some may have expired.
    """

    user_id: int
    name: str
    email: str | None
    has_password: bool
    created_at: datetime
    disabled_at: datetime | None
    roles: tuple[FoundRole, ...]
    tokens_in_force: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundToken:
    """A token of a user, never its text; ``last_used_at`` is right to two minutes."""

    token_id: int
    kind: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
