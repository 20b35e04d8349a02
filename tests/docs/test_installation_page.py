"""The page about one machine: its files go where the unit looks for them."""

import re
import shlex
import stat
import subprocess
from pathlib import Path

from tests.deployment.test_installing import PROGRAM, STATE, UNIT, last, unit
from tests.docs.blocks import REPOSITORY, blocks, console_lines, read

PAGE = "docs/installation.md"
LINES = console_lines([PAGE])


def test_the_files_go_where_the_unit_looks_for_them(tmp_path: Path) -> None:
    installing = [line for line in LINES if line.startswith("install ")]
    for line in installing:
        # The user is made by a command above, which changes the machine.
        here = line.replace(" -o coupon-billing -g coupon-billing", "")
        here = re.sub(r" /(etc|var)/", rf" {tmp_path}/\1/", here)
        subprocess.run(shlex.split(here), cwd=REPOSITORY, check=True)
    kept = {
        f"/{path.relative_to(tmp_path)}": stat.S_IMODE(path.stat().st_mode)
        for path in tmp_path.rglob("*")
    }
    assert kept[unit()["EnvironmentFile"]] == 0o600
    assert kept[f"/etc/systemd/system/{UNIT.name}"] == 0o644
    assert kept[STATE] == int(unit()["StateDirectoryMode"], 8)


def test_the_commands_are_those_of_the_unit() -> None:
    alias = next(line for line in LINES if line.startswith("alias "))
    assert f"--uid={unit()['User']} " in alias
    assert f"--property=UMask={unit()['UMask']} " in alias
    assert f"--property=EnvironmentFile={unit()['EnvironmentFile']}'" in alias
    programs = {word for line in LINES for word in line.split() if word.startswith("/opt/")}
    assert programs == {PROGRAM.rpartition("/")[0], f"{PROGRAM}/pip", f"{PROGRAM}/coupon-billing"}
    assert unit()["ExecStart"] == f"{PROGRAM}/coupon-billing serve"
    assert any(unit()["User"] in line and f"--home-dir {STATE} " in line for line in LINES)


def test_the_container_is_the_one_of_the_file() -> None:
    building, *_ = blocks(read(PAGE), "console")[2].splitlines()
    assert (REPOSITORY / building.split()[3]).is_file()
    assert f"-v coupon-billing:{last('VOLUME')} " in "\n".join(LINES)
    assert f"user {last('USER')}," in read(PAGE)
