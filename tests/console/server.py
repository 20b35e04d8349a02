"""The console on a port of its own, with the clock of the test, and people who use it."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread

import httpx
from werkzeug.serving import WSGIRequestHandler, make_server

from service.app import create_app
from service.domain.roles import COMMAND_LINE, Role
from service.operations.users import add_user
from service.settings import Settings
from tests.programme import Programme

PASSWORD = "correct horse battery staple"
# The addresses are without TLS: no client reads whom the machine trusts, which takes long.
_TRUSTING_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class QuietHandler(WSGIRequestHandler):
    """Writes no line for each request; the service has its own."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        return


@dataclass
class Console:
    """The running console.

    Attributes:
        url: Where it is, with a slash at its end.
        programme: What it shows; its clock is that of the service.
    """

    url: str
    programme: Programme
    clients: list[httpx.Client] = field(default_factory=list)

    def user(self, name: str, role: Role = Role.OPERATOR, customer_id: int | None = None) -> str:
        """Add a user who may sign in with ``PASSWORD``; answers the name."""
        add_user(self.programme.call(COMMAND_LINE), name, role, customer_id, PASSWORD)
        return name

    def client(self) -> httpx.Client:
        """A browser of no screen: it keeps cookies, and follows no redirection by itself."""
        self.clients.append(httpx.Client(base_url=self.url, timeout=30, verify=_TRUSTING_NOBODY))
        return self.clients[-1]

    def signed_in(self, name: str) -> httpx.Client:
        """A client of somebody who has signed in."""
        client = self.client()
        reply = sign_in(client, name)
        assert reply.status_code == 303, reply.text
        return client


def below(url: str) -> str:
    """An address as clients of the console write it."""
    return url.removeprefix("/console/")


def token(client: httpx.Client, path: str = "sign-in") -> str:
    """The CSRF token of the forms on a page."""
    text = client.get(path).text
    return text.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]


def post(
    client: httpx.Client, path: str, *, form: str | None = None, **values: str
) -> httpx.Response:
    """Send a form as a browser does: after looking at the page that has it."""
    return client.post(path, data={"csrf_token": token(client, form or path), **values})


def sign_in(client: httpx.Client, name: str, password: str = PASSWORD) -> httpx.Response:
    """Send the form of the page to sign in."""
    return post(client, "sign-in", user_name=name, password=password)


@contextmanager
def serving(programme: Programme, **settings: object) -> Iterator[Console]:
    """The whole application on a real socket, for the time of the block."""
    url = str(programme.database.url.render_as_string(hide_password=False))
    given = Settings(**{"database": url, "log_level": "error", **settings})
    app = create_app(given, programme.clock)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler)
    # Half a second would pass until it notices its end, with less attention.
    thread = Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    console = Console(f"http://127.0.0.1:{server.port}/console/", programme)
    try:
        yield console
    finally:
        for client in console.clients:
            client.close()
        server.shutdown()
        thread.join()
        server.server_close()
