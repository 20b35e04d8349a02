"""What definitions, books and instances must be like: their texts, and whatever else."""

from service.domain.discount_errors import DISCOUNT_INVALID
from service.domain.refusals import ServiceError

TEXT_LENGTH_MAX = 255
REFERENCE_LENGTH_MAX = 64
"""Of what operators call an object."""


def require(holds: bool, otherwise: str) -> None:
    """Refuse with ``DiscountInvalid`` what does not hold."""
    if not holds:
        raise ServiceError(DISCOUNT_INVALID, otherwise)


def require_text(
    name: str, text: str | None, length_max: int = TEXT_LENGTH_MAX, *, is_needed: bool = False
) -> None:
    """Refuse a text that is too long, or needed and blank.

    Args:
        name: What the caller calls it, such as ``Modifiers[0].Specifier``.
        text: None where there is none.
        length_max: In characters.
        is_needed: Whether there must be one.

    Raises:
        ServiceError: ``DiscountInvalid``, naming the element and its bound.
    """
    if is_needed and not (text or "").strip():
        raise ServiceError(DISCOUNT_INVALID, f"{name} is needed")
    if text is not None and len(text) > length_max:
        raise ServiceError(DISCOUNT_INVALID, f"{name} has at most {length_max} characters")


def require_reference(name: str, reference: str | None) -> None:
    """Refuse what no object can be called; None is for one that is to be drawn.

    Raises:
        ServiceError: ``DiscountInvalid``: it has not 1 to 64 characters, or white space
            around them.
    """
    if reference is None:
        return
    require_text(name, reference, REFERENCE_LENGTH_MAX, is_needed=True)
    if reference != reference.strip():
        raise ServiceError(DISCOUNT_INVALID, f"{name} has white space around it")
