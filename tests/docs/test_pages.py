"""What the pages say is true: links lead somewhere, commands run, snippets work, numbers fit."""

import json
import re
import shlex
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from typer.testing import CliRunner

from service.app import create_app
from service.cli.main import app as command_line
from service.domain import bills, definitions, discounted_bills, pages
from service.domain.codes import DENSITY_MIN, PATTERN_LENGTH_MAX
from service.domain.names import NAME_LENGTH_MAX
from service.domain.search import PAGE_SIZE_MAX, PREDICATES_COUNT_MAX
from service.operations import (
    check_eligibility,
    create_for_recipients,
    creation_jobs,
    distribute_coupons,
    search_classes,
    subscriptions,
    unique_codes,
)
from service.operations.bills import CODES_MAX, ESTIMATE_STEPS_MAX
from service.operations.claim_coupons import PAIRS_COUNT_MAX
from service.operations.dispatch_coupons import ADDRESSES_COUNT_MAX
from service.operations.mint_coupons import COUPONS_COUNT_MAX
from service.settings import Settings
from service.soap.customer_billing import IMPLEMENTED_OPERATIONS
from service.soap.management.coupons import CSV_LINES_COUNT_MAX
from service.soap.types.messages import OPERATIONS

REPOSITORY = Path(__file__).parents[2]
PAGES = sorted([*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md")])
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
DEFAULTS = Settings.model_construct()


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


TESTED_ELSEWHERE = {"backup.md", "csv.md", "deployment.md", "observability.md"}
"""Pages whose commands have a test of their own."""


def console_lines():
    for page in (it for it in PAGES if it.name not in TESTED_ELSEWHERE):
        for block in blocks(page.read_text(encoding="utf-8"), "console"):
            yield from block.splitlines()


CONSOLE_LINES = sorted(set(console_lines()))
OUR_LINES = [line for line in CONSOLE_LINES if line.startswith("coupon-billing ")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_files_lead_somewhere(page):
    targets = re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8"))
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("line", [line for line in CONSOLE_LINES if line not in OUR_LINES])
def test_other_programs_in_console_blocks_are_known(line):
    program, first, *others = shlex.split(line)
    if program == "make":
        makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
        assert re.search(rf"^{first}:", makefile, re.MULTILINE)
    elif first.endswith(".py"):
        assert (REPOSITORY / first).is_file()
    elif first == "-m" and program == "python":
        (module,) = others
        assert (REPOSITORY / module.replace(".", "/")).with_suffix(".py").is_file()
    else:
        assert line == "python3 -m pip install ." or program == "wsimport"


def test_the_commands_of_the_readme_run_in_their_order(tmp_path, monkeypatch):
    monkeypatch.setenv("COUPON_BILLING_DATABASE", f"sqlite:///{tmp_path / 'readme.db'}")
    lines = [line for block in blocks(README, "console") for line in block.splitlines()]
    ours = [shlex.split(line)[1:] for line in lines if line in OUR_LINES]
    *made, served = ours
    for words in made:
        result = CliRunner().invoke(command_line, words)
        assert result.exit_code == 0, result.output
    assert served == ["serve", "--bind", DEFAULTS.bind]
    assert {" ".join(line) for line in ours} == {
        line.removeprefix("coupon-billing ") for line in OUR_LINES
    }


class _SilentHandler(WSGIRequestHandler):
    def log_message(self, *arguments):
        """Say nothing."""


@pytest.fixture
def keys(tmp_path):
    """What `init` and `mint` printed for a new database."""
    option = ("--database", f"sqlite:///{tmp_path / 'snippets.db'}", "--json")

    def run(line):
        result = CliRunner().invoke(command_line, [*line.split(), *option])
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    keys = run("init")
    run("class add --customer 1 --name Spring --type Retention --amount 50 --currency USD")
    return {**keys, **run("mint --customer 1 --class Spring --count 3 --show-codes")}


@pytest.fixture
def address(tmp_path, keys, closed_applications):
    """Host and port of a service on that database."""
    app = create_app(
        Settings(database=f"sqlite:///{tmp_path / 'snippets.db'}", validate_responses=True)
    )
    with make_server("127.0.0.1", 0, app, handler_class=_SilentHandler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def filled_in(snippet, address, keys):
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
def test_the_snippet_for_bingads_redeems(address, keys, capsys):
    snippet, _ = blocks(README, "python")
    exec(filled_in(snippet, address, keys), {})
    assert re.fullmatch(r"2\d{3}-\d\d-\d\d [^\n]+\n[0-9a-f-]{36}\n", capsys.readouterr().out)


def test_the_snippet_for_zeep_searches_and_reads_a_fault(address, keys, capsys):
    _, snippet = blocks(README, "python")
    exec(filled_in(snippet, address, keys), {})
    *coupons, fault = capsys.readouterr().out.splitlines()
    assert sorted(coupons) == [f"{code} None False" for code in keys["codes"]]
    assert fault == "90001"


# As above.
@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
def test_the_snippets_for_keys_dispatch_once(address, keys, capsys, tmp_path):
    scope = {}
    first, _ = blocks(README, "python")
    exec(filled_in(first, address, keys), scope)
    capsys.readouterr()
    page = (REPOSITORY / "docs" / "idempotency.md").read_text(encoding="utf-8")
    told = []
    for snippet in blocks(page, "python"):
        exec(filled_in(snippet, address, keys), scope)
        told.append(capsys.readouterr().out.splitlines())
    by_bing_ads, by_zeep = told
    assert len(by_bing_ads) == 2 * len(set(by_bing_ads))
    tracking_ids, errors = zip(*(line.split(" ", 1) for line in by_zeep), strict=True)
    assert (len(set(tracking_ids)), set(errors)) == (2, {"None"})
    with closing(sqlite3.connect(tmp_path / "snippets.db")) as database:
        rows = database.execute("SELECT sent_to_email FROM coupon ORDER BY sent_to_email")
        assert list(rows) == [(None,), ("anna@example.com",), ("bela@example.com",)]


def test_the_table_of_operations():
    rows = dict(re.findall(r"^\| `(\w+)` \| (yes|not yet)", README, re.MULTILINE))
    assert rows.keys() == set(OPERATIONS)
    assert {name for name, answer in rows.items() if answer == "yes"} == IMPLEMENTED_OPERATIONS


def test_the_table_of_limits():
    rows = dict(re.findall(r"^\| ([^|]+) \| ([\d,]+) \| ", README, re.MULTILINE))
    assert {what: int(limit.replace(",", "")) for what, limit in rows.items()} == {
        "Predicates of a search": PREDICATES_COUNT_MAX,
        "Coupons in a page": PAGE_SIZE_MAX,
        "Addresses in one DispatchCoupons": ADDRESSES_COUNT_MAX,
        "Accounts in one DistributeCoupons": distribute_coupons.ACCOUNTS_COUNT_MAX,
        "Accounts in one CheckFeatureAdoptionCouponEligibility": (
            check_eligibility.ACCOUNTS_COUNT_MAX
        ),
        "Pairs in one ClaimFeatureAdoptionCoupons": PAIRS_COUNT_MAX,
        "Coupons of one MintCoupons": COUPONS_COUNT_MAX,
        "Coupons of one creation job": DEFAULTS.creation_job_coupons_max,
        "Accounts in one CreateCouponsForRecipients": create_for_recipients.ACCOUNTS_COUNT_MAX,
        "Coupons in one ImportCoupons, or page of ExportCoupons": CSV_LINES_COUNT_MAX,
        "Jobs in a page": creation_jobs.PAGE_SIZE_MAX,
        "Classes in a page of SearchCouponClasses": search_classes.PAGE_SIZE_MAX,
        "Codes of one GenerateUniqueCodes": unique_codes.CODES_COUNT_MAX,
        "Discounts of a coupon, or modifiers of a definition": definitions.MODIFIERS_MAX,
        "Lines of a bill": bills.LINES_MAX,
        "Price tiers of a line": bills.TIERS_MAX,
        "Codes of an estimate": CODES_MAX,
        "Prices, times discounts, of an estimate": ESTIMATE_STEPS_MAX,
        "Coupons, books, instances or codes in a page": pages.PAGE_SIZE_MAX,
        "Reference of a bill, in characters": discounted_bills.BILL_REFERENCE_LENGTH_MAX,
        "Reference, product and rate plan of a subscription, in characters": (
            subscriptions.TEXT_LENGTH_MAX
        ),
        "Length of a code, in characters": PATTERN_LENGTH_MAX,
        "Name of a coupon class, in characters": NAME_LENGTH_MAX,
        "Request body, in bytes": DEFAULTS.body_bytes_max,
        "Depth of elements in a request": DEFAULTS.depth_max,
        "Elements in a request": DEFAULTS.elements_count_max,
        "Attributes in a request": DEFAULTS.attributes_count_max,
        "Calls at the same time, in one worker": DEFAULTS.threads,
    }


def test_the_bound_of_guessable_codes():
    assert f"{DENSITY_MIN:,}" in (REPOSITORY / "SECURITY.md").read_text(encoding="utf-8")
