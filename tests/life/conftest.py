"""The service over sockets, in this process and under the test's clock, and its clients."""

import threading
from collections.abc import Iterator
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
import zeep
from zeep.transports import Transport

from service.addresses import CUSTOMER_BILLING_PATH
from service.app import create_app
from service.domain.roles import Role
from service.operations.authentication import AUTHENTICATION, DEVELOPER
from service.operations.users import add_user, issue_token
from service.settings import Settings
from tests.clients.callers import Keys, ZeepCaller, bing_ads_caller
from tests.conformance.tap import tapped
from tests.life.scripted import Connect, Life
from tests.mail import server as mail
from tests.programme import Programme

SHUTDOWN_POLL_S = 0.02


class _SilentHandler(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def address(programme: Programme, closed_applications: None) -> Iterator[str]:
    """Where the service answers; each reply is checked against the schemas."""
    settings = Settings(
        database=programme.database.url.render_as_string(hide_password=False),
        validate_responses=True,
    )
    app = create_app(settings, programme.clock)
    with make_server("127.0.0.1", 0, app, handler_class=_SilentHandler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(SHUTDOWN_POLL_S,))
        thread.start()
        # The server that Python brings answers by HTTP/1.0.
        with tapped(server.server_port, excepted={"R1140"}) as tap:
            yield f"http://127.0.0.1:{tap.port}{CUSTOMER_BILLING_PATH}"
        server.shutdown()
        thread.join()


@pytest.fixture(params=["bing_ads", "zeep"])
def connect(
    request: pytest.FixtureRequest, programme: Programme, address: str
) -> Iterator[Connect]:
    """Makes a client for a Standard user of the customer; each test runs with both kinds."""

    def keys(customer_id: int) -> Keys:
        name = f"Kim of {customer_id}"
        add_user(programme.call(), name, Role.STANDARD, customer_id)
        tokens = (issue_token(programme.call(), name, kind) for kind in (DEVELOPER, AUTHENTICATION))
        return Keys(*(token.text for token in tokens))

    if request.param == "bing_ads":
        yield lambda customer_id, account_id: bing_ads_caller(
            address, keys(customer_id), customer_id, account_id
        )
        return
    transport = Transport()
    client = zeep.Client(f"{address}?wsdl", transport=transport)
    yield lambda customer_id, _account_id: ZeepCaller(client, keys(customer_id))
    transport.session.close()


@pytest.fixture
def mails() -> Iterator[mail.MailServer]:
    """The mail server that the service's worker delivers to."""
    with mail.running(mail.MailServer()) as server:
        yield server


@pytest.fixture
def life(programme: Programme, connect: Connect, mails: mail.MailServer) -> Life:
    """A customer with an account in USD, before anything has happened."""
    return Life(programme, connect, mails)
