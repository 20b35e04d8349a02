"""A client whose runtime is missing is told to have been skipped, and never passed."""

import pytest

from tests.clients.runtimes import node_command, php_command

COMMANDS = {"Node.js": node_command, "PHP": php_command}


@pytest.mark.parametrize("runtime", COMMANDS)
@pytest.mark.parametrize(
    ("ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)]
)
def test_a_missing_runtime_is_told(monkeypatch, tmp_path, runtime, ci, outcome):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match=rf"{runtime} with .* is missing"):
        COMMANDS[runtime]("http://localhost/")
