"""A process gives up connections only while it has much more to do than the others."""

import pytest

from service.cli.fair_share import FairShare, create_shares


class Clock:
    """Processor time that passes when it is told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def given_up(own_s: float, *others_s: float, calls_count: int = 850) -> int:
    """How many connections a process gives up in a second, by what all of them did before."""
    shares, clock = create_shares(1 + len(others_s)), Clock()
    share = FairShare(shares, 0, clock)
    for number, seconds in enumerate(others_s, start=1):
        shares[number] = round(seconds * 1000)
    assert not any(share.note_call() for _ in range(calls_count))
    clock.seconds = own_s
    share.look()
    return sum(share.note_call() for _ in range(calls_count))


@pytest.mark.parametrize(
    ("own_s", "others_s", "expected"),
    [
        pytest.param(0.9, [0.3], 3, id="a third of its calls are too many"),
        pytest.param(0.9, [0.0], 5, id="the other one has nothing to do"),
        pytest.param(0.9, [0.9], 0, id="all have as much"),
        pytest.param(0.66, [0.5], 0, id="hardly more"),
        pytest.param(0.72, [0.48], 0, id="just not too much more"),
        pytest.param(0.29, [0.0], 0, id="nobody waits"),
        pytest.param(0.3, [0.9], 0, id="less than the other"),
        pytest.param(0.9, [0.3, 0.3, 0.3], 5, id="four"),
        pytest.param(0.9, [], 0, id="alone"),
        pytest.param(0.0, [0.0], 0, id="nothing to do"),
    ],
)
def test_connections_are_given_up_by_what_is_too_much(
    own_s: float, others_s: list[float], expected: int
) -> None:
    assert given_up(own_s, *others_s) == expected


def test_one_at_the_least() -> None:
    assert given_up(0.9, 0.3, calls_count=2) == 1


def test_each_look_decides_anew() -> None:
    clock = Clock()
    share = FairShare(create_shares(2), 0, clock)
    for _ in range(900):
        share.note_call()
    clock.seconds = 0.9
    share.look()
    clock.seconds = 1.0
    share.look()
    assert not share.note_call()


def test_the_others_read_what_was_done() -> None:
    shares, clock = create_shares(2), Clock()
    share = FairShare(shares, 1, clock)
    clock.seconds = 0.25
    share.look()
    assert list(shares) == [0, 250]
