"""A service with a customer that has everything, and another; and every address of its pages."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from service.console.application import ConsoleConfig, create_pages
from service.domain.recorded import CallRecord
from service.operations.sign_in import FrontDesk
from service.storage.all_tables import discount_tables
from service.storage.calls import add_calls
from tests.console.server import Console
from tests.operations.lived import Lived

PUBLIC = frozenset({"sign_in.sign_in", "static"})
GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"


@dataclass
class World:
    """A service with a customer that has everything, and one that has a member and little else.

    Attributes:
        theirs: An example of each argument of an address, of the customer that has everything.
        own_id: The number of the other customer.
    """

    console: Console
    rules: list[Rule]
    theirs: dict[str, Any]
    own_id: int

    def address(self, rule: Rule, values: dict[str, Any]) -> str:
        """The address of a page about these things."""
        _, path = rule.build({name: values[name] for name in rule.arguments}) or ("", "")
        return str(path).lstrip("/")

    def theirs_of(self, rule: Rule) -> dict[str, Any]:
        """An example of each argument of a page; jobs are of two kinds."""
        is_deletion = "deletion" in rule.rule
        return {**self.theirs, "job_id": self.theirs["deletion_id" if is_deletion else "job_id"]}

    def mixtures(self, rule: Rule) -> Iterator[dict[str, Any]]:
        """The arguments of a rule, of which some are what the member may see, and some are not.

        Things of its own customer a member has under the number 1 at the most.
        """
        names = sorted(rule.arguments)
        for choice in product((True, False), repeat=len(names)):
            own = {name: self.own_id if name == "customer_id" else 1 for name in names}
            if any(choice):
                pairs = zip(names, choice, strict=True)
                theirs = self.theirs_of(rule)
                yield {name: theirs[name] if it else own[name] for name, it in pairs}


def build_world(console: Console) -> World:
    """The world, with an operator, Olga."""
    programme = console.programme
    lived = Lived(programme)
    lived.build()
    console.user("Olga")
    programme.account(lived["other"])
    rules = list(_pages(console).url_map.iter_rules())
    return World(console, rules, _theirs(lived), lived["other"])


def _pages(console: Console) -> Flask:
    desk = FrontDesk(console.programme.database, session_idle=timedelta(hours=1))
    return create_pages(desk, ConsoleConfig("/console", timedelta(hours=1), 1000))


def _theirs(lived: Lived) -> dict[str, Any]:
    bill = lived.programme.rows(discount_tables.bill)[0]
    _record_call(lived)
    return {
        "customer_id": lived["owner"],
        "class_id": lived["Spring"],
        "coupon_id": lived["amount"],
        "account_id": lived["spender"],
        "spend_id": lived["threshold"],
        "subscription_id": bill["subscription_id"],
        "bill_number": bill["bill_id"],
        "job_id": lived["making job"],
        "deletion_id": lived["deletion job"],
        "batch_id": lived["making batch"],
        "message_id": lived["sent"],
        "user_id": lived["Kim"],
        "token_id": lived["Kim's token"],
        "tracking_id": GUID,
        "filename": "console.css",
    }


def _record_call(lived: Lived) -> None:
    made = CallRecord(
        tracking_id=GUID,
        at=lived.programme.clock(),
        contract="CustomerBillingService",
        operation="SearchCoupons",
        user_id=lived["Kim"],
        outcome="ok",
        code=None,
        http_status=200,
        duration_ms=1.0,
        request_bytes=1,
        response_bytes=1,
        is_replay=False,
    )
    with lived.programme.database.writing() as connection:
        add_calls(connection, [made])


def methods(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
