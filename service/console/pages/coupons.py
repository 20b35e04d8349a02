"""Coupons: searched, looked at, redeemed, claimed, dispatched, deleted."""

from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus

from flask import Response, abort, request, url_for
from wtforms import IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from service.console.choices import class_names, find_account_id, find_class
from service.console.class_forms import ChangedTermsForm
from service.console.forms import CODE_LENGTH_MAX, EMAIL_LENGTH_MAX, Form, SearchForm
from service.console.jobs import page_of_jobs, require_job
from service.console.rendering import changed, confirm_page, page
from service.console.routing import customer_pages
from service.console.visits import this_call, this_customer
from service.domain.deletion import DeletionFilters, Validity
from service.domain.emails import normal_address
from service.domain.errors import (
    ACCOUNT_ID_INVALID,
    COUPON_CLASS_NOT_FOUND,
    COUPON_CLASS_RETIRED,
    NOT_AUTHORIZED,
)
from service.domain.found_coupons import CouponSearch, CouponStage, FoundCoupon
from service.domain.jobs import JobStatus
from service.domain.numbers import ID_MAX
from service.domain.refusals import ServiceError
from service.domain.terms import CouponTerms
from service.operations.claim_coupons import AccountCoupon, claim_coupons
from service.operations.deletion_jobs import create_deletion_job, get_deletion_jobs
from service.operations.dispatch_coupons import ADDRESSES_COUNT_MAX, dispatch_coupons
from service.operations.find_coupons import find_coupons
from service.operations.look_at_coupon import CouponView, look_at_coupon
from service.operations.redeem_coupon import redeem_coupon
from service.operations.update_coupons import update_coupons

blueprint = customer_pages("coupons", __name__)


class CouponSearchForm(SearchForm):
    """What is known of a coupon."""

    code = StringField("Code", [Length(max=CODE_LENGTH_MAX)])
    match = SelectField(
        "Code is",
        choices=[("part", "part of it"), ("start", "its beginning"), ("all", "the whole")],
        default="part",
    )
    class_name = StringField("Class", [Length(max=100)])
    stage = SelectField(
        "State",
        choices=[("", "any"), *((stage.value, stage.value) for stage in CouponStage)],
        default="",
    )
    email = StringField("Sent to", [Length(max=EMAIL_LENGTH_MAX)])
    account = StringField("Account", [Length(max=20)])


class AccountForm(Form):
    """For which account."""

    account = StringField(
        "Account", [InputRequired("Type the account's number or id."), Length(max=20)]
    )


class DispatchForm(Form):
    """Which coupons go to whom."""

    class_name = StringField("Class", [InputRequired("Name the class."), Length(max=100)])
    emails = TextAreaField("E-mail addresses", [InputRequired("Type an address.")])

    @property
    def addresses(self) -> list[str]:
        """One address for each line; commas and semicolons part them, too."""
        text = (self.emails.data or "").replace(",", "\n").replace(";", "\n")
        return [line.strip() for line in text.splitlines() if line.strip()]

    def validate_emails(self, _field: TextAreaField) -> None:
        """Refuse all if one is wrong: nothing is sent then, and the form can be sent again."""
        addresses = self.addresses
        if not 1 <= len(addresses) <= ADDRESSES_COUNT_MAX:
            raise ValidationError(f"Type 1 to {ADDRESSES_COUNT_MAX:,} addresses.")
        seen: set[str] = set()
        for address in addresses:
            try:
                normal = normal_address(address)
            except ValueError as error:
                raise ValidationError(f"{address[:100]}: {error}") from None
            if normal in seen:
                raise ValidationError(f"{address[:100]} is there twice.")
            seen.add(normal)


WHICH = {
    "": "all that are not redeemed",
    Validity.EXPIRED.value: "those that have ended",
    Validity.NOW.value: "those that can be redeemed now",
    Validity.FUTURE.value: "those that cannot be redeemed yet",
}
"""Which coupons a deletion is about, by what the operation calls it."""


class DeletionForm(SearchForm):
    """Which coupons are to be deleted, once that is confirmed."""

    class_name = StringField("Class", [InputRequired("Name the class."), Length(max=100)])
    batch_id = IntegerField("Batch", [Optional(), NumberRange(1, ID_MAX)])
    valid = SelectField("Which of them", choices=list(WHICH.items()), default="")


# The search.


@blueprint.get("")
def index() -> Response:
    """The coupons that are as the search says, the newest batches first."""
    form = CouponSearchForm()
    found = None
    if form.validate() and (search := _search(form)):
        found = find_coupons(this_call(), search, request.args.get("after"))
    return page(
        "coupons/index.html",
        form,
        found=found,
        is_narrowed=any(request.args.values()),
        class_names=class_names(is_retired=None),
    )


