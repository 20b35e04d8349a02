"""How a coupon programme goes: its funnel, its redemptions by day, its money, and work at hand."""

from collections.abc import Collection

from service.domain.figures import Figures, ProgrammeFigures
from service.operations.calls import Call


def programme_figures(call: Call, customer_id: int | None) -> ProgrammeFigures:
    """The figures of a customer's classes together.

    Args:
        call: Whose call it is.
        customer_id: None for all customers, which operators only may ask for.

    Raises:
        ServiceError: ``UserIsNotAuthorized``.
    """
    raise NotImplementedError


def class_figures(call: Call, class_id: int) -> Figures:
    """The figures of one class.

    Raises:
        ServiceError: ``UserIsNotAuthorized``, or for operators ``EntityNotExistent``.
    """
    raise NotImplementedError


def figures_of_classes(
    call: Call, customer_id: int, class_ids: Collection[int]
) -> dict[int, Figures]:
    """The figures of some classes of a customer, by their number; others are left out.

    Raises:
        ServiceError: ``UserIsNotAuthorized``.
    """
    raise NotImplementedError
