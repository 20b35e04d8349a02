"""Pages out of templates: what every template knows."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from flask import (
    Flask,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from jinja2 import StrictUndefined

from service.console import charts
from service.console.formatting import FILTERS
from service.console.forms import ConfirmForm, Form
from service.console.navigation import links
from service.console.visits import find_visit, this_tracking_id


def page(template: str, form: Form | None = None, **values: Any) -> Response:
    """A page; one whose form is refused says so by its status, 422.

    Args:
        template: Its file below ``templates/``.
        form: The form on it, if it has one.
        values: What the template shows, by name.
    """
    is_refused = form is not None and form.is_refused
    status = HTTPStatus.UNPROCESSABLE_ENTITY if is_refused else HTTPStatus.OK
    return make_response(render_template(template, form=form, **values), status)


def confirm_page(
    do: Callable[[], Response],
    *,
    title: str,
    action: str,
    cancel_url: str,
    consequences: Iterable[str],
) -> Response:
    """A page that asks before something is done that cannot be undone, and does it then.

    Its form is posted to the address of the page itself when the answer is yes.

    Args:
        do: Does it, and answers what the browser is led to; a refusal is shown by the page.
        title: What is asked: "Retire the class Spring?"
        action: What the button says: "Retire".
        cancel_url: Where the answer no leads.
        consequences: Sentences about what will be and what will not.
    """
    form = ConfirmForm()
    if form.validate_on_submit():
        with form.refusals():
            return do()
    return page(
        "confirm.html",
        form,
        title=title,
        action=action,
        cancel_url=cancel_url,
        consequences=consequences,
    )


def changed(message: str, endpoint: str, **values: Any) -> Response:
    """Lead to a page that tells of a change, and under which TrackingId it is found again.

    Args:
        message: What was done, as a sentence.
        endpoint: Of the page, such as ``users.show``.
        values: Of its address.
    """
    flash(f"{message} TrackingId {this_tracking_id()}")
    return see_other(endpoint, **values)


def see_other(endpoint: str, **values: Any) -> Response:
    """Lead to another page, which the browser asks for by GET."""
    return make_response(redirect(url_for(endpoint, **values), HTTPStatus.SEE_OTHER))


def here(**changes: object) -> str:
    """The address of this page with some values of its query changed; None drops one."""
    query = {**request.args.to_dict(flat=False), **changes}
    text = urlencode({name: it for name, it in query.items() if it is not None}, doseq=True)
    # Apart from the query: whatever a name in it means to Flask, here it means nothing.
    path = url_for(request.endpoint or "start.index", **(request.view_args or {}))
    return f"{path}?{text}" if text else path


def prepare_templates(app: Flask) -> None:
    """Give every template its filters, its values, and no value that is not there."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.globals.update(columns_of=charts.columns, share_of=charts.share, here=here)
    app.context_processor(_values)


def _values() -> dict[str, Any]:
    visit = find_visit()
    if visit is None:
        return {"visit": None, "user": None, "customer": None, "may_write": False}
    caller, customer = visit.call.caller, visit.customer
    return {
        "visit": visit,
        "user": caller,
        "customer": customer,
        "may_write": customer is not None and caller.may_write(customer.customer_id),
        "navigation": links(visit),
        "sign_out_url": url_for("sign_in.sign_out"),
    }
