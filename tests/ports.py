"""Ports for servers that tests start."""

import secrets
import socket

_FIRST, _BEHIND = 20_000, 32_768
"""Below those that Linux gives to whoever asks for any: none is taken by a connection meanwhile."""
_claims: list[socket.socket] = []


def free_port() -> int:
    """A port that nobody listens on, and that no other process that runs tests is given.

    It may be listened on, left and listened on again for as long as this process lives.
    """
    while True:
        # Not of `random`: each process that runs tests is given the same seed.
        port = _FIRST + secrets.randbelow(_BEHIND - _FIRST)
        if _is_claimed_now(port):
            return port


def _is_claimed_now(port: int) -> bool:
    # The claim is the port of the same number of UDP, which ends with the process, however it does.
    claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        claim.bind(("127.0.0.1", port))
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        claim.close()
        return False
    _claims.append(claim)
    return True
