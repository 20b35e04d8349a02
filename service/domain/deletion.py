"""Jobs that delete coupons: which coupons they are asked to delete, and how far they are."""

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from service.domain.codes import fold_code
from service.domain.errors import INPUT_INVALID
from service.domain.jobs import JobStatus
from service.domain.refusals import ServiceError

_INSTANTS = (
    "created_before",
    "created_after",
    "starts_before",
    "starts_after",
    "expires_before",
    "expires_after",
)


class Validity(str, Enum):
    """When a coupon can be redeemed, seen from the creation of the job."""

    EXPIRED = "expired"
    NOW = "validNow"
    FUTURE = "validFuture"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionFilters:
    """Which coupons are deleted: those that every filter lets through which is given.

    A coupon that is redeemed is never deleted. What is before or after an instant is
    not at it.

    Attributes:
        created_before: Minted earlier; so for ``created_after``.
        starts_before: StartDate; a coupon without one passes neither this nor
            ``starts_after``.
        expires_before: The last instant of redemption, which is the earlier of EndDate
            and ExpirationDate; a coupon without either passes neither this nor
            ``expires_after``.
        valid: See ``Validity``; the text of one of its members.
        usable: Whether it can still be redeemed, which is whether it is not redeemed:
            False lets nothing through that could be deleted.
        value: The code; letters and digits are compared, without regard to case.
        exact_match: Whether all characters of the code are compared.
        batch_id: The batch.
        recipient_account_id: The account that has claimed it.
    """

    created_before: datetime | None = None
    created_after: datetime | None = None
    starts_before: datetime | None = None
    starts_after: datetime | None = None
    expires_before: datetime | None = None
    expires_after: datetime | None = None
    valid: str | None = None
    usable: bool | None = None
    value: str | None = None
    exact_match: bool = False
    batch_id: int | None = None
    recipient_account_id: int | None = None

    def require_valid(self) -> None:
        """Refuse filters that mean nothing.

        Raises:
            ServiceError: ``ApiInputValidationError``: ``valid`` is none of its three
                texts, or ``value`` has nothing to compare.
        """
        known = [member.value for member in Validity]
        if self.valid is not None and self.valid not in known:
            text = f"Valid is {self.valid[:40]!r}, not one of {', '.join(known)}"
            raise ServiceError(INPUT_INVALID, text)
        if self.value is not None and not self.compared(self.value):
            raise ServiceError(INPUT_INVALID, "Value has no letter and no digit")

    def compared(self, code: str) -> str:
        """What of a code is compared with that of ``value``."""
        folded = fold_code(code)
        if self.exact_match:
            return folded
        return "".join(character for character in folded if character.isalnum())

    def as_json(self) -> dict[str, Any]:
        """The filters that are given, as JSON values."""
        return {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in asdict(self).items()
            if value is not None
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "DeletionFilters":
        """What ``as_json`` was made from."""
        instants = {
            name: datetime.fromisoformat(values[name]) for name in _INSTANTS if name in values
        }
        return cls(**{**values, **instants})


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionJob:
    """A job that deletes coupons of a class, or of all classes of a customer.

    Attributes:
        class_id: None for all classes.
        deleted_amount: How many are deleted so far.
        chunk_execution_count: How many chunks were tried; ``fail_count`` of them failed.
        errors: Why, the latest last.
        created_by: The user's number; 0 for the command line.
        communicated: Whether the creator's mail about the end was sent.
    """

    job_id: int
    created_at: datetime
    customer_id: int
    class_id: int | None
    class_name: str | None
    filters: DeletionFilters
    status: JobStatus
    deleted_amount: int
    fail_count: int
    errors: list[str]
    created_by: int
    communicated: bool
    chunk_execution_count: int
    ended_at: datetime | None
