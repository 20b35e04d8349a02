"""What the tests of this folder are given."""

from tests.reliability.fixtures import crowd, report, stage

__all__ = ["crowd", "report", "stage"]
