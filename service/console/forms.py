"""Forms: what people type, what was wrong with it, and what an operation said to it."""

from collections.abc import Mapping
from datetime import datetime, timezone
from types import TracebackType

from flask import request
from flask_wtf import FlaskForm
from wtforms import Field

from service.domain.error_rows import ErrorRow
from service.domain.refusals import ServiceError, ServiceTroubleError

CODE_LENGTH_MAX = 200
"""More than any code has: what people paste is not looked for beyond."""
EMAIL_LENGTH_MAX = 320


class Form(FlaskForm):  # type: ignore[misc]
    """A form with a CSRF token; the macro ``form_errors`` shows what is wrong with it.

    A page that takes one goes like this::

        form = RenameForm()
        if form.validate_on_submit():
            with form.refusals({NAME_TAKEN: form.name}):
                rename(this_call(), class_id, form.name.data)
                flash("The class has its new name.")
                return see_other("classes.show", class_id=class_id)
        return page("classes/rename.html", form=form)

    Attributes:
        refusal: Why an operation refused it, unless a field shows it.
    """

    refusal: ServiceError | None = None

    def refusals(self, fields: Mapping[ErrorRow, Field] | None = None) -> "_Refusals":
        """Show what operations refuse in the block, and go on after the block.

        Args:
            fields: Beneath which field each error is shown; above the form if it has none.
        """
        return _Refusals(self, fields or {})

    @property
    def is_refused(self) -> bool:
        """Whether the form is shown again because of something that is wrong with it."""
        return bool(self.errors) or self.refusal is not None


class ConfirmForm(Form):
    """Nothing but the token: for a button that does something."""


class SearchForm(Form):
    """What a list is narrowed by: it stands in the address, changes nothing, and needs no token."""

    class Meta:
        """What WTForms is told."""

        csrf = False

    def __init__(self) -> None:
        super().__init__(formdata=request.args)


def upper(text: str | None) -> str:
    """What was typed, in the way that numbers of accounts and currencies are written: a filter."""
    return (text or "").strip().upper()


def in_utc(typed: datetime | None) -> datetime | None:
    """An instant that was typed: fields of instants are in UTC, and do not say so."""
    return None if typed is None else typed.replace(tzinfo=timezone.utc)


class _Refusals:
    def __init__(self, form: Form, fields: Mapping[ErrorRow, Field]) -> None:
        self._form = form
        self._fields = fields

    def __enter__(self) -> None:
        return

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> bool:
        if not isinstance(error, ServiceError) or isinstance(error, ServiceTroubleError):
            return False
        field = self._fields.get(error.row)
        if field is None:
            self._form.refusal = error
        else:
            field.errors = [*field.errors, _what_is_wrong(error)]
        return True


def _what_is_wrong(error: ServiceError) -> str:
    message = error.row.message
    return f"{message.removesuffix('.')}: {error.details}." if error.details else message
