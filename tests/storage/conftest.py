"""What the tests of this folder are given."""

from tests.reliability.fixtures import report
from tests.storage.entries import open_with

__all__ = ["open_with", "report"]
