"""Who may do what."""

import pytest

from service.domain.errors import NOT_AUTHORIZED
from service.domain.refusals import ServiceError
from service.domain.roles import COMMAND_LINE, Caller, Role

MINE, YOURS, NOBODYS = 1, 2, 99


@pytest.mark.parametrize(
    ("role", "may_write"),
    [(Role.SUPER_ADMIN, True), (Role.STANDARD, True), (Role.READ_ONLY, False)],
)
def test_a_role_is_for_its_customer(role: Role, may_write: bool) -> None:
    caller = Caller(7, "Kim", {MINE: role})
    assert caller.may_read(MINE)
    assert caller.may_write(MINE) is may_write
    assert not any(caller.may_read(other) or caller.may_write(other) for other in (YOURS, NOBODYS))


def test_one_user_has_different_roles() -> None:
    caller = Caller(7, "Kim", {MINE: Role.SUPER_ADMIN, YOURS: Role.READ_ONLY})
    assert [caller.may_write(customer) for customer in (MINE, YOURS)] == [True, False]
    assert caller.writable_customers == [MINE]


@pytest.mark.parametrize("caller", [COMMAND_LINE, Caller(7, "Kim", {}, is_operator=True)])
def test_operators_have_every_right(caller: Caller) -> None:
    assert all(caller.may_read(it) and caller.may_write(it) for it in (MINE, YOURS, NOBODYS))
    caller.require_read(NOBODYS)
    caller.require_write(NOBODYS)


def test_a_foreign_customer_looks_like_none() -> None:
    caller = Caller(7, "Kim", {MINE: Role.READ_ONLY})
    caller.require_read(MINE)
    for require in (caller.require_read, caller.require_write):
        with pytest.raises(ServiceError) as refusal:
            require(YOURS)
        assert (refusal.value.row, refusal.value.details) == (NOT_AUTHORIZED, "customer 2")
    with pytest.raises(ServiceError):
        caller.require_write(MINE)
