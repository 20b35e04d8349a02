"""Secrets are planted in every way in, and looked for in everything that comes out.

The controls: a build that logs credentials, and one that logs codes, are caught.
"""

import base64
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from service.addresses import CUSTOMER_BILLING_PATH
from service.console.sessions import COOKIE_NAME
from service.domain.roles import Role
from service.operations.users import AUTHENTICATION, DEVELOPER, add_user, issue_token
from service.storage.all_tables import metadata
from service.storage.tables import audit
from tests.console.server import below, token
from tests.observability.receiver import Receiver, receiving
from tests.observability.watched import Watched, wait_until, watched
from tests.programme import Programme
from tests.reliability.envelopes import Envelopes

USER = "Kim"
ADDRESS = "planted.person@example.com"
PAGE = (Path(__file__).parents[2] / "docs" / "observability.md").read_text(encoding="utf-8")
LEAKY = str(Path(__file__).with_name("leaky_service.py"))


def drawn(name: str) -> str:
    """A secret that nothing else has in it."""
    return f"planted{name}{os.urandom(8).hex()}"


@dataclass
class Planted:
    """The secrets, by what they are.

    Attributes:
        credentials: For nobody's eyes.
        values: For those only whom they are about: codes, and addresses of persons.
    """

    credentials: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)

    def new(self, name: str) -> str:
        """A further credential."""
        return self.credentials.setdefault(name, drawn(name.title().replace(" ", "")))


def in_base64(text: str) -> str:
    """As in the middle of something longer."""
    return base64.b64encode(f"ab{text}cd".encode()).decode()


def forms(secret: str) -> set[str]:
    """How a secret may be spelled by whoever lets it out."""
    content = secret.encode()
    encoded = {base64.b64encode(b" " * skip + content).decode()[4:-4] for skip in range(3)}
    return {secret, secret.lower(), secret.upper(), content.hex(), quote(secret), *encoded}


def leaks(said: Mapping[str, str], secrets: Mapping[str, str]) -> list[tuple[str, str]]:
    """Where which secret came out."""
    return [
        (place, name)
        for place, text in said.items()
        for name, secret in secrets.items()
        if any(form in text for form in forms(secret))
    ]


