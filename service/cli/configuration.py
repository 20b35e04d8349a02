"""``config``."""

from sqlalchemy.engine import make_url

from service.cli.calls import printable_url, read_settings
from service.cli.options import JsonOption
from service.cli.output import show_list
from service.settings import ENVIRONMENT_PREFIX, Settings


def config(as_json: JsonOption = False) -> None:
    """Print each setting with its value, where the value comes from, and its meaning.

    JSON: settings, each with name, variable, value, source, meaning.
    """
    settings = read_settings()
    rows = [
        {
            "name": name,
            "variable": ENVIRONMENT_PREFIX + name.upper(),
            "value": _printable(name, getattr(settings, name)),
            "source": "environment" if name in settings.model_fields_set else "default",
            "meaning": " ".join(str(field.description).replace("``", "").split()),
        }
        for name, field in Settings.model_fields.items()
    ]
    show_list("settings", rows, ("variable", "value", "source", "meaning"), as_json=as_json)


def _printable(name: str, value: object) -> object:
    """The value without passwords; those that are settings of their own hide themselves."""
    if name == "database":
        return printable_url(make_url(str(value)))
    return value if isinstance(value, str | int | None) else str(value)
