"""worker, outbox, and the mail that serve delivers."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from tests.cli.test_serving import (
    PATIENCE_S,
    address,
    lines_until,
    read,
    running,
    running_processes,
)
from tests.mail.server import OK, MailServer
from tests.mail.server import running as running_mail_server

__all__ = ["address"]

POLL_INTERVAL_S = 0.05


@pytest.fixture(autouse=True)
def mail_folder(tmp_path, monkeypatch):
    """The folder for mails, and a worker that does not rest for long."""
    monkeypatch.setenv("COUPON_BILLING_MAIL_FOLDER", str(tmp_path / "mail"))
    monkeypatch.setenv("COUPON_BILLING_MAIL_POLL_S", "0.1")
    return tmp_path / "mail"


@pytest.fixture
def dispatched(run, codes):
    """Two messages in the outbox."""
    run("coupon dispatch --customer 1 --class Spring anna@example.com bela@example.com")


@pytest.fixture
def mail_server(monkeypatch):
    """A mail server that the settings name."""
    with running_mail_server(MailServer()) as server:
        monkeypatch.setenv("COUPON_BILLING_SMTP_HOST", "127.0.0.1")
        monkeypatch.setenv("COUPON_BILLING_SMTP_PORT", str(server.port))
        monkeypatch.setenv("COUPON_BILLING_SMTP_SECURITY", "none")
        monkeypatch.setenv("COUPON_BILLING_MAIL_SENDER", "Contoso Coupons <coupons@example.com>")
        yield server


def until(condition):
    """Wait for something that another process does."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(POLL_INTERVAL_S)


def files(folder):
    return sorted(folder.glob("*.eml"))


def listed(run, options=""):
    return run(f"outbox list {options} --json").json["messages"]


def test_without_a_server_mails_are_files_and_the_command_says_so(run, dispatched, mail_folder):
    done = run("worker --once")
    assert done.stdout == (
        f"Mail      written as files into {mail_folder}\n2 sent, 0 to be tried again, 0 failed\n"
    )
    assert len(files(mail_folder)) == 2
    assert {message["state"] for message in listed(run)} == {"sent"}


def test_each_attempt_is_a_line_of_json(run, dispatched):
    lines = [json.loads(line) for line in run("worker --once").stderr.splitlines()]
    assert [line["message_id"] for line in lines] == [1, 2]
    for line in lines:
        assert (line["event"], line["level"], line["state"]) == ("mail", "info", "sent")
        assert re.fullmatch(r"2\d{3}-\d\d-\d\dT[\d:.]+Z", line["timestamp"])


def test_the_worker_sends_through_the_server_of_the_settings(run, dispatched, mail_server):
    done = run("worker --once")
    assert done.stdout.startswith(f"Mail      sent through 127.0.0.1:{mail_server.port}\n")
    assert mail_server.recipients() == ["anna@example.com", "bela@example.com"]
    assert str(mail_server.taken[0]["From"]) == "Contoso Coupons <coupons@example.com>"
    assert run("worker --once").stdout.endswith("\n0 sent, 0 to be tried again, 0 failed\n")


def test_the_exit_code_tells_that_mails_are_left(run, dispatched, mail_server):
    async def refuse(recipient):
        return "550 nobody" if recipient.startswith("anna") else "451 later"

    mail_server.on_recipient = refuse
    done = run("worker --once", exit_code=1)
    assert done.stdout.endswith("\n0 sent, 1 to be tried again, 1 failed\n")


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"SMTP_HOST": "mail.example.com"}, "mail_sender must be set with smtp_host"),
        ({"SMTP_USER": "kim"}, "smtp_user and smtp_password are set together"),
        ({"SMTP_PASSWORD": "secret"}, "smtp_user and smtp_password are set together"),
        (
            {"SMTP_USER": "kim", "SMTP_PASSWORD": "secret", "SMTP_SECURITY": "none"},
            "smtp_user signs in over starttls or tls only",
        ),
        ({"MAIL_SENDER": "nobody"}, "COUPON_BILLING_MAIL_SENDER: "),
        ({"MAIL_SENDER": "x\r\nBcc: b@example.com <a@example.com>"}, "MAIL_SENDER: "),
        ({"MAIL_SENDER": "x\u2028y <a@example.com>"}, "the name must be on one line"),
        ({"MAIL_SENDER": "=?utf-8?q?x=0D=0Ay?= <a@example.com>"}, "the name must be on one line"),
        ({"MAIL_SENDER": "jürgen@example.com"}, "the part before the @ must be ASCII"),
        ({"MAIL_TEMPLATES": "/no/such/folder"}, "COUPON_BILLING_MAIL_TEMPLATES: "),
        ({"SMTP_SECURITY": "ssl"}, "COUPON_BILLING_SMTP_SECURITY: "),
        ({"SMTP_PORT": "0"}, "COUPON_BILLING_SMTP_PORT: "),
        ({"MAIL_ATTEMPTS_MAX": "0"}, "COUPON_BILLING_MAIL_ATTEMPTS_MAX: "),
        ({"MAIL_TIMEOUT_S": "0"}, "COUPON_BILLING_MAIL_TIMEOUT_S: "),
    ],
)
def test_settings_that_cannot_be_are_refused(run, url, monkeypatch, settings, complaint):
    for name, value in settings.items():
        monkeypatch.setenv(f"COUPON_BILLING_{name}", value)
    told = run("worker --once", exit_code=2).stderr
    assert complaint in " ".join(told.replace("│", " ").split())


