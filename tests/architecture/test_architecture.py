"""The rooms of the service see one another only as they should, and stay small."""

import ast
from collections.abc import Iterable
from pathlib import Path

import pytest

import service
from tests.architecture.imports import Imports, find_circle, read_imports, wrong_arrows

ROOT = Path(service.__path__[0])
FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 60
TESTS = Path(__file__).parents[1]
LONG_TESTS = {
    "operations/test_coupon_instances.py": "each begins with the same definition, book and order",
}
"""Files of tests that are longer than others, each with the reason."""

ROOMS: dict[str, set[str]] = {
    "domain": set(),
    "storage": {"domain"},
    "operations": {"storage", "domain"},
    "soap": {"operations", "domain"},
    "jobs": {"operations", "domain"},
    "console": {"operations", "domain"},
    "settings": set(),
    "addresses": {"settings"},
    "logs": set(),
    "health": {"storage", "domain"},
    "identity": {"operations", "domain"},
    "proxies": set(),
    "metrics": {"operations", "domain"},
    "tracing": {"domain"},
    "opening": {"operations", "storage", "settings"},
    "app": {
        *("soap", "jobs", "console", "operations", "storage", "domain"),
        *("settings", "opening", "addresses", "logs", "health", "identity", "proxies"),
        *("metrics", "tracing"),
    },
    "cli": {
        *("soap", "jobs", "console", "operations", "storage", "domain"),
        *("settings", "opening", "addresses", "logs", "health", "identity", "metrics", "app"),
    },
}
"""The rooms that each room may see; a new room says here what it may see."""

_SQL = {"sqlalchemy", "alembic"}
_XML = {"lxml", "spyne"}
_WATCHING = {"prometheus_client", "opentelemetry"}
_PAGES = {"flask", "flask_wtf", "wtforms", "werkzeug", "itsdangerous", "markupsafe"}
FOREIGN: dict[str, set[str]] = {
    "domain": {*_SQL, *_XML, *_PAGES, *_WATCHING},
    "storage": {*_XML, *_PAGES, *_WATCHING},
    "operations": {*_XML, *_PAGES, *_WATCHING},
    "soap": {*_SQL, *_PAGES, *_WATCHING},
    "jobs": {*_SQL, *_XML, *_PAGES, *_WATCHING},
    "console": {*_SQL, *_XML, *_WATCHING},
    "identity": {*_SQL, *_XML, *_PAGES, *_WATCHING},
    "proxies": {*_SQL, *_XML, *_PAGES, *_WATCHING},
    "metrics": {*_SQL, *_XML, *_PAGES, "opentelemetry"},
    "tracing": {*_XML, *_PAGES, "prometheus_client"},
    "health": {*_XML, *_PAGES, *_WATCHING},
    "app": {*_XML, *_PAGES, *_WATCHING},
    "cli": {*_PAGES, *_WATCHING},
}
"""The libraries that a room must not see: no SQL, no XML, no pages, or no watching."""


@pytest.fixture(scope="module")
def imports() -> Imports:
    """What the modules of the service import."""
    return read_imports(ROOT)


def test_every_room_is_known(imports: Imports) -> None:
    assert {module.split(".")[1] for module in imports if "." in module} == ROOMS.keys()


def test_arrows_run_one_way(imports: Imports) -> None:
    assert wrong_arrows(imports, ROOMS, FOREIGN) == []


def test_modules_import_in_no_circle(imports: Imports) -> None:
    assert find_circle(imports) == []


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """A package with two rooms and nothing wrong."""
    for name, text in {
        "house/__init__.py": "",
        "house/soap/__init__.py": "",
        "house/soap/wire.py": "import lxml.etree\nfrom house.domain.rules import RULE\n",
        "house/soap/service.py": "from house.soap import wire\n",
        "house/domain/__init__.py": "",
        "house/domain/rules.py": "import decimal\nRULE = decimal.Decimal(1)\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "house"


PLANTED_ROOMS: dict[str, set[str]] = {"domain": set(), "soap": {"domain"}}
PLANTED_FOREIGN = {"domain": {"lxml"}, "soap": {"sqlalchemy"}}


def test_a_right_house_passes(planted: Path) -> None:
    imports = read_imports(planted)
    assert wrong_arrows(imports, PLANTED_ROOMS, PLANTED_FOREIGN) == []
    assert find_circle(imports) == []


@pytest.mark.parametrize(
    ("path", "line", "expected"),
    [
        (
            "domain/rules.py",
            "from house.soap.wire import parse",
            "house.domain.rules imports house.soap.wire",
        ),
        ("domain/rules.py", "from house import soap", "house.domain.rules imports house.soap"),
        ("domain/rules.py", "import house.soap", "house.domain.rules imports house.soap"),
        ("domain/rules.py", "import lxml.etree", "house.domain.rules imports lxml.etree"),
        (
            "soap/wire.py",
            "def late():\n    from sqlalchemy import text",
            "house.soap.wire imports sqlalchemy.text",
        ),
        (
            "soap/__init__.py",
            "if False:\n    import sqlalchemy",
            "house.soap imports sqlalchemy",
        ),
    ],
)
def test_a_wrong_import_is_found(planted: Path, path: str, line: str, expected: str) -> None:
    with (planted / path).open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    assert wrong_arrows(read_imports(planted), PLANTED_ROOMS, PLANTED_FOREIGN) == [expected]


def test_a_circle_is_found(planted: Path) -> None:
    with (planted / "soap/wire.py").open("a", encoding="utf-8") as file:
        file.write("from house.soap.service import serve\n")
    circle = find_circle(read_imports(planted))
    assert set(circle) == {"house.soap.service", "house.soap.wire"}
    assert circle[0] == circle[-1]


def sources() -> list[Path]:
    """Every module but the migrations, which are lists of tables as Alembic writes them."""
    return [path for path in ROOT.rglob("*.py") if "versions" not in path.parts]


def long_files(folder: Path, paths: Iterable[Path]) -> set[str]:
    return {
        str(path.relative_to(folder))
        for path in paths
        if len(path.read_text(encoding="utf-8").splitlines()) > FILE_LINES_MAX
    }


def test_no_file_is_long() -> None:
    assert long_files(ROOT, sources()) == set()


def test_no_file_of_tests_is_long_without_a_reason() -> None:
    assert long_files(TESTS, TESTS.rglob("*.py")) == LONG_TESTS.keys()


def test_no_function_is_long() -> None:
    lengths = {
        f"{path.relative_to(ROOT)}:{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert len(lengths) > 100
    assert {name: length for name, length in lengths.items() if length > FUNCTION_LINES_MAX} == {}
