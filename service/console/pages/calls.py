"""Calls over SOAP: what was asked of the service, and how it went."""

from datetime import timedelta
from uuid import UUID

from flask import Response, flash, request
from wtforms import IntegerField, SelectField, StringField
from wtforms.validators import Length, NumberRange, Optional

from service.console.forms import SearchForm
from service.console.rendering import page, see_other
from service.console.routing import shared_pages
from service.console.tracking_ids import tracking_id_in
from service.console.visits import this_call
from service.domain.error_catalogue import CATALOGUE
from service.domain.error_rows import ErrorRow
from service.domain.listings import LISTING_SIZE_MAX
from service.domain.numbers import ID_MAX
from service.domain.recorded import OK, CallSearch, ChangeSearch, FoundChange
from service.operations.audit_log import find_changes
from service.operations.call_journal import find_calls

TEXT_LENGTH_MAX = 1000
FAULTS = "faults"
OUTCOMES = [
    ("", "any"),
    (OK, "ended well"),
    (FAULTS, "any fault"),
    *((it, it) for it in sorted({row.symbol for row in CATALOGUE})),
]
PERIODS = [("", "any time"), ("15", "15 minutes"), ("60", "hour"), ("1440", "24 hours")]
"""Of calls, in minutes until now."""

blueprint = shared_pages("calls", __name__)


class FindForm(SearchForm):
    """A TrackingId, with whatever was copied along with it."""

    pasted = StringField("TrackingId", [Length(max=TEXT_LENGTH_MAX)])


class CallFilter(SearchForm):
    """Which calls are listed."""

    operation = StringField("Operation", [Length(max=255)])
    outcome = SelectField("Outcome", choices=OUTCOMES, default="")
    period = SelectField("Within the last", choices=PERIODS, default="")
    user = StringField("User name", [Length(max=255)])
    customer = IntegerField("Customer number", [Optional(), NumberRange(1, ID_MAX)])


@blueprint.get("")
def index() -> Response:
    """The calls that the visitor may see, the latest first."""
    form = CallFilter()
    listing = None
    if form.validate():
        with form.refusals():
            listing = find_calls(this_call(), _search(form), request.args.get("after"))
    return page("calls/index.html", form, find_form=FindForm(), listing=listing)


def _search(form: CallFilter) -> CallSearch:
    outcome, minutes = form.outcome.data, form.period.data
    return CallSearch(
        operation=form.operation.data or None,
        outcome=outcome if outcome not in {"", FAULTS} else None,
        only_faults=outcome == FAULTS,
        since=this_call().now - timedelta(minutes=int(minutes)) if minutes else None,
        user_name=form.user.data or None,
        customer_id=form.customer.data,
    )


@blueprint.get("/find")
def find() -> Response:
    """Lead to the call whose TrackingId stands in what was pasted."""
    tracking_id = tracking_id_in(FindForm().pasted.data or "")
    if tracking_id is None:
        flash("There is no TrackingId in it: 32 hexadecimal digits, with or without hyphens.")
        return see_other("calls.index")
    return see_other("calls.show", tracking_id=tracking_id)


@blueprint.get("/<uuid:tracking_id>")
def show(tracking_id: UUID) -> Response:
    """A call, and what it changed."""
    found = find_calls(this_call(), CallSearch(tracking_id=str(tracking_id)), size=1).items
    return page(
        "calls/show.html",
        tracking_id=str(tracking_id),
        found=found[0] if found else None,
        error_row=_error_row(found[0].record.outcome) if found else None,
        changes=_changes(tracking_id),
    )


def _error_row(outcome: str) -> ErrorRow | None:
    """What the catalogue says of a fault; nothing of calls that ended well, and of bad XML."""
    return next((row for row in CATALOGUE if row.symbol == outcome), None)


def _changes(tracking_id: UUID) -> list[FoundChange] | None:
    """What the audit log has under the TrackingId; None for those who may not read the log."""
    if not this_call().caller.is_operator:
        return None
    search = ChangeSearch(tracking_id=str(tracking_id))
    return find_changes(this_call(), search, size=LISTING_SIZE_MAX).items
