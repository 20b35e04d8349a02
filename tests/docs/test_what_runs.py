"""Every page is in the index, every block is run by a test, and every command exists."""

import ast
import inspect
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest

from service.cli import checkup
from service.cli.main import app
from tests.docs.blocks import DOCS, PAGES, commands, languages, name_of
from tests.docs.test_generated import GENERATOR

NOT_RUN = "not run"
"""The page itself says that its blocks, or some of them, are not run."""

Runs = Mapping[tuple[str, str], tuple[int, str]]

RUNS: Runs = {
    ("CONTRIBUTING.md", "console"): (3, "test_pages.py::test_other_programs_are_known"),
    ("README.md", "console"): (
        3,
        "test_pages.py::test_the_commands_of_the_readme_run_in_their_order",
    ),
    ("docs/backup.md", "console"): (4, "test_backup_page.py::test_the_commands_for_sqlite"),
    ("docs/clients.md", "csharp"): (1, NOT_RUN),
    ("docs/clients.md", "java"): (1, NOT_RUN),
    ("docs/clients.md", "javascript"): (1, "test_clients_page.py::test_node_redeems"),
    ("docs/clients.md", "php"): (1, "test_clients_page.py::test_php_dispatches_and_reads_a_fault"),
    ("docs/clients.md", "python"): (
        2,
        "test_clients_page.py::test_zeep_searches_and_reads_a_fault",
    ),
    ("docs/csv.md", "console"): (
        1,
        "test_csv_page.py::test_the_commands_bring_coupons_from_one_service_to_another",
    ),
    ("docs/deployment.md", "console"): (
        1,
        "test_deployment_page.py::test_nothing_that_init_printed_is_accepted_any_more",
    ),
    ("docs/deployment.md", "ini"): (
        1,
        "test_deployment_page.py::test_the_setting_for_two_standbys",
    ),
    ("docs/deployment.md", "nginx"): (1, NOT_RUN),
    ("docs/deployment.md", "sh"): (2, "test_deployment_page.py::test_the_exports_of_the_page"),
    ("docs/deployment.md", "sql"): (1, "test_deployment_page.py::test_the_statements_for_a_role"),
    ("docs/discounts.md", "python"): (
        2,
        "test_discounts_page.py::test_the_snippets_print_what_the_page_says",
    ),
    ("docs/idempotency.md", "javascript"): (1, "test_clients_page.py::test_node_sends_a_key"),
    ("docs/idempotency.md", "php"): (1, "test_clients_page.py::test_php_sends_a_key"),
    ("docs/idempotency.md", "python"): (
        2,
        "test_clients_page.py::test_the_snippets_for_keys_dispatch_once",
    ),
    ("docs/idempotency.md", "xml"): (1, "test_clients_page.py::test_the_header_of_a_key"),
    ("docs/installation.md", "console"): (4, NOT_RUN),
    ("docs/mail.md", "jinja"): (1, "test_mail_page.py::test_the_template_of_the_page"),
    ("docs/mail.md", "sh"): (1, "test_mail_page.py::test_the_settings_of_the_page"),
    ("docs/management.md", "python"): (
        1,
        "test_management_page.py::test_the_snippet_mints_and_runs_a_job",
    ),
    ("docs/observability.md", "console"): (
        2,
        "observability/test_metrics.py::test_a_service_tells_what_it_does",
    ),
    ("docs/observability.md", "yaml"): (
        1,
        "observability/test_dashboards.py::test_prometheus_takes_the_rules_and_fires_when_it_should",
    ),
    ("docs/programme.md", "console"): (
        5,
        "test_programme_page.py::test_the_programme_of_the_page_runs",
    ),
    ("docs/tokens.md", "console"): (4, "test_tokens_page.py::test_the_commands_of_the_page"),
    ("docs/wsdl.md", "console"): (1, NOT_RUN),
    ("docs/wsdl.md", "xml"): (1, NOT_RUN),
}
"""By page and language: how many blocks there are, and the test that runs them."""


