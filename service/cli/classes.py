"""``class``: coupon classes, from which coupons are minted."""

from collections.abc import Iterator
from dataclasses import replace
from enum import Enum
from itertools import count
from typing import Annotated, Any

import typer

from service.cli.calls import calling
from service.cli.options import (
    ActiveDaysOption,
    AlphabetOption,
    AmountOption,
    CurrencyOption,
    CustomerOption,
    DatabaseOption,
    EndOption,
    ExpiresOption,
    JsonOption,
    NameOption,
    PatternOption,
    PercentOffOption,
    ReservationOption,
    SpendThresholdOption,
    StartOption,
)
from service.cli.output import show, show_list
from service.domain.pages import PAGE_SIZE_MAX, PageWanted
from service.domain.programmes import CouponClass
from service.domain.terms import CouponTerms, CouponType
from service.operations.calls import Call
from service.operations.classes import (
    FEATURE_ID_MAX,
    NewClass,
    add_class,
    retire_class,
    show_class,
    update_class,
)
from service.operations.search_classes import ClassQuery, search_coupon_classes

app = typer.Typer(help="Coupon classes, from which coupons are minted.", no_args_is_help=True)

_COLUMNS = (
    "class_id",
    "name",
    "terms.coupon_type",
    "terms.amount",
    "terms.percent_off",
    "terms.currency_code",
    "terms.end_date",
    "coupons_count",
    "retired_at",
)


class OptionalTerm(str, Enum):
    """Terms that a class can do without."""

    PERCENT_OFF = "percent_off"
    ACTIVE_DURATION = "active_duration"
    START_DATE = "start_date"
    END_DATE = "end_date"
    EXPIRATION_DATE = "expiration_date"


@app.command()
def add(
    customer: CustomerOption,
    name: NameOption,
    coupon_type: Annotated[CouponType, typer.Option("--type", help="Who may redeem.")],
    currency: CurrencyOption,
    amount: AmountOption = None,
    percent_off: PercentOffOption = None,
    spend_threshold: SpendThresholdOption = None,
    active_days: ActiveDaysOption = None,
    start: StartOption = None,
    end: EndOption = None,
    expires: ExpiresOption = None,
    reservation_mandatory: ReservationOption = None,
    feature: Annotated[
        int | None,
        typer.Option(
            "--feature",
            metavar="ID",
            max=FEATURE_ID_MAX,
            help="The feature whose adoption it rewards.",
        ),
    ] = None,
    pattern: PatternOption = None,
    alphabet: AlphabetOption = None,
    language: Annotated[
        str | None,
        typer.Option("--language", metavar="TAG", help="Of its mails, such as en or de-AT."),
    ] = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a coupon class. It needs an amount, a percentage, or both.

    JSON: class_id.
    """
    given = _given(
        amount=amount,
        percent_off=percent_off,
        spend_threshold=spend_threshold,
        active_duration=active_days,
        start_date=start,
        end_date=end,
        expiration_date=expires,
        is_reservation_mandatory=reservation_mandatory,
    )
    terms = CouponTerms(coupon_type=coupon_type, currency_code=currency, **given)
    rest = _given(code_pattern=pattern, code_alphabet=alphabet, language=language)
    new = NewClass(customer_id=customer, name=name, terms=terms, feature_id=feature, **rest)
    with calling(database, as_json=as_json) as call:
        class_id = add_class(call, new)
    show({"class_id": class_id}, as_json=as_json)


@app.command("list")
def list_(
    customer: CustomerOption,
    name: Annotated[
        str | None,
        typer.Option(
            "--name",
            metavar="TEXT",
            help="Only classes with this in their name, in capital or small letters.",
        ),
    ] = None,
    coupon_type: Annotated[
        CouponType | None, typer.Option("--type", help="Only classes of this type.")
    ] = None,
    feature: Annotated[
        int | None,
        typer.Option(
            "--feature",
            metavar="ID",
            max=FEATURE_ID_MAX,
            help="Only classes that reward the adoption of this feature.",
        ),
    ] = None,
    is_retired: Annotated[
        bool | None, typer.Option("--retired/--in-use", help="Only such classes.")
    ] = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """List a customer's classes, by name.

    JSON: classes, each as `class show` has it.
    """
    query = ClassQuery(
        customer_id=customer,
        name=name,
        coupon_type=coupon_type,
        feature_id=feature,
        is_retired=is_retired,
    )
    with calling(database, as_json=as_json) as call:
        classes = list(_all_pages(call, query))
    show_list("classes", classes, _COLUMNS, as_json=as_json)


@app.command("show")
def show_(
    customer: CustomerOption,
    name: NameOption,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a class and its terms.

    JSON: class_id, customer_id, name, terms_id, terms, feature_id, code_pattern,
    code_alphabet, language, coupons_count, retired_at.
    """
    with calling(database, as_json=as_json) as call:
        found = show_class(call, customer, name)
    show(found, as_json=as_json)


@app.command()
def update(
    customer: CustomerOption,
    name: NameOption,
    coupon_type: Annotated[
        CouponType | None, typer.Option("--type", help="Who may redeem.")
    ] = None,
    currency: Annotated[
        str | None, typer.Option("--currency", metavar="CODE", help="ISO 4217, such as USD.")
    ] = None,
    amount: AmountOption = None,
    percent_off: PercentOffOption = None,
    spend_threshold: SpendThresholdOption = None,
    active_days: ActiveDaysOption = None,
    start: StartOption = None,
    end: EndOption = None,
    expires: ExpiresOption = None,
    reservation_mandatory: ReservationOption = None,
    without: Annotated[
        list[OptionalTerm] | None,
        typer.Option("--without", help="A term to take away; may be given more than once."),
    ] = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change terms of a class. Coupons that are minted already keep theirs.

    JSON: the class as `class show` has it.
    """
    changes = _given(
        coupon_type=coupon_type,
        currency_code=currency,
        amount=amount,
        percent_off=percent_off,
        spend_threshold=spend_threshold,
        active_duration=active_days,
        start_date=start,
        end_date=end,
        expiration_date=expires,
        is_reservation_mandatory=reservation_mandatory,
    )
    changes.update((term.value, None) for term in without or ())
    with calling(database, as_json=as_json) as call:
        update_class(call, customer, name, lambda terms: replace(terms, **changes))
        found = show_class(call, customer, name)
    show(found, as_json=as_json)


@app.command()
def retire(
    customer: CustomerOption,
    name: NameOption,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Retire a class: none of its coupons is minted, dispatched or redeemed any more.

    JSON: the class as `class show` has it.
    """
    with calling(database, as_json=as_json) as call:
        retire_class(call, customer, name)
        found = show_class(call, customer, name)
    show(found, as_json=as_json)


def _all_pages(call: Call, query: ClassQuery) -> Iterator[CouponClass]:
    for index in count():
        page = search_coupon_classes(call, query, PageWanted(index, PAGE_SIZE_MAX))
        yield from page.items
        if not page.has_more:
            return


def _given(**options: Any) -> dict[str, Any]:
    """The options that were given; for the others, each dataclass has its own default."""
    return {name: value for name, value in options.items() if value is not None}
