"""The contract that ours has to equal."""

import pytest

from tests.contract.facts import Contract, read_official


@pytest.fixture(scope="package")
def official() -> Contract:
    """The facts of the WSDL in Microsoft's SDK; not to be changed."""
    return read_official()
