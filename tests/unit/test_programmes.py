"""What one minting made."""

import pytest

from service.domain.programmes import Batch


@pytest.mark.parametrize(
    ("created_count", "status"), [(3, "completed"), (2, "coupon pattern full")]
)
def test_a_batch_tells_whether_codes_ran_out(created_count: int, status: str) -> None:
    assert Batch(1, 3, created_count, [], 10**9).status == status