def unknown(pages: Iterable[Path], root: Path, runs: Runs) -> list[str]:
    """What nobody runs, or is not there any more: of each page and language."""
    found = Counter[tuple[str, str]]()
    for page in pages:
        for language, count in languages(page.read_text(encoding="utf-8")).items():
            found[name_of(page, root), language] = count
    expected = Counter({key: count for key, (count, _) in runs.items()})
    return [
        f"{page}: {language}" for page, language in sorted((found - expected) | (expected - found))
    ]


def test_every_block_is_run() -> None:
    root = DOCS.parent
    assert unknown(PAGES, root, RUNS) == [], "give it a test, and a row above"


def test_a_block_that_nobody_runs_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```console\nls\n```\n\n- a list\n  ```sql\nSELECT 1\n  ```\n", encoding="utf-8"
    )
    runs = {("page.md", "console"): (1, "x"), ("page.md", "sql"): (1, "x")}
    assert unknown([page], tmp_path, runs) == []
    assert unknown([page], tmp_path, {("page.md", "sql"): (1, "x")}) == ["page.md: console"]
    assert unknown([page], tmp_path, {**runs, ("page.md", "sql"): (2, "x")}) == ["page.md: sql"]
    assert unknown([], tmp_path, runs) == ["page.md: console", "page.md: sql"]


def exists(test: str) -> bool:
    """Whether there is a test of this file and name."""
    path, _, name = test.partition("::")
    file = Path(__file__).parents[1] / (path if "/" in path else f"docs/{path}")
    if not file.exists():
        return False
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_the_tests_that_run_them_are_there() -> None:
    named = {test for _, test in RUNS.values()} - {NOT_RUN}
    assert {test for test in named if not exists(test)} == set()
    assert not exists("test_pages.py::test_nothing")
    assert not exists("test_nothing.py::test_nothing")


def test_what_is_not_run_says_so() -> None:
    pages = {page for (page, _), (_, test) in RUNS.items() if test == NOT_RUN}
    for page in pages:
        text = (DOCS.parent / page).read_text(encoding="utf-8")
        assert re.search(r"\bnot (run|tested)\b", text, re.IGNORECASE), page


def _options(function: Any) -> set[str]:
    """The options that a command takes."""
    names = {"--help"}
    for parameter in inspect.signature(function).parameters.values():
        _, option = get_args(parameter.annotation)
        for declared in (option.default, *(option.param_decls or ())):
            if isinstance(declared, str):
                names.update(declared.split("/"))
    return names


KNOWN = {name: _options(function) for name, function in GENERATOR.commands(app)}


def wrong(text: str) -> list[str]:
    """The commands in a text that do not exist, or have not these options."""
    return [it for it in commands(text) if not _exists(it)]


def _exists(command: str) -> bool:
    groups = {name.rpartition(" ")[0] for name in KNOWN} - {"coupon-billing"}
    plain = re.split(r"[|<>;)]", command)[0].strip()
    if plain in groups:
        return True
    fitting = [name for name in KNOWN if f"{plain} ".startswith(f"{name} ")]
    options = set(re.findall(r"(?<= )--[a-z-]+", plain))
    return bool(fitting) and options <= KNOWN[max(fitting, key=len)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_in_a_page_exists(page: Path) -> None:
    assert wrong(page.read_text(encoding="utf-8")) == []


def test_every_command_that_doctor_advises_exists() -> None:
    folder = Path(str(checkup.__file__)).parent
    texts = [
        node.value
        for file in folder.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    advised = [command for text in texts for command in commands(text)]
    assert len(advised) > 3
    assert [it for it in advised if not _exists(it)] == []


def test_a_command_that_does_not_exist_is_found() -> None:
    right = "`coupon-billing outbox list --state failed`, `coupon-billing mint --count 1 | wc`"
    assert wrong(right) == []
    for text in (
        "`coupon-billing outbox forget`",
        "```console\ncoupon-billing mint --number 1\n```\n",
        "`coupon-billing coupons list`",
    ):
        assert len(wrong(text)) == 1


def test_the_index_has_every_page_once() -> None:
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    linked = Counter(re.findall(r"\]\(([\w/-]+\.md)\)", index))
    pages = {name_of(page, DOCS) for page in PAGES if page.is_relative_to(DOCS)} - {"README.md"}
    assert {page for page in pages if linked[page] != 1} == set()
