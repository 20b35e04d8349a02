"""A process gives up connections only while it has more to do than the others."""

import pytest

from service.cli.fair_share import LOOK_S, FairShare, create_shares


class Clock:
    """Processor time that passes when it is told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def given_up(part: float, *others: float, calls_count: int = 850) -> int:
    """How many connections a process gives up between two looks, by what all of them did before.

    Args:
        part: Of a processor, that it took.
        others: Which parts the others took.
        calls_count: How many calls it answered in a second.
    """
    calls_count = round(calls_count * LOOK_S)
    shares, clock = create_shares(1 + len(others)), Clock()
    share = FairShare(shares, 0, clock)
    for number, other in enumerate(others, start=1):
        shares[number] = round(other * LOOK_S * 1000)
    assert not any(share.note_call() for _ in range(calls_count))
    clock.seconds = part * LOOK_S
    share.look()
    return sum(share.note_call() for _ in range(calls_count))


@pytest.mark.parametrize(
    ("part", "others", "expected"),
    [
        pytest.param(0.9, [0.3], 3, id="a third of its calls are too many"),
        pytest.param(0.9, [0.0], 5, id="the other one has nothing to do"),
        pytest.param(0.9, [0.9], 0, id="all have as much"),
        pytest.param(0.6, [0.5], 0, id="hardly more"),
        pytest.param(0.66, [0.55], 0, id="just not too much more"),
        pytest.param(0.7, [0.54], 1, id="just too much more"),
        pytest.param(0.29, [0.0], 0, id="nobody waits"),
        pytest.param(0.3, [0.9], 0, id="less than the other"),
        pytest.param(0.9, [0.3, 0.3, 0.3], 5, id="four"),
        pytest.param(0.9, [], 0, id="alone"),
        pytest.param(0.0, [0.0], 0, id="nothing to do"),
    ],
)
def test_connections_are_given_up_by_what_is_too_much(
    part: float, others: list[float], expected: int
) -> None:
    assert given_up(part, *others) == expected


def test_one_at_the_least() -> None:
    assert given_up(0.9, 0.3, calls_count=2) == 1


def test_a_call_that_is_alone_keeps_its_connection() -> None:
    shares, clock = create_shares(2), Clock()
    share = FairShare(shares, 0, clock)
    for _ in range(2_550):
        share.note_call(is_alone=True)
    clock.seconds = 0.9 * LOOK_S
    share.look()
    assert not any(share.note_call(is_alone=True) for _ in range(2_550))
    assert share.note_call()


def test_each_look_decides_anew() -> None:
    clock = Clock()
    share = FairShare(create_shares(2), 0, clock)
    for _ in range(2_700):
        share.note_call()
    clock.seconds = 0.9 * LOOK_S
    share.look()
    clock.seconds = 1.0 * LOOK_S
    share.look()
    assert not share.note_call()


def test_the_others_read_what_was_done() -> None:
    shares, clock = create_shares(2), Clock()
    share = FairShare(shares, 1, clock)
    clock.seconds = 0.25
    share.look()
    assert list(shares) == [0, 250]
