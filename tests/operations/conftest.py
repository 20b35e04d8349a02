"""What tests of several operations share: a customer with an account, or a whole application."""

import gc
from collections.abc import Iterator

import pytest

from tests.databases import Databases
from tests.operations.answering import Answering, answering
from tests.operations.simple_coupons import subscription
from tests.programme import Programme


@pytest.fixture
def owner(programme: Programme) -> int:
    """A customer that owns coupon classes."""
    return programme.customer()


@pytest.fixture
def account(programme: Programme, owner: int) -> int:
    """An account in USD that bills to the owner."""
    return programme.account(owner)


@pytest.fixture
def order(programme: Programme, account: int) -> str:
    """The reference of a subscription of the account."""
    return subscription(programme, account)


@pytest.fixture(name="answering", scope="module")
def answering_application(session_databases: Databases) -> Iterator[Answering]:
    """An application, and the requests of each kind that it can be sent."""
    with answering(session_databases.new()) as application:
        yield application


@pytest.fixture
def no_look_for_garbage() -> Iterator[None]:
    """What others have left is gone, and nothing is looked for meanwhile."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()
