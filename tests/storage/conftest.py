"""What the proofs of this folder are given."""

from tests.reliability.fixtures import report

__all__ = ["report"]
