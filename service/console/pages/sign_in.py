"""Signing in, and out."""

from http import HTTPStatus
from typing import cast

from flask import Blueprint, Response, current_app, flash, make_response, redirect, request, url_for
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from service.console import sessions
from service.console.forms import Form
from service.console.rendering import page
from service.console.visits import find_visit
from service.domain.errors import SIGN_IN_HELD_BACK
from service.operations.sign_in import FrontDesk

TEXT_LENGTH_MAX = 1000

blueprint = Blueprint("sign_in", __name__)


class SignInForm(Form):
    """User name and password."""

    user_name = StringField("User name", [InputRequired("Type your user name."), Length(max=255)])
    password = PasswordField(
        "Password", [InputRequired("Type your password."), Length(max=TEXT_LENGTH_MAX)]
    )


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Response:
    """Ask who it is, and let in who shows it."""
    form = SignInForm()
    if form.validate_on_submit():
        with form.refusals():
            address = request.remote_addr or ""
            session = _desk().sign_in(form.user_name.data or "", form.password.data or "", address)
            sessions.remember(session)
            return _see_other(_came_for())
    elif find_visit() is not None and request.method == "GET":
        return _see_other(_came_for())
    reply = page("sign_in.html", form)
    if form.refusal is not None and form.refusal.row is SIGN_IN_HELD_BACK:
        reply.status_code = HTTPStatus.TOO_MANY_REQUESTS
    return reply


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End the session, in this browser and wherever its cookie was copied to."""
    visit = find_visit()
    if visit is not None:
        _desk().sign_out(visit.session)
    sessions.forget()
    flash("You have signed out.")
    return _see_other(url_for("sign_in.sign_in"))


def _came_for() -> str:
    """The page that sent here, if it is one of the console."""
    url = request.args.get("next", "")
    is_ours = url.startswith("/")
    return f"{request.script_root}{url}" if is_ours else url_for("start.index")


def _see_other(url: str) -> Response:
    return make_response(redirect(url, HTTPStatus.SEE_OTHER))


def _desk() -> FrontDesk:
    return cast("FrontDesk", current_app.extensions["front_desk"])
