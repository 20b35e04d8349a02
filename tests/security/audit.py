"""Whether what is installed has known weaknesses: ``python -m tests.security.audit``.

pip-audit asks the database of https://osv.dev about each installed package. Where that cannot be
reached nothing is known, which is said, and is no failure: nobody could build without a network.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import NamedTuple

SECONDS_MAX = 120
SILENCE_S_MAX = 5
_COMMAND = [
    *(sys.executable, "-m", "pip_audit", "--vulnerability-service", "osv", "--format", "json"),
    *("--progress-spinner", "off", "--timeout", str(SILENCE_S_MAX)),
]


class Audit(NamedTuple):
    """What came of it.

    Attributes:
        is_clean: False when a weakness is known.
        text: For people.
    """

    is_clean: bool
    text: str


def audit(options: Sequence[str]) -> Audit:
    """Ask about installed packages, or those that the options of pip-audit name."""
    try:
        run = subprocess.run(
            [*_COMMAND, *options], capture_output=True, text=True, check=False, timeout=SECONDS_MAX
        )
        found = json.loads(run.stdout)["dependencies"]
    except subprocess.TimeoutExpired:
        return Audit(True, f"dependency audit: NOT RUN, no answer within {SECONDS_MAX} s")
    except ValueError:
        reason = (run.stderr.strip().splitlines() or ["no reason told"])[-1]
        return Audit(True, f"dependency audit: NOT RUN, {reason.partition(' (Caused')[0][:200]}")
    lines = [
        f"{package['name']} {package['version']}: {known['id']}, mended in {known['fix_versions']}"
        for package in found
        for known in package.get("vulns", ())
    ]
    count = sum("vulns" in package for package in found)
    lines.append(f"dependency audit: {len(lines)} known weaknesses in {count} packages")
    return Audit(len(lines) == 1, "\n".join(lines))


if __name__ == "__main__":
    outcome = audit(["--skip-editable", *sys.argv[1:]])
    sys.stdout.write(f"{outcome.text}\n")
    sys.exit(0 if outcome.is_clean else 1)
