"""Users a page at a time, and the tokens of one."""

import pytest

from service.domain.errors import ENTITY_NOT_EXISTENT, NOT_AUTHORIZED
from service.domain.found_users import FoundRole
from service.domain.refusals import ServiceError
from service.domain.roles import Role
from service.operations.authentication import AUTHENTICATION, DEVELOPER
from service.operations.find_users import find_users, show_user
from service.operations.users import add_user, disable_user, issue_token, revoke_token
from tests.programme import Clock, Programme, member


def names(programme: Programme, name_part: str | None = None, size: int = 2) -> list[str]:
    """The names on all pages."""
    found: list[str] = []
    after = None
    while not found or after is not None:
        page = find_users(programme.call(), name_part, after, size)
        found += [it.name for it in page.items]
        after = page.after
        assert len(found) < 100
        if not page.items:
            break
    return found


def test_users_are_listed_by_name(programme: Programme, owner: int) -> None:
    for name in ("Zoë", "anna", "Ömer", "Anna B", "Bela"):
        add_user(programme.call(), name, Role.STANDARD, owner)
    assert names(programme) == ["Anna B", "Bela", "Zoë", "anna", "Ömer"]
    assert names(programme, "ANNA", size=1) == ["Anna B", "anna"]
    assert names(programme, "ö") == ["Ömer"]
    assert names(programme, "\0") == names(programme)
    assert names(programme, "x") == []


def test_a_user_is_shown_with_its_tokens(programme: Programme, clock: Clock, owner: int) -> None:
    user_id = add_user(programme.call(), "Kim", Role.READ_ONLY, owner, "correct horse")
    tokens = [issue_token(programme.call(), "Kim", kind) for kind in (DEVELOPER, AUTHENTICATION)]
    clock.move(hours=1)
    revoke_token(programme.call(), tokens[0].token_id)
    user, shown = show_user(programme.call(), user_id)
    assert (user.name, user.has_password, user.tokens_in_force) == ("Kim", True, 1)
    assert user.roles == (FoundRole(Role.READ_ONLY, owner, "Customer 1"),)
    assert [(it.token_id, it.revoked_at) for it in shown] == [
        (tokens[1].token_id, None),
        (tokens[0].token_id, clock.now),
    ]
    disable_user(programme.call(), "Kim")
    user, _ = show_user(programme.call(), user_id)
    assert (user.disabled_at, user.has_password, user.tokens_in_force) == (clock.now, False, 0)


@pytest.mark.parametrize("user_id", [999, 2**70])
def test_users_are_for_operators(programme: Programme, owner: int, user_id: int) -> None:
    with pytest.raises(ServiceError) as refusal:
        show_user(programme.call(), user_id)
    assert refusal.value.row is ENTITY_NOT_EXISTENT
    stranger = programme.call(member(owner, Role.SUPER_ADMIN))
    for ask in (find_users, lambda call: show_user(call, user_id)):
        with pytest.raises(ServiceError) as refusal:
            ask(stranger)
        assert refusal.value.row is NOT_AUTHORIZED
