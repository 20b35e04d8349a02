"""The profile finds the parts that take the time, and knows all that a request passes."""

import signal
import sys

import pytest

from benchmarks import profiling
from benchmarks.memory import ALL_KINDS
from benchmarks.profiling import PARTS, STATEMENTS, profile_table
from service.operations import calls


def test_a_function_belongs_to_the_innermost_part() -> None:
    found = []
    before = sys.getprofile()
    sys.setprofile(lambda frame, _event, _argument: found.append(profiling._part_of(frame)))
    calls.utc_now()
    sys.setprofile(before)
    assert found[0] == "operation"
    assert profiling._part_of(sys._getframe()) is None


@pytest.mark.prove
@pytest.mark.timeout(120)
@pytest.mark.usefixtures("closed_applications")
def test_a_profile_tells_the_share_of_each_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiling, "UNREDEEMED_COUNT", 300)
    monkeypatch.setattr(profiling, "PAGES_COUNT", 50)
    *_, row = profile_table([ALL_KINDS[0]], cpu_s=0.2)
    shares = [int(cell.rstrip("%")) for cell in row.strip("| ").split(" | ")[2:]]
    assert len(shares) == len(PARTS) + 1
    assert 95 <= sum(shares) <= 105
    assert shares[[*PARTS, STATEMENTS].index(STATEMENTS)] > 0
    assert signal.getitimer(signal.ITIMER_PROF) == (0, 0)
