"""The way around: one link for each subject, for those who may see it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from flask import current_app, request, url_for

from service.console.visits import Visit


class Audience(Enum):
    """For whom a subject is; the functions of ``routing`` make its pages so."""

    CUSTOMER = "whoever has a customer in view"
    ALL = "whoever has signed in"
    OPERATORS = "operators"


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject of the console.

    Attributes:
        title: As the navigation has it.
        blueprint: The name of its pages, of which ``index`` is the first.
        audience: For whom it is.
    """

    title: str
    blueprint: str
    audience: Audience = Audience.CUSTOMER

    def is_for(self, visit: Visit) -> bool:
        """Whether the visitor finds it in the navigation."""
        if self.audience is Audience.CUSTOMER:
            return visit.customer is not None
        return self.audience is Audience.ALL or visit.call.caller.is_operator


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
    Subject("Mail", "mail", Audience.OPERATORS),
    Subject("Calls", "calls", Audience.ALL),
    Subject("Audit", "audit", Audience.OPERATORS),
    Subject("Users", "users", Audience.OPERATORS),
    Subject("Settings", "settings", Audience.OPERATORS),
)
"""In the order of the navigation."""


def links(visit: Visit) -> list[Link]:
    """The links of a visitor; subjects of a customer, while one is in view."""
    return list(_links(visit))


def _links(visit: Visit) -> Iterator[Link]:
    for subject in SUBJECTS:
        endpoint = f"{subject.blueprint}.index"
        if subject.is_for(visit) and endpoint in current_app.view_functions:
            is_current = request.blueprint == subject.blueprint
            yield Link(subject.title, url_for(endpoint), is_current)
