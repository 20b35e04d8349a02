"""Changes the arithmetic in small ways, one at a time, and counts what the tests notice.

mutmut does it, as ``setup.cfg`` tells, in a copy of the repository that is thrown away. The table
of ``docs/mutation.md`` is written from what it finds; what no test has noticed is printed.
"""

import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from platform import python_version

REPOSITORY = Path(__file__).parents[2]
PAGE = REPOSITORY / "docs" / "mutation.md"
START, END = "<!-- table -->\n", "<!-- end of table -->\n"
HEAD = "| module | changes | noticed | unnoticed | score |\n|---|---|---|---|---|\n"
NOTICED = frozenset({"killed", "timeout"})
"""A test failed, or did not end: the change made a loop endless."""


def main() -> None:
    """Run mutmut, print what was not noticed, and write the page."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "repository"
        hidden = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info")
        shutil.copytree(REPOSITORY, copy, ignore=hidden)
        _mutmut(copy, "run")
        statuses = list(_statuses(_mutmut(copy, "results", "--all", "true")))
        for mutant, status in statuses:
            if status not in NOTICED:
                sys.stdout.write(_mutmut(copy, "show", mutant))
    measured = f"Measured with mutmut {version('mutmut')}, Python {python_version()}."
    page = with_table(PAGE.read_text(encoding="utf-8"), statuses, measured)
    PAGE.write_text(page, encoding="utf-8")
    sys.stdout.write(table(statuses))


def _mutmut(folder: Path, *words: str) -> str:
    """What mutmut says; its progress, which ``run`` shows, goes to the terminal."""
    command = [sys.executable, "-m", "mutmut", *words]
    captured = None if words == ("run",) else subprocess.PIPE
    done = subprocess.run(command, cwd=folder, check=True, stdout=captured, text=True)
    return done.stdout or ""


def _statuses(results: str) -> Iterable[tuple[str, str]]:
    """Each change by its name, and what became of it."""
    for line in results.splitlines():
        mutant, _, status = line.strip().rpartition(": ")
        yield mutant, status


def table(statuses: Iterable[tuple[str, str]]) -> str:
    """How many changes of each module were noticed, and of all."""
    made: Counter[str] = Counter()
    noticed: Counter[str] = Counter()
    for mutant, status in statuses:
        for name in (mutant.rpartition(".")[0].removeprefix("service."), "all"):
            made[name] += 1
            noticed[name] += status in NOTICED
    rows = (
        f"| {name} | {made[name]:,} | {noticed[name]:,} | {made[name] - noticed[name]:,} "
        f"| {100 * noticed[name] / made[name]:.1f} % |\n"
        for name in sorted(made, key=lambda name: (name == "all", name))
    )
    return HEAD + "".join(rows)


def with_table(page: str, statuses: Iterable[tuple[str, str]], measured: str) -> str:
    """The page with the table of these, after how it was measured."""
    before, _, rest = page.partition(START)
    after = rest.partition(END)[2]
    return f"{before}{START}{measured}\n\n{table(statuses)}{END}{after}"


if __name__ == "__main__":
    main()
