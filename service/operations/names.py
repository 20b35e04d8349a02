"""Names and codes of new things, and addresses, in requests."""

from service.domain.csv_import import checked_code
from service.domain.discount_errors import DISCOUNT_INVALID
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


def require_code(of_what: str, code: str) -> str:
    """The one form of a new coupon code: 3 to 100 visible characters.

    Raises:
        ServiceError: ``DiscountInvalid``: it cannot be a code.
    """
    try:
        return checked_code(code)
    except ValueError as error:
        raise ServiceError(DISCOUNT_INVALID, f"{of_what}: {error}") from error


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
