"""The service with canned operations, as the tests of the wire have it."""

from tests.wire.conftest import make_service, service

__all__ = ["make_service", "service"]
