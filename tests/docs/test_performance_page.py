"""The page of figures has every table that the benchmark writes, and each was measured."""

import re

import pytest

from benchmarks import __main__ as benchmark

PAGE = benchmark.PAGE.read_text(encoding="utf-8")
SMALL = (
    *("--rounds", "1", "--bulk-rounds", "1", "--coupons", "3000", "--idle-s", "0.5"),
    *("--classes", "10", "--requests", "320", "--minutes", "0.05"),
)


def table_of(page, name):
    return re.search(
        f"^<!-- table: {name} -->\n(.*?)^<!-- end of table: {name} -->\n",
        page,
        re.MULTILINE | re.DOTALL,
    )[1]


def shape(table):
    """The table without its figures, and without the machine they are of."""
    anywhere = re.sub(r"\d+ x [^|]+, Python", "# x #, Python", table)
    return [re.sub(r"-?[\d.,]+", "#", line) for line in anywhere.splitlines()]


@pytest.mark.parametrize("name", benchmark.TABLES)
def test_the_page_has_the_table(name):
    assert re.search(r"^\|(---\|)+\n\| ", table_of(PAGE, name), re.MULTILINE)


def test_a_table_takes_the_place_of_the_one_before():
    once = benchmark.with_table(PAGE, "bulk", "new\n")
    assert table_of(once, "bulk") == "new\n"
    for name in set(benchmark.TABLES) - {"bulk"}:
        assert table_of(once, name) == table_of(PAGE, name)
    assert benchmark.with_table(once, "bulk", table_of(PAGE, "bulk")) == PAGE


def test_a_table_that_the_page_does_not_have_is_an_error():
    with pytest.raises(ValueError, match="nonsense"):
        benchmark.with_table(PAGE, "nonsense", "")


@pytest.mark.prove
@pytest.mark.timeout(300)
def test_the_command_writes_what_the_page_has(tmp_path, monkeypatch, capsys, closed_applications):
    page = tmp_path / "performance.md"
    page.write_text(PAGE, encoding="utf-8")
    monkeypatch.setattr(benchmark, "PAGE", page)
    benchmark.main([*SMALL, "--write"])
    written = page.read_text(encoding="utf-8")
    printed = capsys.readouterr().out
    for name in benchmark.TABLES:
        assert table_of(written, name) in printed
        assert shape(table_of(written, name)) == shape(table_of(PAGE, name))
