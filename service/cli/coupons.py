"""``coupon``: coupons searched, shown, redeemed, dispatched, distributed."""

from enum import Enum
from typing import Annotated, Any

import typer

from service.cli.calls import calling
from service.cli.options import (
    COUNT_MAX,
    AccountOption,
    ClassOption,
    CustomerOption,
    DatabaseOption,
    JsonOption,
    StartsFromOption,
)
from service.cli.output import show, show_list
from service.domain.numbers import ID_MAX
from service.domain.refusals import AccountError, BatchError
from service.domain.search import (
    ORDER_BY_CLASS_NAME,
    ORDER_BY_START_DATE,
    PAGE_SIZE_MAX,
    RETURN_CLAIM_INFO,
    OrderBy,
    Paging,
    Predicate,
    SearchRequest,
)
from service.operations.classes import FEATURE_ID_MAX
from service.operations.dispatch_coupons import dispatch_coupons
from service.operations.distribute_coupons import Distribution, distribute_coupons
from service.operations.redeem_coupon import redeem_coupon
from service.operations.search_coupons import search_coupons
from service.operations.show_coupon import show_coupon

app = typer.Typer(
    help="Coupons: searched, shown, redeemed, dispatched, distributed.", no_args_is_help=True
)

CodeArgument = Annotated[str, typer.Argument(metavar="CODE", help="The coupon's code.")]


class SearchOrder(str, Enum):
    """By what a search is ordered."""

    CLASS_NAME = ORDER_BY_CLASS_NAME
    START_DATE = ORDER_BY_START_DATE


@app.command()
def search(
    customer: CustomerOption,
    class_name: Annotated[
        str | None, typer.Option("--class", metavar="NAME", help="Only coupons of this class.")
    ] = None,
    is_redeemed: Annotated[
        bool | None, typer.Option("--redeemed/--not-redeemed", help="Only such coupons.")
    ] = None,
    starts_from: StartsFromOption = None,
    order_by: Annotated[
        SearchOrder, typer.Option("--order-by", help="The order.")
    ] = SearchOrder.CLASS_NAME,
    descending: Annotated[bool, typer.Option("--descending", help="Turn the order round.")] = False,
    page: Annotated[
        int, typer.Option("--page", metavar="N", max=COUNT_MAX, help="Which page; the first is 0.")
    ] = 0,
    size: Annotated[
        int,
        typer.Option(
            "--size", metavar="N", max=COUNT_MAX, help=f"Coupons in a page, 1 to {PAGE_SIZE_MAX}."
        ),
    ] = PAGE_SIZE_MAX,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Search a customer's coupons, as the operation SearchCoupons does.

    JSON: coupons, each with the fields of the contract's Coupon.
    """
    wanted = {
        "CouponClassName": class_name,
        "IsRedeemed": None if is_redeemed is None else str(is_redeemed),
        "StartDate": None if starts_from is None else starts_from.isoformat(),
    }
    request = SearchRequest(
        predicates=[
            _predicate("CustomerId", str(customer)),
            *(_predicate(field, value) for field, value in wanted.items() if value is not None),
        ],
        ordering=[OrderBy(order_by.value, "Descending" if descending else "Ascending")],
        page_info=Paging(page, size),
        return_additional_fields=[RETURN_CLAIM_INFO],
    )
    with calling(database, as_json=as_json) as call:
        found = search_coupons(call, request)
    columns = ("coupon_code", "class_name", "send_to_email", "is_redeemed")
    show_list("coupons", found, columns, as_json=as_json)


def _predicate(field: str, value: str) -> Predicate:
    operator = "GreaterThanEquals" if field == "StartDate" else "Equals"
    return Predicate(field, operator, value)


@app.command("show")
def show_(code: CodeArgument, database: DatabaseOption = None, as_json: JsonOption = False) -> None:
    """Show a coupon, and everything that happened to it.

    JSON: coupon_id, customer_id, batch_id, coupon, history.
    """
    with calling(database, as_json=as_json) as call:
        record = show_coupon(call, code)
    if as_json:
        show(record, as_json=True)
        return
    show(record.coupon, as_json=False)
    columns = ("at", "user_name", "action", "before", "after", "tracking_id")
    show_list("history", record.history, columns, as_json=False)


@app.command()
def redeem(
    code: CodeArgument,
    account: AccountOption,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Redeem a coupon for an account. The same again answers the first date.

    JSON: redemption_date.
    """
    with calling(database, as_json=as_json) as call:
        redeemed_at = redeem_coupon(call, account, code)
    show({"redemption_date": redeemed_at}, as_json=as_json)


@app.command()
def dispatch(
    customer: CustomerOption,
    class_name: ClassOption,
    emails: Annotated[list[str], typer.Argument(metavar="EMAIL...", help="To whom.")],
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send one coupon of a class to each address. Exit code 1 when any got none.

    JSON: dispatched_count, partial_errors, each with index, email, code, message,
    details.
    """
    with calling(database, as_json=as_json) as call:
        errors = dispatch_coupons(call, list(emails), customer, class_name)
    failed = [
        {"index": error.index, "email": emails[error.index], **_told(error)} for error in errors
    ]
    served_count = len(emails) - len(failed)
    if as_json:
        show({"dispatched_count": served_count, "partial_errors": failed}, as_json=True)
    else:
        typer.echo(f"{served_count} of {len(emails)} addresses got a coupon")
        _show_failed(failed, "email")
    raise typer.Exit(1 if failed else 0)


@app.command()
def distribute(
    customer: CustomerOption,
    class_name: ClassOption,
    account_ids: Annotated[
        list[int], typer.Argument(metavar="ACCOUNT_ID...", min=1, max=ID_MAX, help="For whom.")
    ],
    feature: Annotated[
        int | None,
        typer.Option(
            "--feature",
            metavar="ID",
            max=FEATURE_ID_MAX,
            help="The feature that the class must have.",
        ),
    ] = None,
    no_notification: Annotated[
        bool, typer.Option("--no-notification", help="Send the accounts no mail.")
    ] = False,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Book one coupon of a class for each account. Exit code 1 when any got none.

    JSON: distributed_count, partial_errors, each with account_id, code, message,
    details.
    """
    request = Distribution(
        account_ids=account_ids,
        class_name=class_name,
        feature_id=feature,
        send_notification=not no_notification,
        customer_id=customer,
    )
    with calling(database, as_json=as_json) as call:
        errors = distribute_coupons(call, request)
    failed = [{"account_id": error.account_id, **_told(error)} for error in errors]
    served_count = len(account_ids) - len(failed)
    if as_json:
        show({"distributed_count": served_count, "partial_errors": failed}, as_json=True)
    else:
        typer.echo(f"{served_count} of {len(account_ids)} accounts got a coupon")
        _show_failed(failed, "account_id")
    raise typer.Exit(1 if failed else 0)


def _told(error: BatchError | AccountError) -> dict[str, Any]:
    return {"code": error.code, "message": error.message, "details": error.details}


def _show_failed(failed: list[dict[str, Any]], whom: str) -> None:
    if failed:
        show_list("partial_errors", failed, (whom, "code", "details"), as_json=False)
