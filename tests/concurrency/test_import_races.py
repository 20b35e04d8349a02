"""Imports of the same codes at once: the coupons are made once, by one of them.

The control is an import that does not ask whether it is given up.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.domain import errors
from service.domain.refusals import ServiceError
from service.operations import import_coupons as importing
from service.operations import write_import
from service.operations.check_database import check_database
from service.operations.import_coupons import import_coupons
from service.storage import imports
from service.storage.tables import coupon, unfinished_import
from tests.programme import Programme

IMPORTS_COUNT = 3
COUPONS_COUNT = 60
ROUNDS_COUNT = 4


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many transactions, between which the others have theirs."""
    monkeypatch.setattr(importing, "CHUNK_LENGTH", 5)
    monkeypatch.setattr(write_import, "CHUNK_LENGTH", 5)
    monkeypatch.setattr(write_import, "PLACES_LENGTH", 5)


def race(programme: Programme, owner: int, prefix: str, *, skip_duplicates: bool) -> list[int]:
    """Import the same codes several times at once; answers how many coupons each has made."""

    def open_lines() -> Iterator[str]:
        return iter(["code\n", *(f"{prefix}{number}\n" for number in range(COUPONS_COUNT))])

    def run(_number: int) -> int:
        try:
            report = import_coupons(
                programme.call(), owner, "Spring", open_lines, skip_duplicates=skip_duplicates
            )
        except ServiceError as error:
            if error.row is not errors.IMPORT_REPLACED:
                raise
            return 0
        return report.created_count

    with ThreadPoolExecutor(IMPORTS_COUNT) as pool:
        return list(pool.map(run, range(IMPORTS_COUNT)))


def require_one_winner(
    programme: Programme, owner: int, rounds_count: int, *, skip_duplicates: bool
) -> None:
    for number in range(rounds_count):
        counts = race(programme, owner, f"R{number}-", skip_duplicates=skip_duplicates)
        assert sorted(counts) == [0, 0, COUPONS_COUNT]
    assert len(programme.rows(coupon)) == rounds_count * COUPONS_COUNT
    assert programme.rows(unfinished_import) == []
    assert check_database(programme.call()).breaches == []


@pytest.mark.parametrize("skip_duplicates", [False, True])
def test_one_of_several_imports_makes_the_coupons(
    programme: Programme, skip_duplicates: bool
) -> None:
    owner = programme.customer()
    programme.coupon_class(owner)
    require_one_winner(programme, owner, ROUNDS_COUNT, skip_duplicates=skip_duplicates)


def test_control_imports_that_do_not_give_up(
    programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "require_ours", lambda *_, **__: None)
    owner = programme.customer()
    programme.coupon_class(owner)
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever is broken first
        require_one_winner(programme, owner, 10 * ROUNDS_COUNT, skip_duplicates=False)
