"""A page that has each macro once, as no page of the console does."""

from datetime import timedelta
from decimal import Decimal

from flask import Blueprint, Response, flash, get_template_attribute, request
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired

from service.console.forms import Form
from service.console.rendering import confirm_page, page, see_other
from service.console.visits import this_call
from service.domain.errors import ENTITY_NOT_EXISTENT, NAME_TAKEN
from service.domain.refusals import ServiceError

blueprint = Blueprint("gallery", __name__, url_prefix="/gallery", template_folder="templates")


class GalleryForm(Form):
    name = StringField("Name", [DataRequired("Type a name.")])
    kind = SelectField("Kind", choices=["One", "Two"])
    text = TextAreaField("Text")
    ticked = BooleanField("Ticked")


@blueprint.route("", methods=["GET", "POST"])
def index() -> Response:
    form = GalleryForm()
    if form.validate_on_submit():
        with form.refusals({NAME_TAKEN: form.name}):
            row = NAME_TAKEN if form.name.data == "taken" else ENTITY_NOT_EXISTENT
            raise ServiceError(row, f"class {form.name.data}")
    flash("Done.")
    now = this_call().now
    days = [((now + timedelta(days=n)).date().isoformat(), n * n) for n in range(30)]
    amount, percent = Decimal("1234.5"), Decimal("12.5")
    return page("gallery.html", form, days=days, now=now, amount=amount, percent=percent)


@blueprint.get("/progress/<int:done>")
def progress(done: int) -> str:
    bar = get_template_attribute("macros.html", "progress")
    url = f"{request.script_root}/gallery/progress/{done + 35}" if done < 100 else None
    return str(bar("Minting", min(done, 100), 100, url))


@blueprint.route("/confirm", methods=["GET", "POST"])
def confirm() -> Response:
    consequences = ["Nobody can redeem them any more."]
    return confirm_page(
        lambda: see_other("gallery.index"),
        title="Delete 5 coupons?",
        action="Delete them",
        cancel_url=".",
        consequences=consequences,
    )
