"""Customers: added by operators; ``start`` lists them."""

from flask import Response

from service.console.account_forms import NewCustomerForm
from service.console.rendering import changed, page
from service.console.routing import operator_pages
from service.console.visits import this_call
from service.domain.errors import INPUT_INVALID
from service.operations.parties import add_customer

blueprint = operator_pages("customers", __name__)


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> Response:
    """Add a customer."""
    form = NewCustomerForm()
    if form.validate_on_submit():
        with form.refusals({INPUT_INVALID: form.name}):
            customer_id = add_customer(this_call(), form.name.data or "")
            return changed(
                f"Customer {customer_id} is added.", "overview.index", customer_id=customer_id
            )
    return page("customers/new.html", form)
