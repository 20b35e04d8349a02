"""What tests of several operations share: a customer with an account."""

import pytest

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
