"""What the pages say is true: links lead somewhere, commands run, numbers fit."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from service.cli.main import app as command_line
from service.domain import bills, definitions, discounted_bills, pages
from service.domain.codes import DENSITY_MIN, PATTERN_LENGTH_MAX
from service.domain.names import NAME_LENGTH_MAX
from service.domain.search import PAGE_SIZE_MAX, PREDICATES_COUNT_MAX
from service.operations import (
    check_eligibility,
    create_for_recipients,
    distribute_coupons,
    find_jobs,
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
from tests.docs.blocks import PAGES, REPOSITORY, console_lines, name_of, read
from tests.ports import free_port

README = read("README.md")
DEFAULTS = Settings.model_construct()


TESTED_ELSEWHERE = {
    "backup.md",
    "csv.md",
    "deployment.md",
    "installation.md",
    "observability.md",
    "programme.md",
    "tokens.md",
}
"""Pages whose commands have a test of their own."""

OTHER_LINES = sorted(
    {line for line in console_lines(map(name_of, PAGES)) if not line.startswith("coupon-billing ")}
    - set(console_lines(f"docs/{name}" for name in TESTED_ELSEWHERE))
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_files_lead_somewhere(page):
    targets = re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8"))
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (page.parent / target).exists()] == []


def is_known(line):
    """Whether a line for another program is one that works here."""
    program, first, *others = shlex.split(line)
    if program == "make":
        makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
        return bool(re.search(rf"^{first}:", makefile, re.MULTILINE))
    if first == "-m" and Path(program).name == "python":
        return (REPOSITORY / others[0].replace(".", "/")).with_suffix(".py").is_file()
    if first.endswith(".py"):
        return (REPOSITORY / first).is_file()
    return program == "wsimport"


INSTALLING = [
    "python3 -m venv venv",
    ". venv/bin/activate",
    "python3 -m pip install .",
]
"""What tests/packaging does in its own way: an environment, and the package in it."""


def test_other_programs_are_known():
    assert {line for line in OTHER_LINES if not is_known(line)} == set(INSTALLING)
    assert not is_known("make nothing")
    assert not is_known("python docs/generate_nothing.py")


def test_the_commands_of_the_readme_run_in_their_order(tmp_path, monkeypatch):
    monkeypatch.setenv("COUPON_BILLING_DATABASE", f"sqlite:///{tmp_path / 'readme.db'}")
    monkeypatch.setenv("COUPON_BILLING_MAIL_FOLDER", str(tmp_path / "mail"))
    monkeypatch.setenv("COUPON_BILLING_BIND", f"127.0.0.1:{free_port()}")
    lines = [line for line in console_lines(["README.md"]) if line.startswith("coupon-billing ")]
    *made, served = (shlex.split(line)[1:] for line in lines)
    for words in made:
        result = CliRunner().invoke(command_line, words)
        assert result.exit_code == 0, result.output
    assert served == ["serve", "--bind", DEFAULTS.bind]


def test_the_table_of_operations():
    rows = dict(re.findall(r"^\| `(\w+)` \| (yes|not yet)", README, re.MULTILINE))
    assert rows.keys() == set(OPERATIONS)
    assert {name for name, answer in rows.items() if answer == "yes"} == IMPLEMENTED_OPERATIONS


def test_the_table_of_limits():
    bounds = read("docs/compatibility.md").partition("## Bounds of a request")[2]
    rows = dict(re.findall(r"^\| ([^|]+) \| ([\d,]+) \| ", bounds, re.MULTILINE))
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
        "Jobs in a page": find_jobs.PAGE_SIZE_MAX,
        "Classes in a page of SearchCouponClasses": pages.PAGE_SIZE_MAX,
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
