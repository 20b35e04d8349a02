"""The kinds of pages: about what one customer has, and about the whole service."""

from typing import Any

from flask import Blueprint, Flask, request
from werkzeug.routing import IntegerConverter

from service.console.visits import this_call
from service.domain.numbers import ID_MAX


class _NumberConverter(IntegerConverter):
    """``<int:...>`` of a route: a number that a database can look for."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max": ID_MAX, **kwargs})


def bound_numbers(app: Flask) -> None:
    """Let addresses with greater numbers lead nowhere."""
    app.url_map.converters["int"] = _NumberConverter


def number_argument(name: str) -> int | None:
    """A number of the address's query; None when it is not there, or is none."""
    text = request.args.get(name, "")
    is_number = text.isascii() and text.isdigit() and len(text) < len(str(ID_MAX))
    return int(text) if is_number else None


def customer_pages(name: str, import_name: str) -> Blueprint:
    """Pages about what one customer has, under ``/customers/ID/NAME``.

    The address names the customer; ``this_customer`` answers it, if the caller may read it, and
    ``url_for`` puts it into the links of such a page by itself.
    """
    return Blueprint(name, import_name, url_prefix=f"/customers/<int:customer_id>/{name}")


def shared_pages(name: str, import_name: str) -> Blueprint:
    """Pages under ``/NAME`` that all see, each what operations show to it."""
    return Blueprint(name, import_name, url_prefix=f"/{name}")


def operator_pages(name: str, import_name: str) -> Blueprint:
    """Pages about the whole service, under ``/NAME``; only operators see them."""
    blueprint = Blueprint(name, import_name, url_prefix=f"/{name}")
    blueprint.before_request(_require_operator)
    return blueprint


def _require_operator() -> None:
    this_call().caller.require_operator()
