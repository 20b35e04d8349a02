"""The snippets for clients do what the pages say, against a service on a real socket."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from typer.testing import CliRunner

from service.app import create_app
from service.cli.main import app as command_line
from service.settings import Settings
from tests.docs.blocks import REPOSITORY, blocks, read

DEFAULTS = Settings.model_construct()
CLIENTS, IDEMPOTENCY = read("docs/clients.md"), read("docs/idempotency.md")
NODE_PACKAGES = REPOSITORY / "tests" / "clients" / "node" / "node_modules"


class _SilentHandler(WSGIRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def keys(tmp_path: Path) -> dict[str, Any]:
    """What `init` and `mint` printed for a new database."""
    option = ("--database", f"sqlite:///{tmp_path / 'snippets.db'}", "--json")

    def run(line: str) -> dict[str, Any]:
        result = CliRunner().invoke(command_line, [*line.split(), *option])
        assert result.exit_code == 0, result.output
        return dict(json.loads(result.stdout))

    keys = run("init")
    run("class add --customer 1 --name Spring --type Retention --amount 50 --currency USD")
    return {**keys, **run("mint --customer 1 --class Spring --count 3 --show-codes")}


@pytest.fixture
def address(tmp_path: Path, keys: dict[str, Any], closed_applications: None) -> Iterator[str]:
    """Host and port of a service on that database."""
    app = create_app(
        Settings(database=f"sqlite:///{tmp_path / 'snippets.db'}", validate_responses=True)
    )
    with make_server("127.0.0.1", 0, app, handler_class=_SilentHandler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def filled_in(snippet: str, address: str, keys: dict[str, Any]) -> str:
    """The snippet with the reader's own values in it."""
    values = {
        DEFAULTS.bind: address,
        "DEVELOPER-TOKEN": keys["developer_token"],
        "AUTHENTICATION-TOKEN": keys["authentication_token"],
        "COUPON-CODE": keys["codes"][0],
    }
    for place, value in values.items():
        snippet = snippet.replace(place, value)
    return snippet


# The SDK itself asks for the time in a way that Python 3.12 announces as leaving.
@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
def test_bingads_redeems(address: str, keys: dict[str, Any], capsys) -> None:
    snippet, _ = blocks(CLIENTS, "python")
    exec(filled_in(snippet, address, keys), {})
    assert re.fullmatch(r"2\d{3}-\d\d-\d\d [^\n]+\n[0-9a-f-]{36}\n", capsys.readouterr().out)


def test_zeep_searches_and_reads_a_fault(address: str, keys: dict[str, Any], capsys) -> None:
    _, snippet = blocks(CLIENTS, "python")
    exec(filled_in(snippet, address, keys), {})
    *coupons, fault = capsys.readouterr().out.splitlines()
    assert sorted(coupons) == [f"{code} None False" for code in keys["codes"]]
    assert fault == "90001"


# As above.
@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
def test_the_snippets_for_keys_dispatch_once(
    address: str, keys: dict[str, Any], capsys, tmp_path: Path
) -> None:
    scope: dict[str, Any] = {}
    first, _ = blocks(CLIENTS, "python")
    exec(filled_in(first, address, keys), scope)
    capsys.readouterr()
    told = []
    for snippet in blocks(IDEMPOTENCY, "python"):
        exec(filled_in(snippet, address, keys), scope)
        told.append(capsys.readouterr().out.splitlines())
    by_bing_ads, by_zeep = told
    assert len(by_bing_ads) == 2 * len(set(by_bing_ads))
    tracking_ids, errors = zip(*(line.split(" ", 1) for line in by_zeep), strict=True)
    assert (len(set(tracking_ids)), set(errors)) == (2, {"None"})
    assert sent_to(tmp_path) == [None, "anna@example.com", "bela@example.com"]


def sent_to(folder: Path) -> list[str | None]:
    """The addresses of the coupons, those without first."""
    with closing(sqlite3.connect(folder / "snippets.db")) as database:
        rows = database.execute("SELECT sent_to_email FROM coupon ORDER BY sent_to_email")
        return [address for (address,) in rows]


def told_by(program: str, *arguments: str, **variables: str) -> str:
    """What a program of another language printed; without it the test is not run."""
    path = shutil.which(program)
    if path is None:
        assert not os.environ.get("CI"), f"{program} is not installed"
        pytest.skip(f"not run: {program} is not installed")
    environment = {**os.environ, **variables}
    done = subprocess.run(
        [path, *arguments], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def in_php(snippet: str) -> str:
    # The WSDL is each test's own.
    return told_by("php", "-d", "soap.wsdl_cache_enabled=0", "-r", snippet)


def test_php_dispatches_and_reads_a_fault(
    address: str, keys: dict[str, Any], tmp_path: Path
) -> None:
    (snippet,) = blocks(CLIENTS, "php")
    told = in_php(filled_in(snippet, address, keys))
    assert "[Code] => 90001" in told
    assert sent_to(tmp_path) == [None, "anna@example.com", "bela@example.com"]


def test_php_sends_a_key(address: str, keys: dict[str, Any], tmp_path: Path) -> None:
    (snippet,), (headers,) = blocks(CLIENTS, "php"), blocks(IDEMPOTENCY, "php")
    begin = snippet.partition("$reply =")[0]
    (dispatch,) = re.findall(r"^\$reply = .*?;\n", snippet, re.MULTILINE | re.DOTALL)
    in_php(filled_in(begin + headers + dispatch + dispatch, address, keys))
    assert sent_to(tmp_path) == [None, "anna@example.com", "bela@example.com"]


def in_node(snippet: str) -> str:
    if not NODE_PACKAGES.is_dir():
        assert not os.environ.get("CI"), "the package soap is not installed"
        pytest.skip("not run: the package soap is not installed; see tests/clients")
    return told_by("node", "-e", snippet, NODE_PATH=str(NODE_PACKAGES))


def test_node_redeems(address: str, keys: dict[str, Any]) -> None:
    (snippet,) = blocks(CLIENTS, "javascript")
    assert re.match(r"2\d{3}-\d\d-\d\dT", in_node(filled_in(snippet, address, keys)))


def test_node_sends_a_key(address: str, keys: dict[str, Any], tmp_path: Path) -> None:
    (snippet,), (header,) = blocks(CLIENTS, "javascript"), blocks(IDEMPOTENCY, "javascript")
    (call,) = re.findall(r"^  const \[reply\] = .*\n", snippet, re.MULTILINE)
    in_node(filled_in(snippet.replace(call, header + call), address, keys))
    with closing(sqlite3.connect(tmp_path / "snippets.db")) as database:
        assert database.execute("SELECT count(*) FROM idempotency_key").fetchone() == (1,)


def test_the_header_of_a_key() -> None:
    (block,) = blocks(IDEMPOTENCY, "xml")
    assert 'xmlns="urn:coupon-billing:headers:v1"' in block


def test_what_was_run_is_marked_so() -> None:
    table = dict(re.findall(r"^\| ([^|]+) \| (.+) \|$", CLIENTS, re.MULTILINE))
    marked = {name for name, told in table.items() if "**not run**" in told}
    assert all(".NET" in it or "Java" in it or "gSOAP" in it for it in marked)
    for language in ("Python, `zeep`", "Python, Microsoft's SDK `bingads`"):
        assert "in every test run" in table[language]
