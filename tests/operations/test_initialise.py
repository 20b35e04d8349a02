"""The first start of the service."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.domain.roles import COMMAND_LINE, Credentials
from service.operations.authentication import Authenticator
from service.operations.calls import Call
from service.operations.initialise import FirstKeys, initialise
from service.operations.parties import add_customer, list_accounts
from service.storage.engine import Database
from service.storage.schema import is_current
from service.storage.tables import metadata
from tests.programme import START, Programme


@pytest.fixture
def call(tmp_path: Path) -> Iterator[Call]:
    """A call on a database without tables."""
    database = Database(f"sqlite:///{tmp_path / 'new.db'}")
    yield Call(database, COMMAND_LINE, START, "t")
    database.close()


def test_the_first_start_makes_what_is_needed(call: Call) -> None:
    keys = initialise(call)
    assert keys is not None
    assert is_current(call.database)
    (account,) = list_accounts(call, keys.customer_id)
    assert (account.account_id, account.currency_code) == (keys.account_id, "USD")
    for credentials in (
        Credentials(keys.developer_token, keys.authentication_token),
        Credentials(keys.developer_token, None, keys.user_name, keys.password),
    ):
        caller = Authenticator(call.database)(credentials, "t").caller
        assert caller.is_operator
        assert caller.user_name == keys.user_name


def test_the_second_start_changes_nothing(call: Call) -> None:
    assert isinstance(initialise(call), FirstKeys)
    programme = Programme(call.database)
    before = [programme.rows(table) for table in metadata.sorted_tables]
    assert initialise(call) is None
    assert [programme.rows(table) for table in metadata.sorted_tables] == before


def test_a_database_with_a_customer_is_only_upgraded(programme: Programme) -> None:
    add_customer(programme.call(), "Contoso")
    before = [programme.rows(table) for table in metadata.sorted_tables]
    assert initialise(programme.call()) is None
    assert [programme.rows(table) for table in metadata.sorted_tables] == before


def test_every_first_start_has_other_secrets(call: Call, programme: Programme) -> None:
    here, there = initialise(call), initialise(programme.call())
    assert here is not None
    assert there is not None
    for secret in ("developer_token", "authentication_token", "password"):
        assert getattr(here, secret) != getattr(there, secret)
