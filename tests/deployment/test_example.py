"""The example of several machines does what the guide says of it, also when parts of it die."""

import json
import re
import ssl
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import psycopg
import pytest
import trustme

from service.domain.errors import SERVICE_UNAVAILABLE
from service.jobs.smtp import Security
from service.settings import ENVIRONMENT_PREFIX, Settings
from tests.clients.callers import Keys, RefusedError, bing_ads_caller, check_fault
from tests.deployment.example import FOLDER, Example, Machine, ServingMachine
from tests.deployment.traffic import flowing
from tests.deployment.waiting import wait_until
from tests.mail.server import OK, PASSWORD, USER, MailServer, running
from tests.ports import free_port
from tests.postgresql import PostgresServer
from tests.reliability.envelopes import DONE, Envelopes

# The SDK itself asks for the time in a way that Python 3.12 announces as leaving.
pytestmark = [
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning"),
    pytest.mark.timeout(300),
]
CLIENTS_COUNT = 8
CALLS_COUNT = 40
SECRETS = {"POSTGRES_PASSWORD": "geheim", "SMTP_PASSWORD": PASSWORD}


@dataclass
class Landscape:
    """The example while it runs.

    Attributes:
        hosts: Those that serve.
        keys: What ``init`` printed.
    """

    database: PostgresServer
    mail_server: MailServer
    hosts: list[ServingMachine]
    worker: Machine
    init: Machine
    keys: dict[str, str]

    def run(self, *words):
        """Run a command on the database, and answer its JSON."""
        arguments = self.init.arguments
        command = [arguments["args"][0], *words, "--json"]
        return json.loads(subprocess.check_output(command, env=arguments["env"]))

    def coupons(self, name, count):
        """The codes of the coupons of a new class, of which no other test knows."""
        words = ("--customer", "1", "--name", name, "--type", "Retention")
        self.run("class", "add", *words, "--amount", "50", "--currency", "USD")
        words = ("--customer", "1", "--class", name, "--count", str(count))
        return self.run("mint", *words, "--show-codes")["codes"]

    def sdk(self, host):
        """Microsoft's SDK, on one of the hosts."""
        keys = Keys(self.keys["developer_token"], self.keys["authentication_token"])
        return bing_ads_caller(host.url, keys, 1, 1)

    @property
    def envelopes(self):
        names = {"DeveloperToken": "developer_token", "AuthenticationToken": "authentication_token"}
        return Envelopes({name: self.keys[key] for name, key in names.items()})

    def states(self, email):
        """The states of the messages to an address."""
        with psycopg.connect(self.database.url("coupons")) as connection:
            statement = "SELECT state FROM outbox WHERE recipient = %s"
            return [state for (state,) in connection.execute(statement, [email])]

    def sent(self, email):
        """The mails that the server took for an address."""
        return [mail for mail in self.mail_server.taken if mail["To"] == email]


def mail_trust(directory):
    """A mail server's side of a connection, and the file with the authority to trust."""
    authority, path = trustme.CA(), directory / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    return context, path


def started_database(stack):
    """A server with the role and the database of the example."""
    server = PostgresServer()
    stack.callback(server.remove)
    server.start()
    server.execute("CREATE ROLE coupons LOGIN PASSWORD 'geheim'")
    server.execute("CREATE DATABASE coupons OWNER coupons")
    return server


def addresses():
    """An address for each host; Linux has many for one machine."""
    for name in ("127.0.0.2", "127.0.0.3"):
        yield f"{name}:{free_port()}"


@pytest.fixture(scope="module")
def landscape(tmp_path_factory):
    """The example, as it is after its first start."""
    directory = tmp_path_factory.mktemp("example")
    example = Example(SECRETS)
    context, authority_path = mail_trust(directory)
    with ExitStack() as stack:
        database = started_database(stack)
        mail_server = stack.enter_context(
            running(MailServer(Security.STARTTLS, USER, PASSWORD), context)
        )
        places = {"@database:5432/": f"@127.0.0.1:{database.port}/"}
        init = Machine(example, "init", places, directory / "init")
        arguments = init.arguments
        printed = subprocess.check_output([*arguments["args"], "--json"], env=arguments["env"])
        hosts = [
            ServingMachine(
                example, name, {**places, "0.0.0.0:8080": bind}, directory / name, bind=bind
            )
            for name, bind in zip(("host-a", "host-b"), addresses(), strict=True)
        ]
        worker = Machine(
            example,
            "worker",
            {**places, "mail.example": "localhost", "587": str(mail_server.port)},
            directory / "worker",
            # A message is leased for ten times as long.
            {
                "SSL_CERT_FILE": str(authority_path),
                "COUPON_BILLING_MAIL_TIMEOUT_S": "1",
                "COUPON_BILLING_MAIL_POLL_S": "0.1",
            },
        )
        for machine in (*hosts, worker):
            stack.callback(machine.kill)
            machine.start()
        yield Landscape(database, mail_server, hosts, worker, init, json.loads(printed))


