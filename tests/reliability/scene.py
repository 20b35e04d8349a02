"""A service that runs, a programme on its database, and a crowd of callers."""

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from service.addresses import COUPON_MANAGEMENT_PATH
from service.domain.roles import Role
from service.operations.users import AUTHENTICATION, DEVELOPER, add_user, issue_token
from service.storage import audit
from service.storage.engine import Database
from service.storage.party_tables import account, subscription
from tests.programme import START, Programme
from tests.reliability.crowd import Crowd
from tests.reliability.envelopes import Envelopes, outcome
from tests.reliability.service_process import ServiceProcess, serving

# Shared by all scenes, of which several may be staged on one database.
_numbers = itertools.count(1)


@dataclass
class Scene:
    """What a proof over HTTP works with.

    Attributes:
        envelopes: Of an operator, who may do everything.
        owner: A customer that has coupons.
    """

    programme: Programme
    service: ServiceProcess
    envelopes: Envelopes
    crowd: Crowd
    owner: int = field(init=False)

    def __post_init__(self) -> None:
        self.owner = self.programme.customer()

    def reply(self, bodies: Sequence[bytes]) -> list[bytes]:
        """Post each body from a process of its own, all at once; answers the replies in order."""
        return [it.content for it in self.crowd.ask(self.service.address, bodies)]

    def ask(self, bodies: Sequence[bytes]) -> list[str]:
        """As ``reply``, and answers what the replies say."""
        return [outcome(content) for content in self.reply(bodies)]

    def ask_management(self, bodies: Sequence[bytes]) -> list[str]:
        """As ``ask``, of the coupon management service."""
        address = self.service.address._replace(path=COUPON_MANAGEMENT_PATH)
        return [outcome(it.content) for it in self.crowd.ask(address, bodies)]

    def next_number(self) -> int:
        """A number that no scene has used."""
        return next(_numbers)

    def accounts(self, count: int, customer_id: int | None = None) -> list[int]:
        """New accounts of a customer, of the owner if none is named."""
        common = {
            "customer_id": customer_id or self.owner,
            "currency_code": "USD",
            "created_at": START,
        }
        rows = [{**common, "number": f"R{self.next_number():07}"} for _ in range(count)]
        statement = insert(account).returning(account.c.account_id)
        with self.programme.database.writing() as connection:
            account_ids = list(connection.execute(statement, rows).scalars())
            changes = [audit.Change("add", "account", it, after={}) for it in account_ids]
            audit.append(connection, self.programme.call().author, changes)
        return account_ids

    def subscriptions(self, count: int) -> list[str]:
        """The references of new subscriptions, each of an account of its own."""
        common = {
            "product_id": "ads",
            "rate_plan_id": "monthly",
            "currency_code": "USD",
            "created_at": START,
        }
        rows = [
            {**common, "account_id": it, "reference": f"order {self.next_number()}"}
            for it in self.accounts(count)
        ]
        with self.programme.database.writing() as connection:
            connection.execute(insert(subscription), rows)
        return [str(row["reference"]) for row in rows]

    def values(self, column: Any, where: Any) -> list[Any]:
        """The values of a column in the rows that fit."""
        with self.programme.database.reading() as connection:
            return list(connection.execute(select(column).where(where)).scalars())


@contextmanager
def staged(
    database_url: str, crowd: Crowd, directory: Path, *fault: str, **settings: str
) -> Iterator[Scene]:
    """Serve a database, right or with a fault; see ``service_process.serving``."""
    database = Database(database_url)
    try:
        programme = Programme(database)
        with serving(database_url, directory, *fault, **settings) as service:
            yield Scene(programme, service, operator(programme), crowd)
    finally:
        database.close()


def operator(programme: Programme) -> Envelopes:
    """The envelopes of a new operator."""
    user_name = f"operator {next(_numbers)}"
    add_user(programme.call(), user_name, Role.OPERATOR, None)
    return envelopes_of(programme, user_name)


def envelopes_of(programme: Programme, user_name: str) -> Envelopes:
    """The envelopes of a user, with new tokens."""
    tokens = {
        name: issue_token(programme.call(), user_name, kind).text
        for name, kind in (("AuthenticationToken", AUTHENTICATION), ("DeveloperToken", DEVELOPER))
    }
    return Envelopes(tokens)
