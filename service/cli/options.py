"""Options that several commands share, and how their values are read."""

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer

from service.domain.instants import parse_instant
from service.domain.numbers import ID_MAX, INT_MAX

COUNT_MAX = INT_MAX
"""The largest count or page that an option takes."""


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise typer.BadParameter(f"{text!r} is not a number such as 12.50") from None


def _start(text: str) -> datetime:
    return read_instant(text, bare_date_is_end=False)


def _end(text: str) -> datetime:
    return read_instant(text, bare_date_is_end=True)


def read_instant(text: str, *, bare_date_is_end: bool) -> datetime:
    """As ``parse_instant``; what is none is told as every bad option is."""
    try:
        return parse_instant(text, bare_date_is_end=bare_date_is_end)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        help="SQLAlchemy URL of the database; without it, the setting of this name.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
CustomerOption = Annotated[
    int, typer.Option("--customer", metavar="ID", min=1, max=ID_MAX, help="The customer's number.")
]
AccountOption = Annotated[
    int, typer.Option("--account", metavar="ID", min=1, max=ID_MAX, help="The account's number.")
]
ClassOption = Annotated[
    str, typer.Option("--class", metavar="NAME", help="The coupon class's name.")
]
OfClassOption = Annotated[
    str | None, typer.Option("--class", metavar="NAME", help="Only coupons of this class.")
]
OfBatchOption = Annotated[
    int | None,
    typer.Option("--batch", metavar="ID", min=1, max=ID_MAX, help="Only coupons of this batch."),
]
NameOption = Annotated[str, typer.Option("--name", metavar="NAME", help="Its name.")]

# The terms of a coupon class; None when the option is not given.

CurrencyOption = Annotated[
    str, typer.Option("--currency", metavar="CODE", help="ISO 4217, such as USD.")
]
SpentAmountOption = Annotated[
    Decimal,
    typer.Option(
        "--amount", metavar="AMOUNT", parser=_decimal, help="In the account's currency, above 0."
    ),
]
AmountOption = Annotated[
    Decimal | None,
    typer.Option(
        "--amount",
        metavar="AMOUNT",
        parser=_decimal,
        help="Face value; with --percent-off the most that it gives, 0 for no bound.",
    ),
]
PercentOffOption = Annotated[
    Decimal | None,
    typer.Option(
        "--percent-off",
        metavar="PERCENT",
        parser=_decimal,
        help="Discount in percent, above 0 and at most 100.",
    ),
]
SpendThresholdOption = Annotated[
    Decimal | None,
    typer.Option(
        "--spend-threshold",
        metavar="AMOUNT",
        parser=_decimal,
        help="What an account must spend after redemption before the coupon can be used.",
    ),
]
ActiveDaysOption = Annotated[
    int | None,
    typer.Option(
        "--active-days", metavar="DAYS", max=COUNT_MAX, help="Days of use from redemption."
    ),
]
StartOption = Annotated[
    datetime | None,
    typer.Option(
        "--start",
        metavar="DATE",
        parser=_start,
        help="First instant of redemption, in UTC; a bare date is its midnight.",
    ),
]
EndOption = Annotated[
    datetime | None,
    typer.Option(
        "--end",
        metavar="DATE",
        parser=_end,
        help="Last instant of redemption, in UTC; a bare date is its last microsecond.",
    ),
]
ExpiresOption = Annotated[
    datetime | None,
    typer.Option(
        "--expires",
        metavar="DATE",
        parser=_end,
        help="Last instant of use, in UTC; a bare date is its last microsecond.",
    ),
]
ReservationOption = Annotated[
    bool | None,
    typer.Option(
        "--reservation-mandatory/--no-reservation-mandatory",
        help="Whether only the account that has claimed a coupon may redeem it.",
        show_default=False,
    ),
]
TokenExpiresOption = Annotated[
    datetime | None,
    typer.Option(
        "--expires",
        metavar="DATE",
        parser=_end,
        help="From when on it is not accepted, in UTC; a bare date is its last microsecond.",
    ),
]
SpentOption = Annotated[
    datetime | None,
    typer.Option(
        "--date",
        metavar="DATE",
        parser=_start,
        help="When it was spent, in UTC; a bare date is its midnight. Without it, now.",
    ),
]
StartsFromOption = Annotated[
    datetime | None,
    typer.Option(
        "--starts-from",
        metavar="DATE",
        parser=_start,
        help="Only coupons whose StartDate is this day, in UTC, or later.",
    ),
]

# How codes are drawn.

PatternOption = Annotated[
    str | None,
    typer.Option(
        "--pattern", metavar="TEXT", help="Pattern of the codes: # stands for a drawn character."
    ),
]
AlphabetOption = Annotated[
    str | None,
    typer.Option("--alphabet", metavar="TEXT", help="The characters that are drawn."),
]
