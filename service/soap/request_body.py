"""The body of an HTTP request: of what type, in which character set, how many bytes."""

import re
import sys
from typing import Any

from service.soap import refusals
from service.soap.faults import refusal

__all__ = ["RequestBody"]

Environ = dict[str, Any]

_TEXT_XML = re.compile(r"\s*text/xml\s*(?:;|$)", re.IGNORECASE)
_CHARSET = re.compile(r';\s*charset\s*=\s*"?([^\s";]*)', re.IGNORECASE)
_LENGTH = re.compile("[0-9]{1,15}")

_BLOCK_BYTES = 65536
_DISCARDED_BYTES_MAX = 16 * 1024 * 1024


class RequestBody:
    """The body of a POST.

    Args:
        environ: The WSGI environment.
    """

    def __init__(self, environ: Environ) -> None:
        self._environ = environ
        self.bytes_count = 0
        """How many bytes of it were read."""
        self._to_come = _bytes_to_come(environ)

    def read(self, bytes_max: int) -> bytes:
        """Read it all, if it is what it should be.

        Args:
            bytes_max: The most bytes that it may have.

        Raises:
            WireFault: A refusal of the group HTTP.
        """
        environ = self._environ
        if not _TEXT_XML.match(environ.get("CONTENT_TYPE", "")):
            raise refusal(refusals.CONTENT_TYPE_UNSUPPORTED)
        if environ.get("HTTP_CONTENT_ENCODING", "").strip().lower() not in {"", "identity"}:
            raise refusal(refusals.CONTENT_ENCODING_UNSUPPORTED)
        length = environ.get("CONTENT_LENGTH", "")
        if length and not _LENGTH.fullmatch(length):
            raise refusal(refusals.CONTENT_LENGTH_INVALID)
        # A body of unknown length is read one byte past the limit, to see whether it is longer.
        if (length and int(length) > bytes_max) or (
            len(content := self._take(bytes_max + 1)) > bytes_max
        ):
            raise refusal(refusals.BODY_TOO_LARGE, f"At most {bytes_max} bytes.")
        if not content:
            raise refusal(refusals.BODY_EMPTY)
        return content

    @property
    def charset(self) -> str | None:
        """The character set that Content-Type names, if it names one."""
        match = _CHARSET.search(self._environ.get("CONTENT_TYPE", ""))
        return match and match.group(1)

    def discard(self) -> None:
        """Read what a refusal left, so that it is not taken for the connection's next request.

        Whoever sends more than 16 MiB after a refusal is not waited for: the server closes
        the connection.
        """
        self._to_come = min(self._to_come, _DISCARDED_BYTES_MAX)
        while self._take(_BLOCK_BYTES):
            pass

    def _take(self, bytes_max: int) -> bytes:
        """Read as many bytes, or as many as there are."""
        blocks = []
        wanted = min(bytes_max, self._to_come)
        while wanted > 0 and (block := self._environ["wsgi.input"].read(wanted)):
            blocks.append(block)
            wanted -= len(block)
            self._to_come -= len(block)
            self.bytes_count += len(block)
        return b"".join(blocks)


def _bytes_to_come(environ: Environ) -> int:
    """Tell how many bytes can be read without waiting for some that never come."""
    length = environ.get("CONTENT_LENGTH", "")
    if length:
        return int(length) if _LENGTH.fullmatch(length) else 0
    chunked = "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()
    return sys.maxsize if chunked or environ.get("wsgi.input_terminated") else 0
