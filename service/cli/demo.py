"""``demo``: a service to try, and a first conversation with it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated
from urllib.request import urlopen

import typer

from service.addresses import CUSTOMER_BILLING_PATH, READY_PATH, local_url
from service.cli.binding import require_free, split_bind
from service.cli.calls import CommandRefusedError, new_call, opened, refusals_told
from service.cli.demo_session import Client, run_session, search_body
from service.cli.serving import WORKER_STOP_TIMEOUT_S, BindOption
from service.domain.terms import CouponTerms, CouponType
from service.operations.calls import Call
from service.operations.classes import NewClass, add_class
from service.operations.initialise import FIRST_CURRENCY, FirstKeys, initialise
from service.operations.mint_coupons import mint_coupons
from service.operations.parties import add_account
from service.settings import ENVIRONMENT_PREFIX
from service.storage.engine import Database

DATABASE_FILE = "demo.db"
CLASS_NAME = "Welcome"
COUPONS_COUNT = 100
OTHER_ACCOUNT_NUMBER = "X0000002"
START_TIMEOUT_S = 30
STOP_TIMEOUT_S = WORKER_STOP_TIMEOUT_S + 5
POLL_INTERVAL_S = 0.1


@dataclass(frozen=True, slots=True)
class Programme:
    """The coupon programme of the demo: the first keys, and a second account."""

    keys: FirstKeys
    other_account_id: int


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="Stop after the conversation instead of at Ctrl-C.")
    ] = False,
    bind: BindOption = None,
) -> None:
    """Make a throw-away database, serve it, and talk to it over SOAP.

    Dispatches coupons to two addresses, searches them, redeems one, redeems it
    again, and fails to redeem it from another account. Without --bind, a free port
    of this machine is taken. Everything is removed at the end.
    """
    # SIGINT, too: what a shell starts in the background ignores it.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    address = bind or f"127.0.0.1:{_free_port()}"
    with (
        suppress(KeyboardInterrupt),
        refusals_told(as_json=False),
        TemporaryDirectory(prefix="coupon-billing-") as folder,
    ):
        require_free(*split_bind(address))
        database_url = f"sqlite:///{Path(folder, DATABASE_FILE)}"
        with opened(database_url) as database:
            programme = _prepare(new_call(database), database)
        with _served(folder, database_url, address) as server:
            client = _converse(programme, local_url(address) + CUSTOMER_BILLING_PATH)
            if not once:
                _invite(client, programme)
                server.wait()


def _prepare(call: Call, database: Database) -> Programme:
    """Make what the conversation is about."""
    keys = initialise(call, database)
    if keys is None:
        raise RuntimeError("a new database had customers")
    other = add_account(call, keys.customer_id, OTHER_ACCOUNT_NUMBER, FIRST_CURRENCY)
    terms = CouponTerms(
        coupon_type=CouponType.RETENTION, currency_code=FIRST_CURRENCY, amount=Decimal(50)
    )
    add_class(call, NewClass(customer_id=keys.customer_id, name=CLASS_NAME, terms=terms))
    mint_coupons(call, keys.customer_id, CLASS_NAME, COUPONS_COUNT)
    return Programme(keys, other)


@contextmanager
def _served(folder: str, database_url: str, address: str) -> Iterator["subprocess.Popen[bytes]"]:
    """The service in a process of its own, from the first answer to the end of the block."""
    command = [sys.executable, "-m", "service.cli", "serve"]
    options = ["--database", database_url, "--bind", address, "--no-worker"]
    # The folder holds no Python: nothing there takes the place of the package.
    server = subprocess.Popen(  # noqa: S603
        [*command, *options],
        cwd=folder,
        # A line for each call would stand between those of the conversation.
        env={f"{ENVIRONMENT_PREFIX}LOG_LEVEL": "warning", **os.environ},
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_until_healthy(server, local_url(address) + READY_PATH)
        yield server
    finally:
        server.terminate()
        try:
            server.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def wait_until_healthy(server: "subprocess.Popen[bytes]", url: str) -> None:
    """Wait for the service's first answer.

    Raises:
        CommandRefusedError: ``ServiceNotStarted``: its process ended, or it took
            more than ``START_TIMEOUT_S``.
    """
    deadline = time.monotonic() + START_TIMEOUT_S
    while server.poll() is None and time.monotonic() < deadline:
        with suppress(OSError), urlopen(url, timeout=START_TIMEOUT_S):  # noqa: S310
            return
        time.sleep(POLL_INTERVAL_S)
    raise CommandRefusedError("ServiceNotStarted", "The service did not start.", url)


def _converse(programme: Programme, url: str) -> Client:
    keys = programme.keys
    client = Client(url, keys.developer_token, keys.authentication_token)
    typer.echo(f"The service runs at {url}\n")
    accounts = (keys.account_id, programme.other_account_id)
    run_session(client, keys.customer_id, CLASS_NAME, accounts, typer.echo)
    return client


def _invite(client: Client, programme: Programme) -> None:
    """Tell the reader how to go on."""
    keys = programme.keys
    typer.echo(f"""
Endpoint             {client.url}
WSDL                 {client.url}?wsdl
DeveloperToken       {client.developer_token}
AuthenticationToken  {client.authentication_token}
UserName, Password   {keys.user_name}, {keys.password}
CustomerId           {keys.customer_id}, with the coupon class {CLASS_NAME!r}
AccountId            {keys.account_id} and {programme.other_account_id}

Call it from another terminal, or from your program with these values:

curl -s -H 'Content-Type: text/xml' '{client.url}' \\
  -d '{client.envelope(search_body(keys.customer_id))}'

Ctrl-C stops the service and removes its data.""")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
