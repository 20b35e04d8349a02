"""``import`` and ``export``: files, standard streams, and what a person is told."""

import stat

import pytest

IMPORT = "import --customer 1 --class Spring --json"


@pytest.fixture
def file(tmp_path):
    """A file with two codes."""
    file = tmp_path / "codes.csv"
    file.write_text("code\npaper-1\npaper-2\n")
    return file


def test_an_import_answers_what_was_made(run, codes, file):
    assert run(IMPORT, file).json == {
        "batch_id": 2,
        "lines_count": 2,
        "created_count": 2,
        "skipped_count": 0,
        "used_count": 0,
        "errors_count": 0,
        "errors": [],
        "passed_over_columns": [],
    }
    run("coupon redeem --account 1 PAPER-1")


def test_a_file_with_errors_makes_nothing(run, codes, file):
    run(IMPORT, file)
    file.write_text("code\npaper-3\nPAPER-2\nx\n")
    refused = run(IMPORT, file, exit_code=1).json
    assert refused["errors"] == [
        {"line": 3, "value": "PAPER-2", "reason": "a coupon has this code"},
        {"line": 4, "value": "x", "reason": "a code has 3 to 100 characters"},
    ]
    run("coupon show PAPER-3", exit_code=1)


def test_duplicates_can_be_passed_over(run, codes, file):
    run(IMPORT, file)
    file.write_text("code\npaper-3\nPAPER-2\n")
    report = run(IMPORT, file, "--skip-duplicates").json
    assert (report["created_count"], report["skipped_count"]) == (1, 1)


def test_a_person_is_told_of_errors(run, codes, tmp_path):
    file = tmp_path / "codes.csv"
    lines = [f"[red]x {number}" for number in range(101)]
    file.write_text("\n".join(["attributes,code", *(f",{line}" for line in lines)]))
    told = run("import --customer 1 --class Spring", file, exit_code=1)
    assert "[red]x 0" in told.stdout
    assert "a code has only visible characters" in told.stdout
    assert "1 more errors" in told.stdout
    assert "Nothing was imported." in told.stderr
    assert "Columns that were passed over: attributes" in told.stderr


def test_standard_input_can_be_imported(run, codes):
    text = "code\npaper-1\n"
    assert run(IMPORT, "-", stdin=text).json["created_count"] == 1


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_a_file_that_cannot_be_read_is_refused(run, codes, tmp_path, name):
    error = run(IMPORT, tmp_path / name, exit_code=1).json["error"]
    assert error["symbol"] == "FileUnusable"
    assert str(tmp_path) in error["details"]


@pytest.mark.parametrize("content", [b"code\n\xfcbung\n", b"code\n" + b"x" * 200_000])
def test_what_is_no_text_is_refused(run, codes, file, content):
    file.write_bytes(content)
    assert run(IMPORT, file, exit_code=1).json["error"]["symbol"] == "ImportFileInvalid"


def test_a_byte_order_mark_is_no_part_of_a_name(run, codes, file):
    file.write_text("code\r\npaper-1\r\n", encoding="utf-8-sig", newline="")
    assert run(IMPORT, file).json["created_count"] == 1


def test_an_export_goes_to_standard_output(run, codes):
    lines = run("export --customer 1").stdout.splitlines()
    assert lines[0].startswith("code,class,coupon_type,")
    assert sorted(line.split(",")[0] for line in lines[1:]) == codes
    only = run("export --customer 1 --codes-only --first 1 --count 1").stdout.splitlines()
    assert only == ["code", lines[2].split(",")[0]]


def test_an_export_can_be_imported_elsewhere(run, codes, tmp_path):
    file = tmp_path / "coupons.csv"
    assert run("export --customer 1 --json", file).json == {
        "file": str(file),
        "coupons_count": 3,
    }
    other = f"sqlite:///{tmp_path}/other.db"
    run("init --database", other)
    spring = "class add --customer 1 --name Spring --type Retention --currency USD --amount=50"
    run(f"{spring} --database", other)
    assert run(IMPORT, file, "--database", other).json["created_count"] == 3
    found = run("export --customer 1 --codes-only --database", other).stdout.splitlines()
    assert sorted(found[1:]) == codes


def test_a_file_is_its_owners_and_takes_the_place_of_another(run, codes, tmp_path):
    file = tmp_path / "coupons.csv"
    file.write_text("before")
    run("export --customer 1 --codes-only", file)
    assert file.read_text().splitlines()[0] == "code"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_a_refused_export_leaves_the_file(run, codes, tmp_path):
    file = tmp_path / "coupons.csv"
    file.write_text("before")
    run("export --customer 1 --class Winter", file, exit_code=1)
    assert file.read_text() == "before"
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_that_cannot_be_written_is_refused(run, codes, tmp_path):
    missing = tmp_path / "missing" / "coupons.csv"
    error = run("export --customer 1 --json", missing, exit_code=1).json["error"]
    assert error["symbol"] == "FileUnusable"


def test_json_and_lines_do_not_go_to_one_place(run, codes):
    assert "--json needs a FILE" in run("export --customer 1 --json", exit_code=2).stderr
