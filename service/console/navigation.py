"""The way around: one link for each subject, for those who may see it."""

from collections.abc import Iterator
from dataclasses import dataclass

from flask import current_app, request, url_for

from service.console.visits import Visit


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject of the console.

    Attributes:
        title: As the navigation has it.
        blueprint: The name of its pages, of which ``index`` is the first.
        is_of_customer: Whether its pages are about one customer, or for operators only.
    """

    title: str
    blueprint: str
    is_of_customer: bool = True


@dataclass(frozen=True, slots=True)
class Link:
    """A link, and whether it leads to where one is."""

    title: str
    url: str
    is_current: bool


SUBJECTS = (
    Subject("Overview", "overview"),
    Subject("Classes", "classes"),
    Subject("Coupons", "coupons"),
    Subject("Minting", "minting"),
    Subject("Accounts", "accounts"),
    Subject("Mail", "mail", is_of_customer=False),
    Subject("Calls", "calls", is_of_customer=False),
    Subject("Audit", "audit", is_of_customer=False),
    Subject("Users", "users", is_of_customer=False),
    Subject("Settings", "settings", is_of_customer=False),
)
"""In the order of the navigation."""


def links(visit: Visit) -> list[Link]:
    """The links of a visitor; subjects of a customer, while one is in view."""
    return list(_links(visit))


def _links(visit: Visit) -> Iterator[Link]:
    for subject in SUBJECTS:
        endpoint = f"{subject.blueprint}.index"
        is_for_visitor = visit.customer if subject.is_of_customer else visit.call.caller.is_operator
        if is_for_visitor and endpoint in current_app.view_functions:
            is_current = request.blueprint == subject.blueprint
            yield Link(subject.title, url_for(endpoint), is_current)
