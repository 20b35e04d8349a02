"""What the fuzzer has kept is answered, and two minutes of it find nothing; see ``fuzz``."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reliability.proofs import FUZZED_GATE, Report
from tests.security.corpus import corpus
from tests.security.door import CPU_S_MAX, Application, Attempt, Campaign
from tests.storage.engines import ON_SQLITE

SECONDS = 120
CONTROL_SECONDS_MAX = 60


def test_the_corpus_is_answered(application: Application) -> None:
    campaign = Campaign(application).run(map(Attempt, corpus()))
    assert campaign.count > 50
    assert campaign.wrong == {}
    assert campaign.slowest_s <= CPU_S_MAX


def fuzz(findings: Path, seconds: int, *options: str) -> "subprocess.CompletedProcess[str]":
    module = [sys.executable, "-m", "tests.security.fuzz"]
    return subprocess.run(
        [*module, f"--seconds={seconds}", f"--findings={findings}", *options],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.prove
@pytest.mark.timeout(600)
@ON_SQLITE
def test_two_minutes_of_fuzzing_find_nothing(tmp_path: Path, report: Report) -> None:
    if importlib.util.find_spec("atheris") is None:
        report.unmeasured(FUZZED_GATE)
        pytest.skip("atheris is not installed: it has no package for this Python or system")
    run = fuzz(tmp_path, SECONDS)
    findings = [path.read_bytes() for path in tmp_path.iterdir()]
    runs = re.search(r"Done (\d+) runs", run.stderr)
    covered = re.findall(r"cov: (\d+)", run.stderr)
    report.proof(
        FUZZED_GATE,
        rounds=int(runs.group(1)) if runs else 0,
        failures=len(findings),
        figures=f"{covered[-1]} branches covered",
    )
    assert (run.returncode, findings) == (0, [])
    # The control: what stock Spyne does with an envelope that has no Body.
    broken = fuzz(tmp_path, CONTROL_SECONDS_MAX, "--broken")
    report.control(FUZZED_GATE, rounds=1, failures=len(list(tmp_path.iterdir())))
    assert "FoundError: internal error" in broken.stderr + broken.stdout
