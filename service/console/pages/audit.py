"""The audit log: who changed what, when, by which call."""

import json
import re
from datetime import datetime

from flask import Response, request
from wtforms import DateTimeLocalField, Field, IntegerField, StringField, ValidationError
from wtforms.validators import Length, NumberRange, Optional

from service.console.formatting import NOTHING, instant
from service.console.forms import SearchForm, in_utc
from service.console.rendering import page
from service.console.routing import operator_pages
from service.console.tracking_ids import tracking_id_in
from service.console.visits import this_call
from service.domain.numbers import ID_MAX
from service.domain.recorded import ChangeSearch, FoundChange
from service.operations.audit_log import find_changes

TEXT_LENGTH_MAX = 255
PASTED_LENGTH_MAX = 1000
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00")
"""How the log writes instants."""

blueprint = operator_pages("audit", __name__)


class ChangeFilter(SearchForm):
    """Which changes are listed."""

    entity = StringField("Kind of thing", [Length(max=TEXT_LENGTH_MAX)])
    entity_id = IntegerField("Number", [Optional(), NumberRange(0, ID_MAX)])
    action = StringField("Action", [Length(max=TEXT_LENGTH_MAX)])
    user = StringField("User name", [Length(max=TEXT_LENGTH_MAX)])
    tracking_id = StringField("TrackingId", [Length(max=PASTED_LENGTH_MAX)])
    since = DateTimeLocalField("From (UTC)", [Optional()])
    before = DateTimeLocalField("To (UTC)", [Optional()])

    def validate_entity_id(self, field: Field) -> None:
        """A number alone is that of many things."""
        if field.data is not None and not self.entity.data:
            raise ValidationError("Say of which kind of thing it is the number.")

    def validate_tracking_id(self, field: Field) -> None:
        """One that can be read, in whatever it was pasted with."""
        if field.data and tracking_id_in(field.data) is None:
            raise ValidationError("A TrackingId has 32 hexadecimal digits.")


@blueprint.get("")
def index() -> Response:
    """The changes, the latest first."""
    form = ChangeFilter()
    listing = None
    if form.validate():
        with form.refusals():
            listing = find_changes(this_call(), _search(form), request.args.get("after"))
    return page("audit/index.html", form, listing=listing)


def _search(form: ChangeFilter) -> ChangeSearch:
    tracking_id = tracking_id_in(form.tracking_id.data or "")
    return ChangeSearch(
        entity=form.entity.data or None,
        entity_id=form.entity_id.data,
        action=form.action.data or None,
        user_name=form.user.data or None,
        tracking_id=None if tracking_id is None else str(tracking_id),
        since=in_utc(form.since.data),
        before=in_utc(form.before.data),
    )


@blueprint.app_template_filter()
def differences(change: FoundChange) -> list[tuple[str, str, str]]:
    """What a change changed: each name with what was before and what was after."""
    before, after = change.before or {}, change.after or {}
    names = [*before, *(name for name in after if name not in before)]
    return [(name, _text(before.get(name)), _text(after.get(name))) for name in names]


def _text(value: object) -> str:
    if value is None:
        return NOTHING
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return instant(datetime.fromisoformat(value)) if _INSTANT.fullmatch(value) else value