def test_what_one_host_hands_out_another_redeems_and_a_third_mails(landscape):
    (code,) = landscape.coupons("Spring", 1)
    on_a, on_b = map(landscape.sdk, landscape.hosts)
    on_a.dispatch(1, "Spring", "anna@example.com")
    redeemed_at = on_b.call("RedeemCoupon", AccountId=1, CouponCode=code)
    assert on_a.call("RedeemCoupon", AccountId=1, CouponCode=code) == redeemed_at
    wait_until(lambda: landscape.sent("anna@example.com"))
    (mail,) = landscape.sent("anna@example.com")
    assert code in mail.get_body(("plain",)).get_content()
    assert mail["From"] == "Contoso Coupons <coupons@billing.example>"


def test_clients_go_on_with_the_other_host_when_one_dies(landscape):
    codes = landscape.coupons("Summer", 1000)
    first, second = landscape.hosts
    addresses = [first.address, second.address]

    def request(number):
        return landscape.envelopes.redeem(1, codes[number])

    with flowing(addresses, request, CLIENTS_COUNT) as traffic:
        wait_until(lambda: traffic.outcomes[DONE] >= CALLS_COUNT)
        first.kill()
        enough = traffic.outcomes[DONE] + CALLS_COUNT
        wait_until(lambda: traffic.outcomes[DONE] >= enough)
    first.start()
    cut_count = traffic.outcomes.total() - traffic.outcomes[DONE]
    assert cut_count <= CLIENTS_COUNT
    assert traffic.refused_count > 0
    # Whose answers were lost ask the other host again, and hear of no one else's redemption.
    on_b = landscape.sdk(second)
    for code in codes[: traffic.outcomes.total() : 10]:
        on_b.call("RedeemCoupon", AccountId=1, CouponCode=code)
    checked = landscape.run("check")
    assert (checked["differences"], checked["breaches"]) == ([], [])


def test_another_worker_sends_what_a_dead_one_had(landscape):
    landscape.coupons("Autumn", 1)

    async def cut_power(*_):
        landscape.mail_server.on_mail = None
        landscape.worker.kill()
        return OK

    landscape.mail_server.on_mail = cut_power
    on_a = landscape.sdk(landscape.hosts[0])
    on_a.dispatch(1, "Autumn", "bela@example.com")
    wait_until(lambda: landscape.worker.process is None)
    landscape.worker.start()
    wait_until(lambda: len(landscape.sent("bela@example.com")) == 2)
    assert len({mail["Message-ID"] for mail in landscape.sent("bela@example.com")}) == 1
    wait_until(lambda: landscape.states("bela@example.com") == ["sent"])


def test_hosts_recover_by_themselves_when_the_database_is_back(landscape):
    (code,) = landscape.coupons("Winter", 1)
    callers = [landscape.sdk(host) for host in landscape.hosts]
    before = [host.process.pid for host in landscape.hosts]
    landscape.database.stop()
    for host, caller in zip(landscape.hosts, callers, strict=True):
        assert not host.is_healthy
        with pytest.raises(RefusedError) as refused:
            caller.call("RedeemCoupon", AccountId=1, CouponCode=code)
        check_fault(refused.value, SERVICE_UNAVAILABLE)
    landscape.database.start()
    wait_until(lambda: all(host.is_healthy for host in landscape.hosts))
    dates = {caller.call("RedeemCoupon", AccountId=1, CouponCode=code) for caller in callers}
    assert len(dates) == 1
    assert [host.process.pid for host in landscape.hosts] == before
    assert [host.process.poll() for host in landscape.hosts] == [None, None]


# What the files say, without running them.


def test_every_setting_of_the_example_is_one():
    example = Example(SECRETS)
    ours = [name for name in example.services if "build" in example.services[name]]
    assert ours == ["init", "host-a", "host-b", "worker"]
    for name in ours:
        values = {
            variable.removeprefix(ENVIRONMENT_PREFIX).lower(): value
            for variable, value in example.environment(name).items()
        }
        assert values.keys() <= Settings.model_fields.keys()
        Settings(**values)


def test_the_database_has_connections_for_all_processes():
    example = Example(SECRETS)
    command = " ".join(example.services["database"]["command"])
    connections_max = int(re.search(r"max_connections=(\d+)", command)[1])
    # One more for the journal of calls.
    connections = Settings.model_construct().threads + 1
    hosts = [example.command(name) for name in ("host-a", "host-b")]
    needed = sum(int(host[host.index("--workers") + 1]) * connections for host in hosts)
    assert needed + 10 < connections_max


def test_the_balancer_knows_the_hosts():
    text = (FOLDER / "haproxy.cfg").read_text(encoding="utf-8")
    hosts = re.findall(r"^    server (\S+) (\S+):(\d+)$", text, re.MULTILINE)
    assert hosts == [("host-a", "host-a", "8080"), ("host-b", "host-b", "8080")]
    assert int(re.search(r"expect status (\d+)", text)[1]) == HTTPStatus.OK


def test_the_image_has_what_the_package_is_made_from():
    kept = (FOLDER / "Containerfile.dockerignore").read_text(encoding="utf-8")
    names = re.findall(r"^!(.+)$", kept, re.MULTILINE)
    assert set(names) == {
        *("LICENSE", "README.md", "pyproject.toml", "setup.cfg", "schemas", "service", "wsdl")
    }
    assert all((Path(FOLDER.parent) / name).exists() for name in names)
