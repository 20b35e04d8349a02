"""What `deploy/` has for one machine: a systemd unit with its settings, and an image."""

import configparser
import json
import os
import re
import shlex
import shutil
import signal
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

import pytest

from service.settings import ENVIRONMENT_PREFIX, Settings
from tests.deployment.example import FOLDER, SCRIPTS
from tests.deployment.waiting import wait_until
from tests.ports import free_port

UNIT = FOLDER / "coupon-billing.service"
VARIABLES = FOLDER / "coupon-billing.env"
STATE = "/var/lib/coupon-billing"
PROGRAM = "/opt/coupon-billing/bin"
EXPOSURE_MAX = 2.0
"""Of systemd's scale from 0 to 10; below 2 it is called OK."""


def unit() -> dict[str, str]:
    """The section of the service; of a name that stands twice, the last."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(UNIT, encoding="utf-8")
    return dict(parser["Service"])


def variables(text: str) -> dict[str, str]:
    """The variables of a file of settings, those that are commented out too."""
    return dict(re.findall(r"^#?([A-Z][A-Z_]*)=(.*)$", text, re.MULTILINE))


def test_the_variables_of_the_unit_are_settings(monkeypatch) -> None:
    told = variables(VARIABLES.read_text(encoding="utf-8"))
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    names = {name.removeprefix(ENVIRONMENT_PREFIX).lower() for name in told}
    assert Settings().model_fields_set == names


@contextmanager
def started(folder: Path) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """The unit's command with its settings, as its user would be; only places are others."""
    port = free_port()
    uncommented = [
        line
        for line in VARIABLES.read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    own = variables("\n".join(uncommented).replace(STATE, str(folder)).replace("8080", str(port)))
    environment = {**os.environ, **own}
    program, *words = shlex.split(unit()["ExecStart"].replace(PROGRAM, str(SCRIPTS)))
    subprocess.run([program, "init"], env=environment, check=True, capture_output=True)
    process = subprocess.Popen(
        [program, *words],
        env=environment,
        cwd=folder,
        umask=int(unit()["UMask"], 8),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: is_ready(port))
        yield process, port
    finally:
        process.terminate()
        process.wait()


def is_ready(port: int) -> bool:
    with suppress(OSError), urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as reply:
        return bool(reply.read() == b"ok\n")
    return False


def instructions(text: str) -> list[tuple[str, str]]:
    """The instructions of a Containerfile, and what follows each."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [
        (word, " ".join(rest.split()))
        for word, _, rest in (line.strip().partition(" ") for line in joined.splitlines() if line)
    ]


CONTAINERFILE = instructions((FOLDER / "Containerfile").read_text(encoding="utf-8"))


def last(word: str) -> str:
    return [rest for name, rest in CONTAINERFILE if name == word][-1]


def health_check() -> list[str]:
    """What the image asks, from its first word on."""
    command: list[str] = json.loads(last("HEALTHCHECK").partition("CMD ")[2])
    return command


@pytest.mark.prove
def test_the_units_command_serves_and_ends_and_the_image_can_tell(tmp_path: Path) -> None:
    with started(tmp_path) as (process, port):
        program, *words = [it.replace("8080", str(port)) for it in health_check()]
        asked = [SCRIPTS / program, *words]
        assert subprocess.run(asked, check=False).returncode == 0
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert {path.name for path in files} >= {"coupon-billing.db"}
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
        process.send_signal(signal.SIGTERM)
        assert process.wait(int(unit()["TimeoutStopSec"])) == 0
        assert subprocess.run(asked, capture_output=True, check=False).returncode == 1


def analyzed(verb: str, file: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """What systemd says of a unit."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("not run: systemd-analyze is not installed")
    return subprocess.run(
        [program, verb, *options, file], capture_output=True, text=True, check=False
    )


def test_systemd_knows_every_word_of_the_unit(tmp_path: Path) -> None:
    file = tmp_path / UNIT.name
    text = UNIT.read_text(encoding="utf-8").replace(PROGRAM, str(SCRIPTS))
    file.write_text(text, encoding="utf-8")
    done = analyzed("verify", file)
    assert (done.returncode, done.stderr) == (0, "")
    # The control: a word that systemd does not know.
    file.write_text(text.replace("PrivateTmp", "PrivateTemp"), encoding="utf-8")
    assert "PrivateTemp" in analyzed("verify", file).stderr


def test_the_unit_is_closed_in(tmp_path: Path) -> None:
    def exposure(text: str) -> float:
        file = tmp_path / UNIT.name
        file.write_text(text, encoding="utf-8")
        told = analyzed("security", file, "--offline=true", "--no-pager").stdout
        return float(re.findall(r"exposure level for \S+: ([\d.]+)", told)[0])

    text = UNIT.read_text(encoding="utf-8")
    assert exposure(text) <= EXPOSURE_MAX
    # The control: the same without what closes it in.
    open_unit = re.sub(r"^(Protect|Private|Restrict|SystemCall|Capab).*\n", "", text, flags=re.M)
    assert exposure(open_unit) > EXPOSURE_MAX


def test_the_image_runs_as_nobody_special_on_its_volume() -> None:
    user, group = last("USER"), last("RUN")
    assert f"--uid {user} " in group
    assert int(user) > 999
    assert last("VOLUME") == last("WORKDIR") == STATE
    assert json.loads(last("ENTRYPOINT")) == ["coupon-billing"]
    assert json.loads(last("CMD")) == ["serve"]
    environment = dict(word.split("=", 1) for word in shlex.split(last("ENV")))
    assert environment["PATH"].split(":")[0] == PROGRAM
    names = {
        name.removeprefix(ENVIRONMENT_PREFIX).lower() for name in environment if name != "PATH"
    }
    assert names <= Settings.model_fields.keys()
    assert last("EXPOSE") == environment[f"{ENVIRONMENT_PREFIX}BIND"].rpartition(":")[2]


def test_nothing_that_builds_is_left_in_the_image() -> None:
    stages = [rest for word, rest in CONTAINERFILE if word == "FROM"]
    assert len(stages) == 2
    start = max(index for index, (word, _) in enumerate(CONTAINERFILE) if word == "FROM")
    final = CONTAINERFILE[start:]
    assert [rest for word, rest in final if word in {"COPY", "ADD"}] == [
        "--from=build /opt/coupon-billing /opt/coupon-billing"
    ]
    assert all("pip uninstall" in rest for word, rest in CONTAINERFILE if word == "RUN")
    assert not re.search(r"\b(apt|apk|install)\b", " ".join(rest for _, rest in final))
