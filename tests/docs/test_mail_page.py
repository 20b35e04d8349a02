"""What the page about mail says is so."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from service.domain.jobs import JobKind, JobReport, JobStatus
from service.domain.mail import BACK_OFF_MAX, BACK_OFF_MIN, MailKind
from service.jobs.mail_templates import MailTemplates, folder_name
from service.jobs.mail_values import mail_values
from service.settings import ENVIRONMENT_PREFIX, Settings
from tests.mail.test_templates import FULL, content

PAGE = (Path(__file__).parents[2] / "docs" / "mail.md").read_text(encoding="utf-8")


JOB = JobReport(
    job_id=3,
    kind=JobKind.CREATION,
    status=JobStatus.FAILED,
    amount=1_500,
    number_of_coupons=20_001,
    class_name="Spring\nSale",
    customer_name="Contoso",
    batch_id=4,
    last_error="no disk",
    language="de",
)


def names_in(table):
    """What stands in the first column of a table, at the beginning of the text."""
    rows = re.findall(r"^\| (`.+?) \|", table.partition("\n\n")[0], re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


def test_the_values_of_templates():
    table = PAGE.partition("| Name | Value |")[2]
    assert names_in(table) == mail_values(content(**FULL), "en").keys()


def test_the_values_of_templates_for_jobs():
    table = PAGE.partition("| Value | Meaning |")[2]
    assert names_in(table) == mail_values(JOB, "en").keys()


@pytest.mark.parametrize(
    ("language", "subject", "amount", "error"),
    [
        ("en", "Job 3: failed", "1,500 of 20,001 were created", "Error:   no disk"),
        ("de-AT", "Auftrag 3: failed", "1.500 von 20.001 erzeugt", "Fehler:     no disk"),
    ],
)
def test_the_mail_about_a_job(language, subject, amount, error):
    mail = MailTemplates().render(MailKind.JOB, replace(JOB, language=language))
    assert mail.subject == subject
    assert "Spring Sale" in mail.text
    # Austria has a space of its own between thousands.
    plain = mail.text.replace("\u00a0", ".")
    assert amount in plain
    assert error in plain
    assert amount in mail.html.replace("\u00a0", ".")


def test_the_mail_about_a_deletion():
    report = replace(
        JOB,
        kind=JobKind.DELETION,
        status=JobStatus.COMPLETED,
        number_of_coupons=None,
        class_name=None,
        batch_id=None,
        last_error=None,
        language="en",
    )
    mail = MailTemplates().render(MailKind.JOB, report)
    assert "1,500 were deleted" in mail.text
    assert "None" not in mail.text + mail.html


def test_the_template_of_the_page(tmp_path):
    (snippet,) = re.findall(r"^```jinja\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    (tmp_path / "dispatch.en.txt").write_text(snippet, encoding="utf-8")
    mail = MailTemplates(tmp_path).render(MailKind.DISPATCH, content())
    assert "\nSpring is here! Contoso sends you a coupon.\n" in mail.text


def test_the_settings_of_the_page():
    named = re.findall(rf"{ENVIRONMENT_PREFIX}(\w+)", PAGE)
    assert {name.lower() for name in named} <= Settings.model_fields.keys()
    defaults = Settings.model_construct()
    assert (defaults.smtp_security, defaults.smtp_port) == ("starttls", 587)
    assert f"{defaults.mail_attempts_max} unless you say otherwise" in PAGE
    assert (timedelta(minutes=1), timedelta(hours=6)) == (BACK_OFF_MIN, BACK_OFF_MAX)


def test_the_folder_of_a_class():
    assert folder_name("Spring Sale") == "spring-sale"
