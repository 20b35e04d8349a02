"""What the service was told, to be read."""

from flask import Response, current_app

from service.console.rendering import page
from service.console.routing import operator_pages

blueprint = operator_pages("settings", __name__)


@blueprint.get("")
def index() -> Response:
    """Each setting with its value, where the value comes from, and its meaning."""
    return page("settings/index.html", settings=current_app.extensions["settings_rows"])