def _search(form: CouponSearchForm) -> CouponSearch | None:
    """What is searched; None when the form names what there is not, and says so."""
    coupon_class = find_class(form.class_name.data)
    if form.class_name.data and coupon_class is None:
        form.class_name.errors = ["There is no class of this name."]
    account_id = find_account_id(form.account.data) if form.account.data else None
    if form.account.data and account_id is None:
        form.account.errors = ["There is no account of this number."]
    if form.errors:
        return None
    code = form.code.data or None
    return CouponSearch(
        customer_id=this_customer().customer_id,
        class_id=None if coupon_class is None else coupon_class.class_id,
        code=code if form.match.data == "all" else None,
        code_start=code if form.match.data == "start" else None,
        code_part=code if form.match.data == "part" else None,
        email=form.email.data or None,
        account_id=account_id,
        stage=CouponStage(form.stage.data) if form.stage.data else None,
    )


# One coupon.


@blueprint.get("/<int:coupon_id>")
def show(coupon_id: int) -> Response:
    """A coupon: its terms, how far it has come, and its history."""
    view = _look(coupon_id)
    coupon_class = find_class(view.found.name) if view.coupon else None
    # Only coupons that reward the adoption of a feature are claimed.
    is_claimable = coupon_class is not None and coupon_class.feature_id is not None
    return page("coupons/show.html", view=view, is_claimable=is_claimable)


def _look(coupon_id: int) -> CouponView:
    return look_at_coupon(this_call(), this_customer().customer_id, coupon_id)


def _look_at_usable(coupon_id: int) -> CouponView:
    """A coupon that something can be done with: of a class, and not deleted."""
    this_call().caller.require_write(this_customer().customer_id)
    view = _look(coupon_id)
    if view.coupon is None or view.terms is None:
        abort(HTTPStatus.NOT_FOUND)
    return view


@blueprint.route("/<int:coupon_id>/redeem", methods=["GET", "POST"])
def redeem(coupon_id: int) -> Response:
    """Ask for which account a coupon is redeemed, and redeem it."""

    def do(code: str, account_id: int) -> str:
        redeem_coupon(this_call(), account_id, code)
        return f"Account {account_id} has redeemed the coupon."

    return _for_account(
        coupon_id,
        do,
        title="Redeem",
        consequence="The coupon is bound to the account. That cannot be undone.",
    )


@blueprint.route("/<int:coupon_id>/claim", methods=["GET", "POST"])
def claim(coupon_id: int) -> Response:
    """Ask for which account a coupon is booked, and book it."""

    def do(code: str, account_id: int) -> str:
        for error in claim_coupons(this_call(), [AccountCoupon(account_id, code)]).errors:
            raise ServiceError(error.row, error.text)
        return f"The coupon is claimed for account {account_id}."

    return _for_account(
        coupon_id,
        do,
        title="Claim",
        consequence="Only this account can redeem the coupon then. That cannot be undone.",
    )


def _for_account(
    coupon_id: int, do: Callable[[str, int], str], *, title: str, consequence: str
) -> Response:
    """A page that asks for an account, and does something with it and a coupon."""
    view = _look_at_usable(coupon_id)
    form = AccountForm(account=view.found.account_number)
    if form.validate_on_submit():
        with form.refusals({ACCOUNT_ID_INVALID: form.account, NOT_AUTHORIZED: form.account}):
            account_id = find_account_id(form.account.data or "") or 0
            return changed(do(view.found.code, account_id), "coupons.show", coupon_id=coupon_id)
    return page("coupons/account.html", form, view=view, title=title, consequence=consequence)


@blueprint.route("/<int:coupon_id>/terms", methods=["GET", "POST"])
def terms(coupon_id: int) -> Response:
    """Give one coupon other terms."""
    view = _look_at_usable(coupon_id)
    form = ChangedTermsForm.of(view)
    if form.validate_on_submit() and view.terms is not None and form.is_of(view):
        with form.refusals():
            new = replace(view.terms, **form.changes(view.terms))
            return _change_terms(view.found, new)
        form.show_refusal_at_its_field()
    is_stale = form.is_submitted() and not form.is_of(view)
    shown = ChangedTermsForm.of(view, formdata=None) if is_stale else form
    reply = page("coupons/terms.html", shown, view=view, is_stale=is_stale)
    if is_stale:
        reply.status_code = HTTPStatus.CONFLICT
    return reply


