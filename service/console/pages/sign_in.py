"""Signing in, and out."""

from http import HTTPStatus
from ipaddress import ip_address, ip_network
from typing import cast

import structlog
from flask import Blueprint, Response, current_app, flash, make_response, redirect, request, url_for
from wtforms import PasswordField, StringField
from wtforms.validators import EqualTo, InputRequired, Length

from service.console import sessions
from service.console.forms import Form
from service.console.passwords import PASSWORD_LENGTH_MIN, new_password
from service.console.rendering import changed, page, see_other
from service.console.visits import find_visit, this_call, this_tracking_id
from service.domain.errors import CALL_RATE_EXCEEDED, INVALID_CREDENTIALS
from service.domain.limits import WINDOW
from service.operations.sign_in import FrontDesk, Session

TEXT_LENGTH_MAX = 1000
IPV6_NETWORK_BITS = 64

_log = structlog.get_logger("service.console")

blueprint = Blueprint("sign_in", __name__)


class SignInForm(Form):
    """User name and password."""

    user_name = StringField("User name", [InputRequired("Type your user name."), Length(max=255)])
    password = PasswordField(
        "Password", [InputRequired("Type your password."), Length(max=TEXT_LENGTH_MAX)]
    )


class OwnPasswordForm(Form):
    """A password in the place of the one before, which is asked for too."""

    current = PasswordField(
        "Current password", [InputRequired("Type it."), Length(max=TEXT_LENGTH_MAX)]
    )
    new = new_password("New password", InputRequired("Type the new one."))
    again = PasswordField("New password again", [EqualTo("new", "It is not the same.")])


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Response:
    """Ask who it is, and let in who shows it."""
    form = SignInForm()
    if form.validate_on_submit():
        with form.refusals():
            sessions.remember(_begin_session(form))
            return _see_other(_came_for())
        _log.warning("sign-in refused", tracking_id=this_tracking_id(), address=_caller_address())
    elif find_visit() is not None and request.method == "GET":
        return _see_other(_came_for())
    return _held_back(page("sign_in.html", form), form)


def _held_back(reply: Response, form: Form) -> Response:
    if form.refusal is not None and form.refusal.row is CALL_RATE_EXCEEDED:
        reply.status_code = HTTPStatus.TOO_MANY_REQUESTS
        reply.headers["Retry-After"] = str(int(WINDOW.total_seconds()))
    return reply


def _begin_session(form: SignInForm) -> Session:
    user_name, password = form.user_name.data or "", form.password.data or ""
    session = _desk().sign_in(user_name, password, _caller_address())
    _log.info("signed in", tracking_id=this_tracking_id(), user_id=session.user_id)
    return session


def _caller_address() -> str:
    """The address of the browser; of IPv6 its network, in which one machine has them all."""
    text = request.remote_addr or ""
    try:
        is_long = ip_address(text).version == 6  # noqa: PLR2004
    except ValueError:
        return text
    return str(ip_network((text, IPV6_NETWORK_BITS), strict=False)) if is_long else text


@blueprint.route("/password", methods=["GET", "POST"])
def password() -> Response:
    """Let people change their own password."""
    form = OwnPasswordForm()
    if form.validate_on_submit():
        with form.refusals({INVALID_CREDENTIALS: form.current}):
            current, new = form.current.data or "", form.new.data or ""
            session = _desk().change_password(this_call(), current, new, _caller_address())
            sessions.renew(session)
            return changed("You have a new password.", "start.index")
        _log.warning("password refused", tracking_id=this_tracking_id(), address=_caller_address())
    reply = page("password.html", form, password_length_min=PASSWORD_LENGTH_MIN)
    return _held_back(reply, form)


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End the session, in this browser and wherever its cookie was copied to."""
    visit = find_visit()
    if visit is not None:
        _desk().sign_out(visit.session)
    sessions.forget()
    flash("You have signed out.")
    return see_other("sign_in.sign_in")


def _came_for() -> str:
    """The page that sent here, if it is one of the console."""
    url = request.args.get("next", "")
    is_ours = url.startswith("/")
    return f"{request.script_root}{url}" if is_ours else url_for("start.index")


def _see_other(url: str) -> Response:
    return make_response(redirect(url, HTTPStatus.SEE_OTHER))


def _desk() -> FrontDesk:
    return cast("FrontDesk", current_app.extensions["front_desk"])