@pytest.mark.parametrize("option", ["", " --json"])
def test_the_password_is_not_printed(run, monkeypatch, option):
    monkeypatch.setenv("COUPON_BILLING_SMTP_USER", "kim")
    monkeypatch.setenv("COUPON_BILLING_SMTP_PASSWORD", "very-secret")
    told = run(f"config{option}")
    assert "COUPON_BILLING_SMTP_PASSWORD" in told.stdout
    assert "very-secret" not in told.stdout + told.stderr


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_the_worker_delivers_until_a_signal_comes(run, dispatched, mail_folder, sent):
    with running("worker") as process:
        assert lines_until(process, "Mail").startswith("Mail      written as files")
        until(lambda: len(files(mail_folder)) == 2)
        run("coupon dispatch --customer 1 --class Spring cleo@example.com")
        until(lambda: len(files(mail_folder)) == 3)
        process.send_signal(sent)
        _, told = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0
        assert told.count('"state": "sent"') == 3


def test_the_worker_needs_a_database(run, tmp_path, monkeypatch):
    monkeypatch.setenv("COUPON_BILLING_DATABASE", f"sqlite:///{tmp_path / 'missing.db'}")
    assert run("worker --once", exit_code=1).stderr.startswith("DatabaseNotInitialised: ")


def test_messages_are_listed_by_state(run, dispatched, mail_server):
    async def refuse(recipient):
        return "550 nobody" if recipient.startswith("anna") else "250 taken"

    mail_server.on_recipient = refuse
    run("worker --once", exit_code=1)
    bela, anna = listed(run)
    assert set(anna) == {
        "message_id",
        "mail_id",
        "kind",
        "recipient",
        "coupon_id",
        "job_id",
        "state",
        "attempts_count",
        "next_attempt_at",
        "last_error",
        "created_at",
        "sent_at",
    }
    assert (anna["state"], anna["last_error"]) == ("failed", "RCPT TO: 550 nobody")
    assert (bela["state"], bela["last_error"]) == ("sent", None)
    assert listed(run, "--state failed") == [anna]
    assert listed(run, "--state queued") == []
    assert listed(run, "--limit 1") == [bela]
    table = run("outbox list").stdout
    assert "anna@example.com" in table
    assert "RCPT TO: 550 nobody" in table
    run("outbox list --limit 0", exit_code=2)
    run("outbox list --state lost", exit_code=2)


def test_a_message_is_shown_as_it_would_be_sent(run, dispatched, codes, mail_server):
    shown = run("outbox show 1 --json").json
    assert set(shown) == {"message", "headers", "text", "html"}
    assert shown["message"]["recipient"] == "anna@example.com"
    assert shown["headers"]["To"] == "anna@example.com"
    assert shown["headers"]["From"] == "Contoso Coupons <coupons@example.com>"
    assert shown["headers"]["Message-ID"] == shown["message"]["mail_id"]
    (code,) = [code for code in codes if code in shown["text"]]
    assert code in shown["html"]
    told = run("outbox show 1").stdout
    assert shown["text"] in told
    for name, value in shown["headers"].items():
        assert f"{name}: {value}\n" in told
    assert mail_server.taken == []


def test_a_broken_template_is_told(run, dispatched, tmp_path, monkeypatch):
    (tmp_path / "dispatch.en.txt").write_text("Subject: {{ nonsense }}")
    monkeypatch.setenv("COUPON_BILLING_MAIL_TEMPLATES", str(tmp_path))
    refused = run("outbox show 1 --json", exit_code=1)
    assert refused.json["error"]["symbol"] == "TemplateBroken"
    assert "dispatch.en.txt, line 1: UndefinedError" in refused.json["error"]["details"]


