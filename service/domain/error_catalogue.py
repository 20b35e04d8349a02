"""The catalogue of every numbered error; ``docs/errors.md`` is generated from it."""

from service.domain import discount_errors, errors
from service.domain.error_rows import ErrorRow, every_row, row_named

__all__ = ["CATALOGUE", "ERROR_MODULES", "row_named"]

ERROR_MODULES = (errors, discount_errors)
"""The modules whose rows the catalogue has."""
CATALOGUE: tuple[ErrorRow, ...] = tuple(every_row())
