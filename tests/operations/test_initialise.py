"""The first start of the service."""

from collections.abc import Iterator

import pytest

from service.domain.errors import INPUT_INVALID
from service.domain.refusals import ServiceError
from service.domain.roles import COMMAND_LINE, Credentials
from service.operations.authentication import Authenticator
from service.operations.calls import Call
from service.operations.initialise import FirstKeys, initialise
from service.operations.parties import add_customer, list_accounts
from service.operations.users import list_users
from service.storage.engine import Database
from service.storage.schema import is_current
from tests.databases import Databases
from tests.programme import START, Programme


@pytest.fixture
def blank(databases: Databases) -> Iterator[Database]:
    """A database without tables."""
    database = Database(databases.blank())
    yield database
    database.close()


@pytest.fixture
def call(blank: Database) -> Call:
    """A call on it."""
    return Call(blank, COMMAND_LINE, START, "t")


def test_the_first_start_makes_what_is_needed(call: Call, blank: Database) -> None:
    keys = initialise(call, blank)
    assert keys is not None
    assert is_current(blank)
    (account,) = list_accounts(call, keys.customer_id)
    assert (account.account_id, account.currency_code) == (keys.account_id, "USD")
    for credentials in (
        Credentials(keys.developer_token, keys.authentication_token),
        Credentials(keys.developer_token, None, keys.user_name, keys.password),
    ):
        caller = Authenticator(blank)(credentials, "t").caller
        assert caller.is_operator
        assert caller.user_name == keys.user_name


def test_the_first_operator_has_an_address(call: Call, blank: Database) -> None:
    with pytest.raises(ServiceError) as refused:
        initialise(call, blank, "nowhere")
    assert refused.value.row is INPUT_INVALID
    assert not is_current(blank)
    assert initialise(call, blank, "ops@EXAMPLE.com") is not None
    assert [user.email for user in list_users(call)] == ["ops@example.com"]


def test_the_second_start_changes_nothing(call: Call, blank: Database) -> None:
    assert isinstance(initialise(call, blank), FirstKeys)
    programme = Programme(blank)
    before = programme.all_rows()
    assert initialise(call, blank) is None
    assert programme.all_rows() == before


def test_a_database_with_a_customer_is_only_upgraded(programme: Programme) -> None:
    add_customer(programme.call(), "Contoso")
    before = programme.all_rows()
    assert initialise(programme.call(), programme.database) is None
    assert programme.all_rows() == before


def test_every_first_start_has_other_secrets(
    call: Call, blank: Database, programme: Programme
) -> None:
    here, there = initialise(call, blank), initialise(programme.call(), programme.database)
    assert here is not None
    assert there is not None
    for secret in ("developer_token", "authentication_token", "password"):
        assert getattr(here, secret) != getattr(there, secret)
