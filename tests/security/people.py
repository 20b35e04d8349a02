"""Who calls in the tests of security."""

from service.domain.roles import Role
from service.operations.users import AUTHENTICATION, DEVELOPER, add_user, issue_token
from tests.programme import Programme


def new_keys(
    programme: Programme, name: str, role: Role, customer_id: int | None
) -> dict[str, str]:
    """The SOAP headers of a new user."""
    add_user(programme.call(), name, role, customer_id)
    return {
        "DeveloperToken": issue_token(programme.call(), name, DEVELOPER).text,
        "AuthenticationToken": issue_token(programme.call(), name, AUTHENTICATION).text,
    }
