"""Accounts: what they have and spent, their subscriptions, and what these were billed."""

from typing import Any

from flask import Response, request, url_for

from service.console.account_forms import (
    AccountSearchForm,
    CodeForm,
    NewAccountForm,
    NewSubscriptionForm,
    SpendForm,
)
from service.console.forms import CODE_LENGTH_MAX, ConfirmForm
from service.console.rendering import changed, confirm_page, page
from service.console.routing import customer_pages
from service.console.visits import this_call, this_customer
from service.domain.coupon_instances import CouponInstance, InstanceTarget
from service.domain.coupon_records import CouponRecord
from service.domain.errors import COUPON_NOT_FOUND, NAME_TAKEN, SPEND_REFERENCE_TAKEN
from service.domain.ledger import Spend
from service.domain.listings import read_key, write_key
from service.domain.money import ZERO
from service.domain.pages import Page, PageWanted
from service.domain.programmes import Account, Subscription
from service.operations.account_spend import find_spends, monthly_spend, show_spend
from service.operations.bills import rollback_bill
from service.operations.coupon_instances import InstanceQuery, list_instances
from service.operations.find_accounts import (
    find_account_coupons,
    find_accounts,
    find_subscriptions,
    show_account,
)
from service.operations.find_bills import find_bills, show_bill, show_subscription
from service.operations.parent_coupons import get_coupon
from service.operations.parties import add_account
from service.operations.record_spend import OF_BILLS, record_spend, reverse_spend
from service.operations.subscription_coupons import (
    apply_coupon,
    get_applicable_coupons,
    get_subscription_coupons,
    remove_coupon,
)
from service.operations.subscriptions import add_subscription, end_subscription

PAGE_SIZE = 50
APPLICABLE_COUNT = 10
"""How many of the coupons that could be applied are offered."""

blueprint = customer_pages("accounts", __name__)


# Accounts.


@blueprint.get("")
def index() -> Response:
    """The customer's accounts."""
    form = AccountSearchForm()
    start = form.number.data if form.validate() else None
    listing = find_accounts(
        this_call(), this_customer().customer_id, start, request.args.get("after")
    )
    return page("accounts/index.html", form, listing=listing)


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> Response:
    """Add an account that bills to the customer."""
    this_call().caller.require_operator()
    form = NewAccountForm()
    if form.validate_on_submit():
        with form.refusals({NAME_TAKEN: form.number}):
            account_id = add_account(
                this_call(),
                this_customer().customer_id,
                form.number.data or "",
                form.currency_code.data or "",
                form.email.data or None,
            )
            text = f"Account {form.number.data} is added."
            return changed(text, "accounts.show", account_id=account_id)
    return page("accounts/new.html", form)


@blueprint.get("/<int:account_id>")
def show(account_id: int) -> Response:
    """An account, and the coupons that it has."""
    account = _account(account_id)
    coupons = find_account_coupons(*_of(account), request.args.get("after"))
    return page("accounts/show.html", account=account, coupons=coupons)


# Spend.


@blueprint.get("/<int:account_id>/spend")
def spends(account_id: int) -> Response:
    """What an account spent: by month, and spend by spend, the latest first."""
    account = _account(account_id)
    listing = find_spends(*_of(account), request.args.get("after"))
    months = [(f"{month:%Y-%m}", amount) for month, amount in monthly_spend(*_of(account))]
    return page("accounts/spends.html", account=account, listing=listing, months=months)


@blueprint.route("/<int:account_id>/spend/new", methods=["GET", "POST"])
def new_spend(account_id: int) -> Response:
    """Record what an account spent."""
    this_call().caller.require_operator()
    account = _account(account_id)
    form = SpendForm()
    if form.validate_on_submit():
        with form.refusals({SPEND_REFERENCE_TAKEN: form.reference}):
            spend = record_spend(
                this_call(),
                account_id,
                form.amount.data or ZERO,
                form.reference.data or "",
                form.instant,
            )
            text = "The spend is recorded."
            return changed(text, "accounts.spend", account_id=account_id, spend_id=spend.spend_id)
    return page("accounts/new_spend.html", form, account=account)


@blueprint.get("/<int:account_id>/spend/<int:spend_id>")
def spend(account_id: int, spend_id: int) -> Response:
    """A spend, and what it did to the account's coupons."""
    account = _account(account_id)
    shown = show_spend(*_of(account), spend_id)
    return page("accounts/spend.html", account=account, spend=shown, is_of_bill=_is_of_bill(shown))


