"""The pages that are made from the code are current, and complete."""

import importlib.util
from pathlib import Path

import pytest

from service.cli.checkup.table import CHECKS
from service.domain.error_catalogue import CATALOGUE
from service.settings import ENVIRONMENT_PREFIX, Settings
from service.soap.customer_billing import IMPLEMENTED_OPERATIONS
from service.soap.refusals import REFUSALS
from service.soap.types.management_messages import MANAGEMENT_OPERATIONS
from service.soap.types.messages import OPERATIONS

DOCS = Path(__file__).parents[2] / "docs"


def load_generator():
    spec = importlib.util.spec_from_file_location("generate_pages", DOCS / "generate_pages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATOR = load_generator()


@pytest.mark.parametrize("name", GENERATOR.PAGES)
def test_the_committed_page_is_the_present_one(name):
    page = (DOCS / name).read_text(encoding="utf-8")
    assert page == GENERATOR.PAGES[name](), "run docs/generate_pages.py"


def test_check_writes_nothing_and_tells_what_is_stale(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(GENERATOR, "DOCS", tmp_path)
    assert GENERATOR.main(["--check"]) == 1
    assert set(capsys.readouterr().out.split()) >= {f"docs/{name}" for name in GENERATOR.PAGES}
    assert not list(tmp_path.iterdir())
    assert GENERATOR.main([]) == 0
    assert GENERATOR.main(["--check"]) == 0
    assert {path.name for path in tmp_path.iterdir()} == set(GENERATOR.PAGES)


def test_every_error_and_refusal_has_its_row():
    page = GENERATOR.errors_page()
    for row in CATALOGUE:
        number = f"{row.code} (ours)" if row.is_ours else row.code
        assert f"| {number} | `{row.symbol}` | `{row.kind.value}` | {row.message} |" in page
    for refusal in REFUSALS:
        fault_code = "" if refusal.http_status else f"`s:{refusal.fault_code}`"
        assert f"| `{refusal.symbol}` | {fault_code} |" in page


def test_every_setting_has_its_row():
    page = GENERATOR.settings_page()
    for name in Settings.model_fields:
        assert f"| `{ENVIRONMENT_PREFIX}{name.upper()}` |" in page
    assert "| `COUPON_BILLING_WORKERS` | `1` | from 1 to 64 |" in page
    assert "| `COUPON_BILLING_USER_CALLS_PER_MINUTE` |  | from 1 to 6000 |" in page
    assert "| `COUPON_BILLING_FAULT_HTTP_STATUS` | `500` | `200`, `500` |" in page


def test_every_command_has_its_section():
    page = GENERATOR.command_line_page()
    for words in (
        "init",
        "serve",
        "demo",
        "mint",
        "config",
        "doctor",
        "customer add",
        "customer list",
        "account add",
        "account list",
        "user add",
        "user list",
        "user set-password",
        "user disable",
        "token issue",
        "token list",
        "token revoke",
        "class add",
        "class list",
        "class show",
        "class update",
        "class retire",
        "coupon search",
        "coupon show",
        "coupon redeem",
        "coupon dispatch",
        "worker",
        "outbox list",
        "outbox show",
        "outbox resend",
        "coupon distribute",
        "backup",
        "import",
        "export",
        "jobs list",
        "jobs show",
        "jobs retry",
        "jobs cancel",
        "coupon delete",
    ):
        assert f"\n## coupon-billing {words}\n" in page
    assert page.count("\n## ") == len(list(GENERATOR.commands(GENERATOR.app)))
    assert "| `--type` | `Acquisition`, `Retention` | Who may redeem. Required. |" in page
    assert "|  | `EMAIL...` | To whom. Required. |" in page


def test_every_operation_and_check_has_its_row():
    page = GENERATOR.operations_page()
    for name in (*OPERATIONS, *MANAGEMENT_OPERATIONS):
        assert page.count(f"\n| `{name}` | ") == 1
    takes = "`AccountId` long, `CouponCode` string"
    row = f"| `RedeemCoupon` | Bind a coupon to an account. | yes | {takes}"
    assert f"{row} | `RedemptionDate` dateTime |" in page
    assert page.count(" | Not carried out. | ") == len(OPERATIONS) - len(IMPLEMENTED_OPERATIONS)
    for check in CHECKS:
        assert f"| `{check.name}` | " in GENERATOR.doctor_page()