def _change_terms(found: FoundCoupon, new: CouponTerms) -> Response:
    update_coupons(this_call(), found.customer_id, new, coupon_code=found.code)
    return changed("The coupon has new terms.", "coupons.show", coupon_id=found.coupon_id)


@blueprint.route("/<int:coupon_id>/delete", methods=["GET", "POST"])
def delete_one(coupon_id: int) -> Response:
    """Ask whether a coupon is to be deleted, and let a job do so."""
    view = _look_at_usable(coupon_id)
    code = view.found.code
    filters = DeletionFilters(value=code, exact_match=True, batch_id=view.found.batch_id)
    return confirm_page(
        lambda: _begin_deletion(view.found.name, filters),
        title=f"Delete coupon {code}?",
        action="Delete it",
        cancel_url=url_for("coupons.show", coupon_id=coupon_id),
        consequences=[
            "Nobody can redeem it any more, and its code is never used again.",
            "A mail about it that has not been sent is not sent.",
            "That cannot be undone.",
        ],
    )


# Dispatch.


@blueprint.route("/dispatch", methods=["GET", "POST"])
def dispatch() -> Response:
    """Ask for addresses, and send each a coupon of a class."""
    this_call().caller.require_write(this_customer().customer_id)
    form = DispatchForm(class_name=request.args.get("class_name"))
    if form.validate_on_submit():
        fields = {COUPON_CLASS_NOT_FOUND: form.class_name, COUPON_CLASS_RETIRED: form.class_name}
        with form.refusals(fields):
            text, name = _dispatch(form), form.class_name.data
            return changed(text, "coupons.index", class_name=name, stage="dispatched")
    return page("coupons/dispatch.html", form, class_names=class_names())


def _dispatch(form: DispatchForm) -> str:
    """Send the coupons; answers what came of it."""
    addresses = form.addresses
    customer_id = this_customer().customer_id
    errors = dispatch_coupons(this_call(), [*addresses], customer_id, form.class_name.data)
    sent_count = len(addresses) - len(errors)
    if not errors:
        return f"Coupons go to {sent_count:,} addresses."
    # Addresses were tried before: coupons have run out, and were given in this order.
    first = addresses[errors[0].index]
    return (
        f"Coupons go to {sent_count:,} addresses. There was none for the other {len(errors):,},"
        f" from {first} on: mint more."
    )


# Deletion of many.


@blueprint.route("/delete", methods=["GET", "POST"])
def delete() -> Response:
    """Ask which coupons are to be deleted, then whether they are, and let a job do so."""
    this_call().caller.require_write(this_customer().customer_id)
    chosen = DeletionForm()
    # A link to this page may name the class; what its own form sends names all.
    is_chosen = "valid" in request.args and chosen.validate()
    if not is_chosen:
        return page("coupons/delete.html", chosen, class_names=class_names(is_retired=None))
    class_name = str(chosen.class_name.data)
    filters = DeletionFilters(batch_id=chosen.batch_id.data, valid=chosen.valid.data or None)
    batch = f" in batch {filters.batch_id}" if filters.batch_id else ""
    return confirm_page(
        lambda: _begin_deletion(class_name, filters),
        title=f"Delete coupons of the class {class_name}?",
        action="Delete them",
        cancel_url=url_for("coupons.delete", class_name=class_name),
        consequences=[
            f"Deleted are {WHICH[chosen.valid.data]}{batch}. Coupons that are redeemed stay.",
            "Nobody can redeem the others any more, and their codes are never used again.",
            "Mails about them that have not been sent are not sent.",
            "That cannot be undone, nor be cancelled.",
        ],
    )


def _begin_deletion(class_name: str, filters: DeletionFilters) -> Response:
    customer_id = this_customer().customer_id
    job = create_deletion_job(this_call(), customer_id, class_name, filters)
    return changed(f"Job {job.job_id} deletes the coupons.", "coupons.deletion", job_id=job.job_id)


@blueprint.get("/deletions")
def deletions() -> Response:
    """The jobs that delete coupons, newest first."""
    jobs, after = page_of_jobs(get_deletion_jobs)
    return page("coupons/deletions.html", jobs=jobs, after=after)


@blueprint.get("/deletions/<int:job_id>")
def deletion(job_id: int) -> Response:
    """A job that deletes coupons: how far it is."""
    job = require_job(get_deletion_jobs, job_id)
    is_pending = job.status is JobStatus.PENDING
    reply = page("coupons/deletion.html", job=job, is_pending=is_pending)
    if "HX-Request" in request.headers and not is_pending:
        reply.headers["HX-Refresh"] = "true"
    return reply