@blueprint.route("/<int:account_id>/spend/<int:spend_id>/reverse", methods=["GET", "POST"])
def reverse(account_id: int, spend_id: int) -> Response:
    """Ask whether a spend is to be taken back, and take it back."""
    this_call().caller.require_operator()
    account = _account(account_id)
    shown = show_spend(*_of(account), spend_id)
    place: dict[str, Any] = {"account_id": account_id, "spend_id": spend_id}

    def do() -> Response:
        reverse_spend(this_call(), account_id, shown.reference)
        return changed("The spend is taken back.", "accounts.spend", **place)

    return confirm_page(
        do,
        title=f"Take spend {shown.reference} back?",
        action="Take it back",
        cancel_url=url_for("accounts.spend", **place),
        consequences=[
            "What it counted towards thresholds, and what coupons gave for it, is restored.",
            "That cannot be undone: its reference cannot be used again.",
        ],
    )


def _is_of_bill(shown: Spend) -> bool:
    return shown.reference.startswith(OF_BILLS)


# Subscriptions.


@blueprint.get("/<int:account_id>/subscriptions")
def subscriptions(account_id: int) -> Response:
    """What an account buys again and again."""
    account = _account(account_id)
    listing = find_subscriptions(*_of(account), request.args.get("after"))
    return page("accounts/subscriptions.html", account=account, listing=listing)


@blueprint.route("/<int:account_id>/subscriptions/new", methods=["GET", "POST"])
def new_subscription(account_id: int) -> Response:
    """Add a subscription of an account."""
    this_call().caller.require_operator()
    account = _account(account_id)
    form = NewSubscriptionForm(currency_code=account.currency_code)
    if form.validate_on_submit():
        with form.refusals({NAME_TAKEN: form.reference}):
            subscription_id = add_subscription(
                this_call(),
                account_id,
                form.reference.data or "",
                product_id=form.product_id.data or "",
                rate_plan_id=form.rate_plan_id.data or "",
                currency_code=form.currency_code.data or None,
            )
            text = "The subscription is added."
            return changed(text, "accounts.subscription", subscription_id=subscription_id)
    return page("accounts/new_subscription.html", form, account=account)


@blueprint.get("/subscriptions/<int:subscription_id>")
def subscription(subscription_id: int) -> Response:
    """A subscription: the simple coupons that discount its bills, and those that could."""
    shown, account = _subscription(subscription_id)
    records = get_subscription_coupons(
        this_call(), shown.reference, _page_wanted(), includes_removed=True
    )
    applicable = get_applicable_coupons(
        this_call(), shown.reference, PageWanted(size=APPLICABLE_COUNT)
    )
    return page(
        "accounts/subscription.html",
        subscription=shown,
        account=account,
        records=records,
        after=_next_page(records),
        applicable=applicable,
    )


@blueprint.get("/subscriptions/<int:subscription_id>/instances")
def instances(subscription_id: int) -> Response:
    """Everything that is attached to a subscription, claims of simple coupons as well."""
    shown, account = _subscription(subscription_id)
    query = InstanceQuery(
        customer_id=this_customer().customer_id,
        target=InstanceTarget.SUBSCRIPTION,
        target_id=shown.reference,
    )
    found = list_instances(this_call(), query, _page_wanted())
    return page(
        "accounts/instances.html",
        subscription=shown,
        account=account,
        instances=[(it, _state_of(it)) for it in found.items],
        after=_next_page(found),
    )


def _state_of(instance: CouponInstance) -> str:
    now = this_call().now
    if instance.removed_at is not None:
        return "removed"
    if instance.retired_at is not None:
        return "retired"
    if instance.remaining_uses == 0:
        return "used up"
    if instance.valid_till is not None and instance.valid_till < now:
        return "expired"
    return "in effect" if instance.is_in_effect_at(now) else "to come"


@blueprint.route("/subscriptions/<int:subscription_id>/apply", methods=["GET", "POST"])
def apply(subscription_id: int) -> Response:
    """Ask whether a simple coupon is to discount the bills of a subscription, and let it."""
    this_call().caller.require_write(this_customer().customer_id)
    shown, _ = _subscription(subscription_id)
    asked = CodeForm()
    form = ConfirmForm()
    record = None
    with asked.refusals({COUPON_NOT_FOUND: asked.code}):
        if "code" in request.args and asked.validate():
            record = get_coupon(this_call(), asked.code.data)
    if record is None:
        return page("accounts/apply.html", asked, subscription=shown)
    if form.validate_on_submit():
        with form.refusals():
            apply_coupon(this_call(), shown.reference, record.coupon_code)
            text = f"Coupon {record.coupon_code} discounts the bills from now on."
            return changed(text, "accounts.subscription", subscription_id=subscription_id)
    return page("accounts/confirm_apply.html", form, subscription=shown, record=record)


