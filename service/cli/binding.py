"""Where to listen: addresses as people write them, and whether they are free."""

import socket

import typer

from service.cli.calls import CommandRefusedError


def split_bind(bind: str) -> tuple[str, int]:
    """The host, without brackets, and the port.

    Raises:
        typer.BadParameter: The text is not ``HOST:PORT``.
    """
    host, _, port = bind.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) <= 65535:  # noqa: PLR2004
        raise typer.BadParameter(f"{bind!r} is not an address such as 127.0.0.1:8080")
    return host.removeprefix("[").removesuffix("]"), int(port)


def require_free(host: str, port: int) -> None:
    """Refuse an address in use: granian would share it, and half the calls would go elsewhere.

    Raises:
        CommandRefusedError: ``AddressUnusable``.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        text = f"{host} port {port}: {error.strerror or error}"
        raise CommandRefusedError("AddressUnusable", "Cannot listen there.", text) from None
