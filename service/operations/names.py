"""Names of new things, and addresses, in requests."""

from service.domain.emails import normal_address
from service.domain.errors import INPUT_INVALID
from service.domain.names import normal_name
from service.domain.refusals import ServiceError


def require_name(of_what: str, name: str) -> str:
    """The one spelling of a new name.

    Raises:
        ServiceError: ``ApiInputValidationError``: it cannot be a name.
    """
    try:
        return normal_name(name)
    except ValueError as error:
        raise ServiceError(INPUT_INVALID, f"{of_what}: {error}") from error


def require_address(email: str | None) -> str | None:
    """The one spelling of an e-mail address; None, which stands for none, stays None.

    Raises:
        ServiceError: ``ApiInputValidationError``: it is not an address.
    """
    if email is None:
        return None
    try:
        return normal_address(email)
    except ValueError as error:
        raise ServiceError(INPUT_INVALID, f"e-mail {email[:40]!r}: {error}") from error