@dataclass
class Talk:
    """A service that is told secrets, and what it says."""

    service: Watched
    programme: Programme
    receiver: Receiver
    planted: Planted
    customer: int
    account: int
    answers: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)

    def call(self) -> None:
        """Call in every way, right and wrong."""
        new, values = self.planted.new, self.planted.values
        known = {
            "DeveloperToken": self.planted.credentials["developer token"],
            "AuthenticationToken": self.planted.credentials["authentication token"],
        }
        by_password = {
            "DeveloperToken": known["DeveloperToken"],
            "UserName": USER,
            "Password": self.planted.credentials["password"],
        }
        callers = [
            known,
            by_password,
            {**known, "AuthenticationToken": new("wrong token")},
            {**known, "AuthenticationToken": f"Bearer {new('bearer token')}"},
            {**known, "DeveloperToken": new("wrong developer token")},
            {**by_password, "Password": new("wrong password")},
            {**by_password, "UserName": new("password as user name")},
        ]
        code, other = values["code"], values["unknown code"]
        for headers in callers:
            envelopes = Envelopes(headers)
            self._post(envelopes.redeem(self.account, code))
            self._post(envelopes.redeem(self.account, other))
        right = Envelopes(known)
        self._post(right.claim([(self.account, code)]))
        self._post(right.dispatch([ADDRESS], self.customer, "Spring"))
        self._post(right.keyed(values["key"]).redeem(self.account, code))
        sound = right.redeem(self.account, code)
        broken = sound.replace(b"</b:DeveloperToken>", b"<")
        for content in (broken, sound.replace(b"RedeemCoupon", b"Nonsense"), sound[:-20]):
            self._post(content)
        # Where they do not belong.
        query = f"?token={new('token in the address')}&code={code}"
        self._post(sound, query, SOAPAction=new("action"), Authorization=new("authorization"))

    def _post(self, content: bytes, query: str = "", **headers: str) -> None:
        self.answers.append(self.service.post(content, CUSTOMER_BILLING_PATH + query, **headers))

    def fail(self) -> None:
        """Call while a table is missing, which is a bug to the service."""
        credentials = self.planted.credentials
        known = {
            "DeveloperToken": credentials["developer token"],
            "AuthenticationToken": credentials["authentication token"],
        }
        with self.programme.database.writing() as connection:
            connection.exec_driver_sql("ALTER TABLE redemption RENAME TO away")
        self._post(Envelopes(known).redeem(self.account, self.planted.values["third code"]))
        with self.programme.database.writing() as connection:
            connection.exec_driver_sql("ALTER TABLE away RENAME TO redemption")

    def browse(self) -> None:
        """Sign in, rightly and wrongly, and look at the pages that are for all operators."""
        new, password = self.planted.new, self.planted.credentials["password"]
        with httpx.Client(base_url=f"{self.service.url}/console/", timeout=30) as client:
            for name, given in (
                (USER, new("wrong password of a person")),
                (new("password typed as a name"), "x"),
                (USER, password),
            ):
                form = {"csrf_token": token(client), "user_name": name, "password": given}
                reply = client.post("sign-in", data=form)
            assert reply.is_redirect, reply.text
            self.planted.credentials["cookie"] = client.cookies[COOKIE_NAME]
            form = {
                "csrf_token": token(client, "users/new"),
                "name": "Lea",
                "role": Role.OPERATOR.value,
                "password": new("password of a new user"),
            }
            added = client.post("users/new", data=form)
            assert added.is_redirect, added.text
            code = self.planted.values["code"]
            for path in (f"nothing?code={code}", "settings", "calls", "audit", "users"):
                self.pages.append(client.get(path).text)
            self.pages.append(client.get(below(added.headers["Location"])).text)
            stranger = {"Cookie": f"{COOKIE_NAME}={new('forged cookie')}"}
        self.pages.append(httpx.get(f"{self.service.url}/console/", headers=stranger).text)

    def crash(self) -> None:
        """Let a process die as one that has a bug in C."""
        os.kill(min(self.counting()), signal.SIGABRT)

    def counting(self) -> set[int]:
        """The processes that count."""
        files = self.service.folder.glob("coupon-billing-metrics-*/*.db")
        return {int(it.stem.rpartition("_")[2]) for it in files}

    def said(self) -> dict[str, str]:
        """What came out that is not about the programme's own coupons and people."""
        processes = [self.service.process.pid, *self.service.workers()]
        return {
            "log": self.service.log,
            "metrics": self.service.metrics(),
            "traces": self.receiver.text,
            "settings and calls": "\n".join(self.pages[1:3]),
            "readiness": httpx.get(f"{self.service.url}/readyz").text,
            "config": self._command("config"),
            "tokens": self._command("token", "list"),
            "users": self._command("user", "list"),
            "journal": self._rows('SELECT * FROM "call"'),
            "arguments": "".join(Path(f"/proc/{it}/cmdline").read_text() for it in processes),
        }

    def said_to_some(self) -> dict[str, str]:
        """What came out to those whom it is about, or who may see it; and what is kept."""
        mails = self.service.folder / "mail"
        kept = [it for it in self.service.folder.rglob("*") if it.is_file()]
        return {
            "answers": "\n".join(self.answers),
            "all pages": "\n".join(self.pages),
            "audit": "\n".join(map(str, self.programme.rows(audit))),
            "outbox": self._command("outbox", "list"),
            "mails": "\n".join(it.read_text(encoding="utf-8") for it in mails.glob("*.eml")),
            "files": "\n".join(it.read_bytes().decode("latin-1") for it in kept),
            "database": self._stored(),
        }

    def _command(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "service.cli", *words, "--json"],
            capture_output=True,
            text=True,
            check=True,
            env=self.service.environment,
        )
        return done.stdout + done.stderr

    def _rows(self, statement: str) -> str:
        with self.programme.database.reading() as connection:
            return "\n".join(map(str, connection.exec_driver_sql(statement)))

    def _stored(self) -> str:
        return "\n".join(str(self.programme.rows(it)) for it in metadata.sorted_tables)