@blueprint.route("/subscriptions/<int:subscription_id>/remove", methods=["GET", "POST"])
def remove(subscription_id: int) -> Response:
    """Ask whether a simple coupon is to be removed from a subscription, and remove it."""
    this_call().caller.require_write(this_customer().customer_id)
    shown, _ = _subscription(subscription_id)
    code = request.args.get("code", "")[:CODE_LENGTH_MAX]

    def do() -> Response:
        remove_coupon(this_call(), shown.reference, code)
        text = f"Coupon {code} discounts the bills no more."
        return changed(text, "accounts.subscription", subscription_id=subscription_id)

    return confirm_page(
        do,
        title=f"Remove coupon {code} from {shown.reference}?",
        action="Remove it",
        cancel_url=url_for("accounts.subscription", subscription_id=subscription_id),
        consequences=[
            "From now on it discounts no bill of the subscription. What it gave before stays.",
            "The claim is not given back to the coupon.",
        ],
    )


@blueprint.route("/subscriptions/<int:subscription_id>/end", methods=["GET", "POST"])
def end(subscription_id: int) -> Response:
    """Ask whether a subscription is to end, and end it."""
    this_call().caller.require_operator()
    shown, _ = _subscription(subscription_id)

    def do() -> Response:
        end_subscription(this_call(), shown.reference)
        text = "The subscription has ended."
        return changed(text, "accounts.subscription", subscription_id=subscription_id)

    return confirm_page(
        do,
        title=f"End subscription {shown.reference}?",
        action="End it",
        cancel_url=url_for("accounts.subscription", subscription_id=subscription_id),
        consequences=[
            "It is billed no more, and no coupon can be applied to it.",
            "That cannot be undone: its reference cannot be used again.",
        ],
    )


# Bills.


@blueprint.get("/subscriptions/<int:subscription_id>/bills")
def bills(subscription_id: int) -> Response:
    """The bills of a subscription, the newest first."""
    shown, account = _subscription(subscription_id)
    listing = find_bills(
        this_call(), this_customer().customer_id, subscription_id, request.args.get("after")
    )
    return page("accounts/bills.html", subscription=shown, account=account, listing=listing)


@blueprint.get("/subscriptions/<int:subscription_id>/bills/<int:bill_number>")
def bill(subscription_id: int, bill_number: int) -> Response:
    """A bill: its lines, what each discount took off, and why."""
    shown, account = _subscription(subscription_id)
    found = show_bill(this_call(), this_customer().customer_id, subscription_id, bill_number)
    return page(
        "accounts/bill.html",
        subscription=shown,
        account=account,
        bill=found,
        bill_number=bill_number,
    )


@blueprint.route(
    "/subscriptions/<int:subscription_id>/bills/<int:bill_number>/roll-back",
    methods=["GET", "POST"],
)
def roll_back(subscription_id: int, bill_number: int) -> Response:
    """Ask whether a bill is to be taken back, and take it back."""
    this_call().caller.require_operator()
    shown, _ = _subscription(subscription_id)
    found = show_bill(this_call(), this_customer().customer_id, subscription_id, bill_number)
    place: dict[str, Any] = {"subscription_id": subscription_id, "bill_number": bill_number}

    def do() -> Response:
        rollback_bill(this_call(), shown.reference, found.reference)
        return changed("The bill is rolled back.", "accounts.bill", **place)

    return confirm_page(
        do,
        title=f"Roll bill {found.reference} back?",
        action="Roll it back",
        cancel_url=url_for("accounts.bill", **place),
        consequences=[
            "Uses of coupons, and what redeemed coupons paid, are given back.",
            "That cannot be undone: the reference of the bill cannot be used again.",
        ],
    )


# What the address names.


def _account(account_id: int) -> Account:
    return show_account(this_call(), this_customer().customer_id, account_id)


def _of(account: Account) -> tuple[Any, int, int]:
    return this_call(), account.customer_id, account.account_id


def _subscription(subscription_id: int) -> tuple[Subscription, Account]:
    return show_subscription(this_call(), this_customer().customer_id, subscription_id)


def _page_wanted() -> PageWanted:
    """The page of a list whose pages have numbers."""
    values = read_key(request.args.get("after"), int)
    return PageWanted(values[0] if values else 0, PAGE_SIZE)


def _next_page(found: Page[CouponRecord] | Page[CouponInstance]) -> str | None:
    return write_key(_page_wanted().index + 1) if found.has_more else None
