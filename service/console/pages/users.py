"""Users, and the tokens by which their calls are known."""

from collections.abc import Callable
from typing import Any

from flask import Response, request, url_for
from wtforms import (
    DateTimeLocalField,
    Field,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    ValidationError,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from service.console.forms import EMAIL_LENGTH_MAX, Form, SearchForm, in_utc
from service.console.passwords import PASSWORD_LENGTH_MIN, new_password
from service.console.rendering import changed, confirm_page, page
from service.console.routing import operator_pages
from service.console.visits import find_visit, this_call
from service.domain.errors import ENTITY_NOT_EXISTENT, INPUT_INVALID, NAME_TAKEN
from service.domain.found_users import FoundToken, FoundUser
from service.domain.numbers import ID_MAX
from service.domain.roles import Role
from service.operations.authentication import AUTHENTICATION, DEVELOPER
from service.operations.find_users import find_users, show_user
from service.operations.users import (
    IssuedToken,
    add_user,
    disable_user,
    issue_token,
    revoke_token,
    set_email,
    set_password,
)

ROLES = (Role.SUPER_ADMIN, Role.STANDARD, Role.READ_ONLY, Role.OPERATOR)
TOKEN_KINDS = (
    (AUTHENTICATION, "authentication: it names the user"),
    (DEVELOPER, "developer: it names the program"),
)

blueprint = operator_pages("users", __name__)


class UserSearch(SearchForm):
    """Which users are listed."""

    name = StringField("Part of the name", [Length(max=255)])


class NewUserForm(Form):
    """A user with one role."""

    name = StringField("User name", [InputRequired("Type a name."), Length(max=255)])
    role = SelectField("Role", choices=[(it.value, it.value) for it in ROLES])
    customer_id = IntegerField(
        "Customer", [Optional(), NumberRange(1, ID_MAX, "That is no number of a customer.")]
    )
    password = new_password("Password", Optional())
    email = StringField("E-mail", [Length(max=EMAIL_LENGTH_MAX)])


class PasswordForm(Form):
    """A password in the place of the one before."""

    password = new_password("New password", InputRequired("Type a password."))


class EmailForm(Form):
    """Where a user is told that a job has ended."""

    email = StringField("E-mail", [Length(max=EMAIL_LENGTH_MAX)])


class TokenForm(Form):
    """A token to be issued.

    Attributes:
        last_token_id: The user's latest token when the form was made. A form that is sent again,
            such as by loading the page of the new token again, issues no second one.
    """

    kind = SelectField("Kind", choices=TOKEN_KINDS)
    expires_at = DateTimeLocalField("Expires", [Optional()])
    last_token_id = HiddenField()

    def validate_expires_at(self, field: Field) -> None:
        """A token that has expired already is of no use to anybody."""
        expires_at = in_utc(field.data)
        if expires_at and expires_at <= this_call().now:
            raise ValidationError("That has passed already.")


@blueprint.get("")
def index() -> Response:
    """The users, by name."""
    form = UserSearch()
    listing = find_users(this_call(), form.name.data or None, request.args.get("after"))
    return page("users/index.html", form, listing=listing)


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> Response:
    """Add a user."""
    form = NewUserForm(customer_id=_customer_in_view())
    fields = {
        NAME_TAKEN: form.name,
        ENTITY_NOT_EXISTENT: form.customer_id,
    }
    if form.validate_on_submit():
        with form.refusals(fields):
            user_id = add_user(
                this_call(),
                form.name.data or "",
                Role(form.role.data),
                form.customer_id.data,
                form.password.data or None,
                email=form.email.data or None,
            )
            return changed("The user was added.", "users.show", user_id=user_id)
    return page("users/new.html", form, password_length_min=PASSWORD_LENGTH_MIN)


def _customer_in_view() -> int | None:
    visit = find_visit()
    return visit.customer.customer_id if visit and visit.customer else None


@blueprint.get("/<int:user_id>")
def show(user_id: int) -> Response:
    """A user with its roles and tokens."""
    user, tokens = show_user(this_call(), user_id)
    return page("users/show.html", shown=user, tokens=[_with_state(it) for it in tokens])


def _with_state(token: FoundToken) -> tuple[FoundToken, str]:
    """A token, and whether it is accepted."""
    if token.revoked_at is not None:
        return token, "revoked"
    has_expired = token.expires_at is not None and token.expires_at <= this_call().now
    return token, "expired" if has_expired else "in force"


@blueprint.route("/<int:user_id>/password", methods=["GET", "POST"])
def password(user_id: int) -> Response:
    """Give a user another password."""
    user, form = _user(user_id), PasswordForm()
    if form.validate_on_submit():
        with form.refusals():
            set_password(this_call(), user.name, form.password.data or "")
            message = "The user has a new password, and its sessions have ended."
            return changed(message, "users.show", user_id=user_id)
    return page("users/password.html", form, shown=user, password_length_min=PASSWORD_LENGTH_MIN)


@blueprint.route("/<int:user_id>/email", methods=["GET", "POST"])
def email(user_id: int) -> Response:
    """Change where a user is told that a job has ended."""
    user = _user(user_id)
    form = EmailForm(email=user.email)
    if form.validate_on_submit():
        with form.refusals({INPUT_INVALID: form.email}):
            set_email(this_call(), user.name, form.email.data or None)
            return changed("The e-mail address was changed.", "users.show", user_id=user_id)
    return page("users/email.html", form, shown=user)


@blueprint.route("/<int:user_id>/disable", methods=["GET", "POST"])
def disable(user_id: int) -> Response:
    """End a user for good."""
    user = _user(user_id)

    def do() -> Response:
        disable_user(this_call(), user.name)
        return changed("The user was disabled.", "users.show", user_id=user_id)

    return _ask(
        do,
        user_id,
        title=f"Disable {user.name}?",
        action="Disable",
        consequences=[
            "All tokens of the user are revoked, the password is forgotten, and its sessions end.",
            "It cannot be undone, and the name cannot be given to another user.",
        ],
    )


@blueprint.route("/<int:user_id>/tokens/new", methods=["GET", "POST"])
def new_token(user_id: int) -> Response:
    """Issue a token. The page that answers the form is the only one that ever shows it."""
    user, tokens = show_user(this_call(), user_id)
    last_token_id = str(max((it.token_id for it in tokens), default=0))
    form = TokenForm(last_token_id=last_token_id)
    if form.validate_on_submit():
        if form.last_token_id.data != last_token_id:
            return _refuse_second_token(user_id)
        with form.refusals():
            return page("users/token.html", shown=user, token=_issue(user.name, form))
    return page("users/new_token.html", form, shown=user)


def _issue(user_name: str, form: TokenForm) -> IssuedToken:
    return issue_token(this_call(), user_name, form.kind.data, in_utc(form.expires_at.data))


def _refuse_second_token(user_id: int) -> Response:
    text = "No second token was issued: the form was sent before. A token is shown only once."
    return changed(text, "users.show", user_id=user_id)


@blueprint.route("/<int:user_id>/tokens/<int:token_id>/revoke", methods=["GET", "POST"])
def revoke(user_id: int, token_id: int) -> Response:
    """End a token."""
    user = _user(user_id)

    def do() -> Response:
        revoke_token(this_call(), token_id)
        return changed(f"Token {token_id} was revoked.", "users.show", user_id=user_id)

    return _ask(
        do,
        user_id,
        title=f"Revoke token {token_id} of {user.name}?",
        action="Revoke",
        consequences=[
            "Calls that bring it are refused from now on; for some seconds it may still be known.",
            "It cannot be undone. Issue a new token first where calls are to go on.",
        ],
    )


def _user(user_id: int) -> FoundUser:
    return show_user(this_call(), user_id)[0]


def _ask(do: Callable[[], Response], user_id: int, **values: Any) -> Response:
    return confirm_page(do, cancel_url=url_for("users.show", user_id=user_id), **values)
