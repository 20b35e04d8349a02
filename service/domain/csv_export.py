"""CSV files of coupons as they are exported; an import takes them as they are."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime

from service.domain.csv_cells import cell_of
from service.domain.terms import CouponTerms

CODE_COLUMN = "code"
COLUMNS = (
    CODE_COLUMN,
    "class",
    "coupon_type",
    "currency_code",
    "amount",
    "percent_off",
    "spend_threshold",
    "active_duration",
    "start_date",
    "end_date",
    "expiration_date",
    "is_reservation_mandatory",
    "sent_to_email",
    "sent_at",
    "claimed_account_id",
    "claimed_at",
    "redeemed_account_id",
    "redeemed_at",
    "batch_id",
)
"""The columns of an export."""


@dataclass(frozen=True, slots=True)
class CouponUse:
    """What has happened to a coupon, in the order of the columns.

    Attributes:
        redeemed_account_id: None also when the account does not bill to the coupon's owner.
    """

    sent_to_email: str | None = None
    sent_at: datetime | None = None
    claimed_account_id: int | None = None
    claimed_at: datetime | None = None
    redeemed_account_id: int | None = None
    redeemed_at: datetime | None = None


UNUSED = CouponUse()


def terms_cells(class_name: str, terms: CouponTerms) -> tuple[str, ...]:
    """The cells that coupons of a class with the same terms have in common."""
    return (
        cell_of(class_name),
        terms.coupon_type.value,
        terms.currency_code,
        cell_of(terms.amount),
        cell_of(terms.percent_off),
        cell_of(terms.spend_threshold),
        cell_of(terms.active_duration),
        cell_of(terms.start_date),
        cell_of(terms.end_date),
        cell_of(terms.expiration_date),
        cell_of(terms.is_reservation_mandatory),
    )


def use_cells(use: CouponUse) -> tuple[str, ...]:
    """The cells of what has happened to a coupon."""
    return tuple(map(cell_of, astuple(use)))


class _Sink(list[str]):
    """What a writer of the csv module writes its lines to."""

    write = list.append


def csv_lines(rows: Iterable[Sequence[str]]) -> list[str]:
    """The rows as lines, each with its end."""
    sink = _Sink()
    csv.writer(sink, lineterminator="\n").writerows(rows)
    return sink
