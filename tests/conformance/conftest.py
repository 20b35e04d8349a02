"""The service with canned operations, as the tests of the wire have it."""

from tests.wire.conftest import coupon, make_service, service

__all__ = ["coupon", "make_service", "service"]
