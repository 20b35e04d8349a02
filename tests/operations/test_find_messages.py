"""Messages are found by their state, each once, whatever is between them."""

from datetime import timedelta

import pytest

from service.domain.errors import NOT_AUTHORIZED, PAGING_INVALID
from service.domain.mail import Message, MessageState
from service.operations import find_messages as subject
from service.operations.dispatch_coupons import dispatch_coupons
from service.operations.find_messages import find_messages, outbox_figures
from service.storage import newest_first
from service.storage.tables import outbox
from tests.operations.traces import refusal
from tests.programme import START, Programme, member


@pytest.fixture
def states(programme: Programme, owner: int) -> list[MessageState]:
    """The states of nine messages, by their numbers: three of each."""
    programme.coupon_class(owner)
    programme.mint(owner, count=9)
    emails = [f"{name}@example.com" for name in "abcdefghi"]
    assert dispatch_coupons(programme.call(), emails, owner, "Spring") == []
    states = [MessageState.SENT, MessageState.FAILED, MessageState.QUEUED] * 3
    for number, state in enumerate(states, 1):
        sent_at = START if state is MessageState.SENT else None
        due_at = START - timedelta(minutes=number // 6)
        values = {"state": state.value, "sent_at": sent_at, "next_attempt_at": due_at}
        programme.change(outbox, outbox.c.message_id == number, **values)
    return states


def every(programme: Programme, state: MessageState | None, size: int) -> list[int]:
    """The numbers of the messages of all pages."""
    found: list[Message] = []
    after = None
    while True:
        page = find_messages(programme.call(), state, after, size)
        found += page.items
        after = page.after
        if after is None:
            return [it.message_id for it in found]


@pytest.mark.parametrize("size", [1, 2, 50])
def test_each_message_is_found_once(
    programme: Programme, states: list[MessageState], size: int
) -> None:
    assert every(programme, None, size) == [9, 8, 7, 6, 5, 4, 3, 2, 1]
    assert every(programme, MessageState.SENT, size) == [7, 4, 1]
    assert every(programme, MessageState.FAILED, size) == [8, 5, 2]
    # In the order in which they are due.
    assert every(programme, MessageState.QUEUED, size) == [6, 9, 3]


def test_a_search_of_much_ends_before_its_page_is_full(
    programme: Programme, states: list[MessageState], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newest_first, "STRETCH_LENGTH_MIN", 1)
    monkeypatch.setattr(newest_first, "STRETCH_LENGTH_MAX", 1)
    monkeypatch.setattr(newest_first, "PATIENCE_S", 0)
    page = find_messages(programme.call(), MessageState.SENT)
    assert (page.items, page.is_cut_short, page.searched_count) == ([], True, 1)
    assert every(programme, MessageState.SENT, 50) == [7, 4, 1]


def test_messages_are_counted(
    programme: Programme, states: list[MessageState], monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = outbox_figures(programme.call())
    assert (figures.queued, figures.failed, figures.sent) == (3, 3, 3)
    assert figures.due_since == START - timedelta(minutes=1)
    monkeypatch.setattr(subject, "MAILS_COUNTED_MAX", 3)
    assert outbox_figures(programme.call()).sent is None


def test_an_empty_outbox_has_no_pages(programme: Programme) -> None:
    for state in (None, *MessageState):
        assert find_messages(programme.call(), state).items == []
    assert outbox_figures(programme.call()).sent == 0


def test_only_operators_look_and_only_at_places_that_there_are(
    programme: Programme, owner: int, states: list[MessageState]
) -> None:
    call = programme.call(member(owner))
    for ask in (lambda: find_messages(call), lambda: outbox_figures(call)):
        assert refusal(programme, ask) is NOT_AUTHORIZED
    operator = programme.call()
    for state in (None, *MessageState):
        told = refusal(programme, lambda state=state: find_messages(operator, state, "x"))  # type: ignore[misc]
        assert told is PAGING_INVALID
    nonsense = "WyJ4IiwxXQ"  # ["x",1]
    told = refusal(programme, lambda: find_messages(operator, MessageState.QUEUED, nonsense))
    assert told is PAGING_INVALID
