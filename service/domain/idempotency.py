"""Requests that carry a key, so that their repeats are answered and not carried out again."""

from dataclasses import dataclass

KEY_LENGTH_MAX = 255
"""Characters of a key."""


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A request under the key that its caller chose; each user has keys of its own.

    Attributes:
        key: From 1 to ``KEY_LENGTH_MAX`` characters, compared exactly.
        operation: What is asked for, by its name on the wire.
        body_digest: SHA-256 of the whole request, credentials left out.
    """

    key: str
    operation: str
    body_digest: bytes
