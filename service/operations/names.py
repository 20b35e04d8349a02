"""The names of new things in requests."""

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
