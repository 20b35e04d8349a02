"""A running service with a programme, and clients that call it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from importlib.resources import files
from uuid import uuid4

import pytest
import suds.client
import zeep
from bingads.util import DictCache
from zeep.transports import Transport

from service.domain.roles import Role
from service.operations.authentication import AUTHENTICATION, DEVELOPER
from service.operations.users import add_user, issue_token
from service.storage.engine import Database
from tests.clients.callers import Caller, Keys, SudsCaller, ZeepCaller, bing_ads_caller
from tests.clients.runtimes import (
    NodeCaller,
    Runtime,
    RuntimeCaller,
    node_command,
    php_command,
    running_runtime,
)
from tests.clients.server import Server, running
from tests.conformance.tap import open_taps, tapped
from tests.databases import Databases
from tests.programme import Clock, Programme

OFFICIAL_WSDL = str(files("bingads") / "v13/proxies/production/customerbilling_service.xml")


@dataclass(frozen=True)
class Customer:
    """A customer of the test's own, with an account and a user whose role is Standard."""

    customer_id: int
    account_id: int
    keys: Keys


Connect = Callable[[Keys], Caller]
NewKeys = Callable[..., Keys]


@pytest.fixture(scope="session")
def server(
    tmp_path_factory: pytest.TempPathFactory, session_databases: Databases
) -> Iterator[Server]:
    """The service; it must not have logged an internal error, nor an invalid reply."""
    folder = tmp_path_factory.mktemp("served")
    with (
        running(folder, session_databases.blank()) as server,
        tapped(server.port) as tap,
    ):
        yield replace(server, port=tap.port)
    assert server.trouble() == []


@pytest.fixture(autouse=True)
def conforming() -> Iterator[None]:
    """What a test says and is answered is as WS-I Basic Profile 1.1 has it."""
    yield
    for tap in open_taps:
        tap.check()


@pytest.fixture(scope="session")
def database(server: Server) -> Iterator[Database]:
    """The database of the running service."""
    database = Database(server.database_url)
    yield database
    database.close()


@pytest.fixture(scope="session")
def programme(database: Database) -> Programme:
    """The programme of the running service; tests add customers of their own to it."""
    return Programme(database, Clock(datetime.now(timezone.utc)))


@pytest.fixture
def new_keys(programme: Programme) -> NewKeys:
    """Makes users, and the keys by which they are known: tokens, or a password if one is given."""

    def make(role: Role, customer_id: int | None, password: str | None = None) -> Keys:
        name = f"user {uuid4()}"
        add_user(programme.call(), name, role, customer_id, password)
        developer_token = issue_token(programme.call(), name, DEVELOPER).text
        if password:
            return Keys(developer_token, user_name=name, password=password)
        return Keys(developer_token, issue_token(programme.call(), name, AUTHENTICATION).text)

    return make


@pytest.fixture
def customer(programme: Programme, new_keys: NewKeys) -> Customer:
    """A new customer."""
    customer_id = programme.customer()
    keys = new_keys(Role.STANDARD, customer_id)
    return Customer(customer_id, programme.account(customer_id), keys)


@pytest.fixture(scope="session")
def transport() -> Iterator[Transport]:
    """zeep's way to the network, closed at the end."""
    transport = Transport()
    yield transport
    transport.session.close()


@pytest.fixture(scope="session")
def zeep_wsdl(server: Server, transport: Transport) -> zeep.Client:
    return zeep.Client(f"{server.url}?wsdl", transport=transport)


@pytest.fixture(scope="session")
def zeep_single_wsdl(server: Server, transport: Transport) -> zeep.Client:
    return zeep.Client(f"{server.url}?singleWsdl", transport=transport)


@pytest.fixture(scope="session")
def zeep_official(transport: Transport) -> zeep.Client:
    return zeep.Client(OFFICIAL_WSDL, transport=transport)