def test_a_message_is_sent_again_with_its_message_id(run, dispatched, mail_server):
    run("worker --once")
    assert run("outbox resend 1 --json").json == {"message_id": 1}
    assert [message["message_id"] for message in listed(run, "--state queued")] == [1]
    run("worker --once")
    assert sorted(mail_server.mail_ids().values()) == [1, 2]
    assert mail_server.taken[0]["Message-ID"] == mail_server.taken[2]["Message-ID"]


def test_all_failed_messages_are_sent_again(run, dispatched, mail_server):
    async def refuse(_):
        return "550 nobody"

    mail_server.on_recipient = refuse
    run("worker --once", exit_code=1)
    mail_server.on_recipient = None
    told = run("outbox resend --state failed --json").json
    assert told == {"state": "failed", "resent_count": 2}
    run("worker --once")
    assert mail_server.recipients() == ["anna@example.com", "bela@example.com"]


@pytest.mark.parametrize("options", ["", "1 --state failed"])
def test_either_one_message_or_a_state_is_sent_again(run, url, options):
    assert "either" in run(f"outbox resend {options}", exit_code=2).stderr


@pytest.mark.parametrize("command", ["show", "resend"])
def test_there_is_no_such_message(run, url, command):
    refused = run(f"outbox {command} 1 --json", exit_code=1)
    assert refused.json["error"]["symbol"] == "EntityNotExistent"


@pytest.mark.parametrize("command", ["show", "resend"])
@pytest.mark.parametrize("number", ["0", "99999999999999999999"])
def test_a_number_that_no_message_has_is_wrong_use(run, url, command, number):
    run(f"outbox {command} {number}", exit_code=2)


def test_a_queued_message_is_not_sent_again(run, dispatched):
    assert run("outbox resend 1", exit_code=1).stderr.startswith("ApiInputValidationError: ")


def mail_workers(process):
    """The numbers of the mail workers that a service has started."""
    return [
        pid
        for pid, (parent, args) in running_processes().items()
        if parent == process.pid and "spawn_main" in args
    ]


def test_serve_delivers_mail_and_replaces_a_worker_that_dies(run, dispatched, address, mail_folder):
    with running("serve", "--bind", address) as process:
        assert f"\nMail      written as files into {mail_folder}\n" in lines_until(process, "Mail")
        until(lambda: len(files(mail_folder)) == 2)
        read(f"http://{address}/readyz")
        (first,) = mail_workers(process)
        os.kill(first, signal.SIGKILL)
        run("coupon dispatch --customer 1 --class Spring cleo@example.com")
        until(lambda: len(files(mail_folder)) == 3)
        (second,) = mail_workers(process)
        assert second != first
        process.terminate()
        _, told = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0
        assert "The worker ended with -9. It is started again.\n" in told
        assert second not in running_processes()


HURRIED = """
import sys
from multiprocessing.process import BaseProcess
from pathlib import Path
from service.cli import supervision
from service.cli.main import main

told = Path(sys.argv.pop())
terminate = BaseProcess.terminate

def terminate_and_tell(process):
    terminate(process)
    told.touch()

BaseProcess.terminate = terminate_and_tell
supervision.STOP_TIMEOUT_S = 0
main()
"""


def test_serve_lets_the_mail_worker_finish_its_message(
    run, dispatched, address, mail_server, tmp_path
):
    """The server takes its time, and the service is asked to end."""
    told = tmp_path / "told"
    command = [sys.executable, "-c", HURRIED, "serve", "--bind", address, str(told)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:

        async def end_and_take(*_):
            # A signal that reaches a process before it listens for signals is lost.
            await asyncio.to_thread(read, f"http://{address}/readyz")
            process.terminate()
            while not told.exists():
                await asyncio.sleep(POLL_INTERVAL_S)
            await asyncio.sleep(1)
            return OK

        mail_server.on_mail = end_and_take
        assert process.wait(PATIENCE_S) == 0
    assert [message["state"] for message in listed(run)] == ["queued", "sent"]
    assert mail_server.recipients() == ["anna@example.com"]


KEEPER = """
import time
from service.cli.supervision import kept_running
from service.cli.worker import work_for_parent
from service.settings import Settings

with kept_running("worker", work_for_parent, Settings(), work_s=0):
    time.sleep(60)
"""


def test_the_mail_worker_does_not_outlive_whoever_started_it(run, dispatched, mail_folder):
    with subprocess.Popen([sys.executable, "-c", KEEPER]) as process:
        until(lambda: len(files(mail_folder)) == 2)
        (worker,) = mail_workers(process)
        process.kill()
        process.wait()
        until(lambda: worker not in running_processes())


def test_serve_may_leave_the_mail_to_others(run, dispatched, address, mail_folder):
    with running("serve", "--bind", address, "--no-worker") as process:
        read(f"http://{address}/readyz")
        assert mail_workers(process) == []
        assert not mail_folder.exists()
