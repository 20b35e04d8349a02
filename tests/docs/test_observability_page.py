"""What the page about observability says is so: its commands run, and its numbers fit."""

import os
import re
import shlex
import signal
import subprocess
import sysconfig
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path

import httpx
import pytest
import yaml

from service.addresses import HEALTH_PATH, READY_PATH
from service.metrics.counting import FILE_BYTES
from service.settings import ENVIRONMENT_PREFIX, Settings
from tests.observability.receiver import receiving
from tests.observability.watched import wait_until
from tests.ports import free_port

REPOSITORY = Path(__file__).parents[2]
PAGE = (REPOSITORY / "docs" / "observability.md").read_text(encoding="utf-8")
SQLITE = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


SERVE_WATCHED, CURL = blocks("console")[0].splitlines()
INSTALL, SERVE_TRACED = blocks("console")[1].splitlines()


@contextmanager
def typed(line, database_url, folder, port):
    """Run a line that begins with variables, at a port that is free."""
    words = shlex.split(line)
    variables = dict(it.split("=", 1) for it in takewhile(lambda it: "=" in it, words))
    given = {
        f"{ENVIRONMENT_PREFIX}{name}": value
        for name, value in {
            "DATABASE": database_url,
            "BIND": f"127.0.0.1:{port}",
            "MAIL_FOLDER": str(folder / "mail"),
        }.items()
    }
    program, *arguments = words[len(variables) :]
    process = subprocess.Popen(
        [str(Path(sysconfig.get_path("scripts")) / program), *arguments],
        env={**os.environ, **given, **variables, "TMPDIR": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def is_ready(port, path=READY_PATH):
    try:
        return httpx.get(f"http://127.0.0.1:{port}{path}").is_success
    except httpx.TransportError:
        return False


@pytest.mark.prove
@SQLITE
def test_the_commands_for_metrics(database_url, tmp_path):
    port, metrics_port = free_port(), str(free_port())
    with typed(SERVE_WATCHED.replace("9464", metrics_port), database_url, tmp_path, port):
        wait_until(lambda: is_ready(port))
        wait_until(lambda: is_ready(metrics_port, "/metrics"))
        line = shlex.split(CURL.replace("9464", metrics_port))
        told = subprocess.run(line, capture_output=True, text=True, check=True).stdout
    assert "\ncoupon_billing_database_up 1.0\n" in told


@pytest.mark.prove
@SQLITE
def test_the_commands_for_traces(database_url, tmp_path):
    port = free_port()
    with receiving() as receiver:
        line = SERVE_TRACED.replace("http://127.0.0.1:4318", receiver.url)
        with typed(line, database_url, tmp_path, port):
            wait_until(lambda: is_ready(port))
            httpx.get(f"http://127.0.0.1:{port}/console/")
        assert receiver.spans
    assert INSTALL == "python3 -m pip install '.[otel]'"
    metadata = (REPOSITORY / "setup.cfg").read_text(encoding="utf-8")
    assert "\notel =\n    opentelemetry-" in metadata


def test_the_names_and_numbers_of_the_page():
    named = {it.lower() for it in re.findall(rf"{ENVIRONMENT_PREFIX}(\w+)", PAGE)}
    assert named <= Settings.model_fields.keys()
    assert {f"| `{HEALTH_PATH}` |", f"| `{READY_PATH}` |"} <= set(
        re.findall(r"^\| `/\w+` \|", PAGE, re.MULTILINE)
    )
    assert f"{3 * FILE_BYTES / 2**20} MiB of room for each process" in PAGE
    (text,) = blocks("yaml")
    (scraped,) = yaml.safe_load(text)["scrape_configs"]
    rules = (REPOSITORY / "deploy" / "prometheus" / "alerts.yml").read_text(encoding="utf-8")
    assert f'up{{job="{scraped["job_name"]}"}}' in rules