@contextmanager
def talking(
    programme: Programme, folder: Path, program: Sequence[str] = ("-m", "service.cli")
) -> Iterator[Talk]:
    """A service whose settings have secrets, too, and a programme with secrets in it."""
    planted = Planted()
    new = planted.new
    add_user(programme.call(), USER, Role.OPERATOR, None, new("password"))
    for kind in (DEVELOPER, AUTHENTICATION):
        issued = issue_token(programme.call(), USER, kind)
        planted.credentials[f"{kind} token"] = issued.text
    customer = programme.customer()
    account = programme.account(customer)
    programme.coupon_class(customer, pattern="PLANTED-################")
    code, _second, third = programme.mint(customer, count=3)
    planted.values |= {
        "code": code,
        "third code": third,
        "unknown code": f"PLANTED-{os.urandom(8).hex()}",
        "address": ADDRESS,
        "key": drawn("Key"),
    }
    url = programme.database.url
    if url.get_backend_name() != "sqlite":
        url = url.set(password=new("database password"))
    with (
        receiving() as receiver,
        watched(
            url.render_as_string(hide_password=False),
            folder,
            program=program,
            OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url,
            OTEL_EXPORTER_OTLP_HEADERS=f"authorization={new('password of the receiver')}",
            OTEL_BSP_SCHEDULE_DELAY="100",
            # Nobody is there.
            SMTP_HOST="127.0.0.1",
            SMTP_PORT="1",
            SMTP_USER="coupons",
            SMTP_PASSWORD=new("password of the mail server"),
            MAIL_SENDER="coupons@example.com",
            CONSOLE_SECRET=new("secret of the console") * 2,
            MAIL_POLL_S="0.1",
        ) as service,
    ):
        yield Talk(service, programme, receiver, planted, customer, account)


def found_leaks(talk: Talk) -> list[tuple[str, str]]:
    """Say every secret, and look for it."""
    talk.call()
    talk.fail()
    talk.browse()
    wait_until(lambda: '"event": "mail"' in talk.service.log)
    wait_until(lambda: "RedeemCoupon" in talk.receiver.text)
    said = talk.said()
    assert all(said.values()), [place for place, text in said.items() if not text]
    assert talk.planted.values["code"] in talk.said_to_some()["database"]
    return leaks(said, talk.planted.credentials | talk.planted.values) + leaks(
        talk.said_to_some(), talk.planted.credentials
    )


def test_no_secret_comes_out(programme, tmp_path):
    with talking(programme, tmp_path) as talk:
        assert found_leaks(talk) == []
        assert_is_as_the_page_says(talk.service.log)


def assert_is_as_the_page_says(log: str) -> None:
    """Each line of the log has what ``docs/observability.md`` says, and nothing else."""
    rows = re.findall(r"^\| (`\w.+?) \| .+? \| (.+) \|$", PAGE, re.MULTILINE)
    told = {
        event: set(re.findall(r"`(\w+)`", names))
        for events, names in rows
        for event in re.findall(r"`([^`]+)`", events)
    }
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    for line in lines:
        assert line.keys() - told[line["event"]] <= {"event", "level", "timestamp"}
    events = {line["event"] for line in lines}
    assert {"call", "page", "internal error", "mail", "signed in", "sign-in refused"} <= events


@pytest.mark.prove
@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_process_that_crashes_leaves_no_secret(programme, tmp_path):
    with talking(programme, tmp_path) as talk:
        talk.call()
        before = talk.counting()
        talk.crash()
        wait_until(lambda: talk.counting() - before)
        wait_until(talk.service.is_ready)
        assert leaks(talk.said_to_some(), talk.planted.credentials) == []


@pytest.mark.prove
@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("leak", "expected"),
    [
        ("credentials", {("log", "authentication token"), ("log", "password")}),
        ("codes", {("log", "code"), ("log", "unknown code")}),
    ],
)
def test_a_build_that_lets_one_out_is_caught(programme, tmp_path, monkeypatch, leak, expected):
    monkeypatch.setenv("LEAK", leak)
    with talking(programme, tmp_path, [LEAKY]) as talk:
        found = set(found_leaks(talk))
        assert expected <= found
        assert {place for place, _ in found} <= {"log", "files"}


@pytest.mark.parametrize("spelled", [str.upper, lambda it: quote(f"a {it}"), in_base64])
def test_a_secret_is_found_however_it_is_spelled(spelled):
    secret = drawn("Token")
    assert leaks({"log": f"x{spelled(secret)}y"}, {"token": secret}) == [("log", "token")]
    assert leaks({"log": f"x{spelled(drawn('Token'))}y"}, {"token": secret}) == []
