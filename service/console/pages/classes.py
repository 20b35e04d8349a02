"""Coupon classes: listed, made, given other terms, retired, each with its figures."""

from dataclasses import replace
from http import HTTPStatus

from flask import Response, flash, request, url_for

from service.console.class_forms import ChangedTermsForm, ClassSearchForm, NewClassForm
from service.console.rendering import changed, confirm_page, page, see_other
from service.console.routing import customer_pages
from service.console.visits import this_call, this_customer
from service.domain.errors import NAME_TAKEN, PATTERN_INVALID
from service.domain.pages import Page, PageWanted
from service.domain.programmes import CouponClass
from service.operations.classes import (
    NewClass,
    add_class,
    retire_class,
    show_class_by_id,
    update_class,
)
from service.operations.programme_figures import class_figures, figures_of_classes
from service.operations.search_classes import ClassQuery, search_coupon_classes

blueprint = customer_pages("classes", __name__)

PAGE_SIZE = 50
_ONES_OWN = "coupons that are minted already keep the terms that they were minted with"


@blueprint.get("")
def index() -> Response:
    """The customer's classes by name, a page at a time, and how far their coupons came."""
    form = ClassSearchForm()
    found = _search(form) if form.validate() else Page([], has_more=False)
    class_ids = [it.class_id for it in found.items]
    return page(
        "classes/index.html",
        form,
        classes=found.items,
        figures=figures_of_classes(this_call(), this_customer().customer_id, class_ids),
        next_after=found.items[-1].name if found.has_more else None,
        is_narrowed=any(form.data.values()) or "after" in request.args,
    )


def _search(form: ClassSearchForm) -> Page[CouponClass]:
    query = ClassQuery(
        customer_id=this_customer().customer_id,
        name=form.name.data or None,
        coupon_type=form.coupon_type,
        is_retired=form.is_retired,
        after=request.args.get("after"),
    )
    return search_coupon_classes(this_call(), query, PageWanted(size=PAGE_SIZE))


@blueprint.route("/new", methods=["GET", "POST"])
def add() -> Response:
    """Make a class."""
    this_call().caller.require_write(this_customer().customer_id)
    form = NewClassForm()
    if form.validate_on_submit():
        with form.refusals({NAME_TAKEN: form.name, PATTERN_INVALID: form.code_pattern}):
            class_id = add_class(this_call(), _new_class(form))
            return changed(
                f"The class {form.name.data} is made.", "classes.show", class_id=class_id
            )
        form.show_refusal_at_its_field()
    return page("classes/add.html", form)


def _new_class(form: NewClassForm) -> NewClass:
    return NewClass(
        customer_id=this_customer().customer_id,
        name=form.name.data or "",
        terms=form.terms(),
        feature_id=form.feature_id.data,
        code_pattern=form.code_pattern.data or "",
        code_alphabet=form.code_alphabet.data or "",
        language=form.language.data or "",
    )


@blueprint.get("/<int:class_id>")
def show(class_id: int) -> Response:
    """A class: its terms, and what became of its coupons."""
    shown = _find(class_id)
    figures = class_figures(this_call(), class_id)
    return page("classes/show.html", it=shown, figures=figures)


@blueprint.route("/<int:class_id>/terms", methods=["GET", "POST"])
def terms(class_id: int) -> Response:
    """Give a class other terms."""
    this_call().caller.require_write(this_customer().customer_id)
    shown = _find(class_id)
    form = ChangedTermsForm.of(shown)
    if form.validate_on_submit():
        if not form.is_of(shown):
            form = ChangedTermsForm.of(shown, formdata=None)
            reply = page("classes/terms.html", form, it=shown, is_stale=True)
            reply.status_code = HTTPStatus.CONFLICT
            return reply
        with form.refusals():
            return _change_terms(form, shown)
        form.show_refusal_at_its_field()
    return page("classes/terms.html", form, it=shown, is_stale=False)


def _change_terms(form: ChangedTermsForm, shown: CouponClass) -> Response:
    changes = form.changes(shown.terms)
    if not changes:
        flash("Nothing was changed: these are the terms that the class has.")
        return see_other("classes.show", class_id=shown.class_id)
    update_class(this_call(), shown.customer_id, shown.name, lambda old: replace(old, **changes))
    text = f"The class {shown.name} has new terms; {_ONES_OWN}."
    return changed(text, "classes.show", class_id=shown.class_id)


@blueprint.route("/<int:class_id>/retire", methods=["GET", "POST"])
def retire(class_id: int) -> Response:
    """Retire a class, once whoever asks for it has said yes."""
    this_call().caller.require_write(this_customer().customer_id)
    shown = _find(class_id)

    def do() -> Response:
        retire_class(this_call(), shown.customer_id, shown.name)
        return changed(f"The class {shown.name} is retired.", "classes.show", class_id=class_id)

    return confirm_page(
        do,
        title=f"Retire the class {shown.name}?",
        action="Retire the class",
        cancel_url=url_for("classes.show", class_id=class_id),
        consequences=(
            "None of its coupons is minted, dispatched, claimed or redeemed any more.",
            "What is redeemed already stays redeemed, and goes on drawing.",
            "This cannot be undone, and the name stays taken.",
        ),
    )


def _find(class_id: int) -> CouponClass:
    return show_class_by_id(this_call(), this_customer().customer_id, class_id)
