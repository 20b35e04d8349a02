"""What the page about mail says is so."""

import re
from datetime import timedelta
from pathlib import Path

from service.domain.mail import BACK_OFF_MAX, BACK_OFF_MIN, MailKind
from service.jobs.mail_templates import MailTemplates, folder_name
from service.jobs.mail_values import mail_values
from service.settings import ENVIRONMENT_PREFIX, Settings
from tests.mail.test_templates import FULL, content

PAGE = (Path(__file__).parents[2] / "docs" / "mail.md").read_text(encoding="utf-8")


def test_the_values_of_templates():
    table = PAGE.partition("| Name | Value |")[2]
    names = {
        name
        for row in re.findall(r"^\| (`.+?) \|", table, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }
    assert names == mail_values(content(**FULL), "en").keys()


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
