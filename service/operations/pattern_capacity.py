"""GetPatternCapacity."""

from dataclasses import dataclass

from service.domain.codes import DEFAULT_ALPHABET, DENSITY_MIN, check_pattern
from service.domain.errors import NULL_PARAMETER, QUANTITY_OUT_OF_RANGE
from service.domain.refusals import ServiceError


@dataclass(frozen=True, slots=True)
class PatternCapacity:
    """How far a pattern reaches.

    Attributes:
        capacity: How many different codes it has.
        density: Codes per coupon: how many guesses find one, on average.
        is_guessable: Whether that is fewer than ``codes.DENSITY_MIN``.
    """

    capacity: int
    density: int
    is_guessable: bool


def get_pattern_capacity(
    pattern: str | None, alphabet: str | None, coupons_count: int
) -> PatternCapacity:
    """Tell how many codes a pattern has, and how well they hide so many coupons.

    Raises:
        ServiceError: ``NullParameter`` (CodePattern), ``PatternInvalid`` or
            ``QuantityOutOfRange``.
    """
    if not pattern:
        raise ServiceError(NULL_PARAMETER, "CodePattern")
    if coupons_count < 1:
        raise ServiceError(QUANTITY_OUT_OF_RANGE, f"{coupons_count} coupons are fewer than 1")
    checked = check_pattern(pattern, alphabet or DEFAULT_ALPHABET)
    density = checked.density(coupons_count)
    return PatternCapacity(checked.capacity, density, density < DENSITY_MIN)
