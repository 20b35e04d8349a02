"""``config``."""

from service.cli.calls import read_settings
from service.cli.options import JsonOption
from service.cli.output import show_list


def config(as_json: JsonOption = False) -> None:
    """Print each setting with its value, where the value comes from, and its meaning.

    JSON: settings, each with name, variable, value, source, meaning.
    """
    columns = ("variable", "value", "source", "meaning")
    show_list("settings", read_settings().described(), columns, as_json=as_json)