@pytest.fixture(scope="session")
def suds_cache() -> DictCache:
    """The description as XML. Clients that share more than that send each other's headers."""
    return DictCache()


@pytest.fixture(scope="session")
def zeep_management(server: Server, transport: Transport) -> zeep.Client:
    return zeep.Client(f"{server.management_url}?wsdl", transport=transport)


@pytest.fixture
def zeep_caller(zeep_wsdl: zeep.Client, customer: Customer) -> ZeepCaller:
    """zeep with our description, for what only zeep shows."""
    return ZeepCaller(zeep_wsdl, customer.keys)


@pytest.fixture
def connect_bing_ads(server: Server, customer: Customer) -> Connect:
    """Makes SDK clients with these keys."""

    return lambda keys: bing_ads_caller(server.url, keys, customer.customer_id, customer.account_id)


@pytest.fixture
def connect_zeep_wsdl(zeep_wsdl: zeep.Client) -> Connect:
    return lambda keys: ZeepCaller(zeep_wsdl, keys)


@pytest.fixture
def connect_zeep_single_wsdl(zeep_single_wsdl: zeep.Client) -> Connect:
    return lambda keys: ZeepCaller(zeep_single_wsdl, keys)


@pytest.fixture
def connect_zeep_official(zeep_official: zeep.Client, server: Server) -> Connect:
    return lambda keys: ZeepCaller(zeep_official, keys, server.url)


@pytest.fixture
def connect_suds_single_wsdl(server: Server, suds_cache: DictCache) -> Connect:
    url = f"{server.url}?singleWsdl"
    return lambda keys: SudsCaller(suds.client.Client(url, cache=suds_cache), keys)


@pytest.fixture(scope="session")
def node(server: Server) -> Iterator[Runtime]:
    """A program for Node.js."""
    with running_runtime(node_command(server.url)) as runtime:
        yield runtime


@pytest.fixture
def connect_node(node: Runtime) -> Connect:
    return lambda keys: NodeCaller(node, keys)


@pytest.fixture(scope="session")
def php(server: Server) -> Iterator[Runtime]:
    """A program for PHP."""
    with running_runtime(php_command(server.url)) as runtime:
        yield runtime


@pytest.fixture
def connect_php(php: Runtime) -> Connect:
    return lambda keys: RuntimeCaller(php, keys)


@pytest.fixture(
    params=[
        *("bing_ads", "zeep_wsdl", "zeep_single_wsdl", "zeep_official", "suds_single_wsdl"),
        *("node", "php"),
    ]
)
def connect(request: pytest.FixtureRequest) -> Connect:
    """Makes clients with these keys; each test runs with each kind of client."""
    connect: Connect = request.getfixturevalue(f"connect_{request.param}")
    return connect


@pytest.fixture
def caller(connect: Connect, customer: Customer) -> Caller:
    """A client of the customer's Standard user."""
    return connect(customer.keys)


@pytest.fixture(params=["zeep", "suds"])
def connect_manager(
    request: pytest.FixtureRequest,
    server: Server,
    zeep_management: zeep.Client,
    suds_cache: DictCache,
) -> Connect:
    """Makes clients of the management service with these keys."""
    if request.param == "zeep":
        return lambda keys: ZeepCaller(zeep_management, keys)
    url = f"{server.management_url}?wsdl"
    return lambda keys: SudsCaller(suds.client.Client(url, cache=suds_cache), keys)


@pytest.fixture
def operator_keys(server: Server) -> Keys:
    first = server.first_keys
    return Keys(first["developer_token"], first["authentication_token"])


@pytest.fixture
def operator(connect_manager: Connect, operator_keys: Keys) -> Caller:
    """A client of the operator."""
    return connect_manager(operator_keys)


@pytest.fixture
def manager(connect_manager: Connect, customer: Customer) -> Caller:
    """A client of the management service for the customer's Standard user."""
    return connect_manager(customer.keys)
