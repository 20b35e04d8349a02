"""The kinds of pages: about what one customer has, and about the whole service."""

from flask import Blueprint

from service.console.visits import this_call


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
