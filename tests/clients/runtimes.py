"""Clients in other languages: a process each, which is told calls and answers them as JSON."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.clients.callers import Caller, Keys, RefusedError

FOLDER = Path(__file__).parent
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.]\d+)?Z")


class Runtime:
    """A program that runs, and calls one service."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def answer(self, call: dict[str, Any]) -> dict[str, Any]:
        """Let the program make a call; answers what it made of the reply."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(call) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the client has ended with {self._process.wait()}"
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def running_runtime(command: Sequence[str]) -> Iterator[Runtime]:
    """A program that ends when its input does."""
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        try:
            yield Runtime(process)
        finally:
            process.kill()


def node_command(url: str) -> list[str]:
    """The program for Node.js; its test does not run where Node.js or the package is missing."""
    node = shutil.which("node")
    is_installed = (FOLDER / "node/node_modules/soap/package.json").exists()
    if node is None or not is_installed:
        not_run("Node.js with the package soap")
    return [node or "", str(FOLDER / "node/client.js"), f"{url}?singleWsdl"]


def php_command(url: str) -> list[str]:
    """The program for PHP; its test does not run where PHP or its SoapClient is missing."""
    php = shutil.which("php")
    if php is None or "soap" not in subprocess.check_output([php, "-m"], text=True).split():
        not_run("PHP with its SoapClient")
    return [php or "", str(FOLDER / "php/client.php"), f"{url}?singleWsdl"]


def not_run(what: str) -> None:
    """Skip a test and tell why; in continuous integration nothing may be missing."""
    reason = f"{what} is missing, run tests/clients/install-runtimes"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


class RuntimeCaller(Caller):
    """A client in another language.

    Results are made of attributes and lists; instants are aware, whatever the client makes of
    them, and numbers stay what JSON makes of them.
    """

    def __init__(self, runtime: Runtime, keys: Keys) -> None:
        self._runtime = runtime
        self._keys = keys
        self._tracking_id = ""

    def call(self, operation: str, **arguments: Any) -> Any:
        result = self.call_all(operation, **arguments)
        return None if result is None else next(iter(vars(result).values()))

    def call_all(self, operation: str, **arguments: Any) -> Any:
        given = {name: value for name, value in arguments.items() if value is not None}
        call = {"operation": operation, "arguments": given, "headers": self._keys.headers}
        answer = self._runtime.answer(call)
        if "fault" in answer:
            # Both clients throw at HTTP status 500, and read the fault.
            assert answer["status"] == 500
            raise _refused(answer["fault"], answer["trackingId"])
        assert "result" in answer, answer
        self._tracking_id = answer["trackingId"]
        return _read(answer["result"])

    def flags(self, *names: str) -> str:
        return " ".join(names)

    @property
    def tracking_id(self) -> str:
        return self._tracking_id


class NodeCaller(RuntimeCaller):
    """Node.js, whose instants have milliseconds."""

    def shown(self, instant: datetime) -> datetime:
        return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


class Record(SimpleNamespace):
    """A result; what it does not have is None."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return None

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)


def _read(value: Any) -> Any:
    if isinstance(value, dict):
        # PHP makes an object without properties of an empty list, and Node.js attributes of nil.
        members = {name: _read(item) for name, item in value.items() if name != "attributes"}
        return Record(**members) if members else None
    if isinstance(value, list):
        return [_read(item) for item in value]
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return datetime.fromisoformat(value.replace("Z", "+00:00"))
    return value


def _refused(fault: dict[str, Any], tracking_id: str | None) -> RefusedError:
    code, text = str(fault["faultcode"]), str(fault["faultstring"])
    detail = _read(fault["detail"]) if fault.get("detail") else None
    if detail is None:
        return RefusedError(code, text, tracking_id=tracking_id)
    ((kind, content),) = vars(detail).items()
    # PHP hands out no header of a fault.
    assert tracking_id in {None, content.TrackingId}
    is_ad_api = kind == "AdApiFaultDetail"
    found = content.Errors.AdApiError if is_ad_api else content.OperationErrors.OperationError
    # In the detail of a fault, a list of one is its item.
    error = found[0] if isinstance(found, list) else found
    return RefusedError(
        code,
        text,
        kind=kind,
        tracking_id=content.TrackingId,
        code=int(error.Code),
        details=error.Detail if is_ad_api else error.Details,
        message=error.Message,
        error_code=error.ErrorCode,
    )
