"""Coupons written, looked up and read by the thousand, on each kind of database alike."""

import numpy as np
import pytest
from sqlalchemy import Connection, select

from service.domain.codes import Codes, check_pattern, shuffled
from service.storage import bulk
from service.storage.bulk import NewCoupons
from service.storage.coupons import add_batch
from service.storage.tables import coupon, coupon_class, coupon_place
from service.storage.trouble import LostRaceError
from tests.programme import START, Programme

PATTERN = check_pattern("A-###", "0123456789")


@pytest.fixture
def common(programme: Programme) -> NewCoupons:
    """A class, its terms, and two batches: the second is this one."""
    class_id = programme.coupon_class(programme.customer())
    (row,) = programme.rows(coupon_class)
    with programme.database.writing() as connection:
        for _ in range(2):
            batch_id = add_batch(connection, class_id, 1_000, START, start_date=None)
    return NewCoupons(class_id, row["terms_id"], batch_id)


def codes_of(*numbers: int) -> Codes:
    return PATTERN.render(np.array(numbers, dtype=np.uint64))


def of_any_length(*codes: str) -> Codes:
    matrix = np.zeros((len(codes), 100), dtype=np.uint8)
    for row, code in zip(matrix, codes, strict=True):
        row[: len(code)] = np.frombuffer(code.encode(), dtype=np.uint8)
    return matrix


def seqs_of(*seqs: int) -> bulk.Integers:
    return np.array(seqs, dtype=np.int64)


def stored(connection: Connection) -> dict[str, int | None]:
    return {row.code: row.seq for row in connection.execute(select(coupon.c.code, coupon.c.seq))}


def test_coupons_are_inserted(programme: Programme, common: NewCoupons) -> None:
    with programme.database.writing() as connection:
        count = bulk.add_coupons_in_bulk(connection, common, codes_of(3, 7, 20), seqs_of(2, 0, 1))
        assert count == 3
        assert stored(connection) == {"A-003": 2, "A-007": 0, "A-020": 1}
        found = connection.execute(select(coupon.c.class_id, coupon.c.terms_id, coupon.c.batch_id))
        assert {tuple(row) for row in found} == {
            (common.class_id, common.terms_id, common.batch_id)
        }


def test_codes_that_exist_are_passed_over(programme: Programme, common: NewCoupons) -> None:
    with programme.database.writing() as connection:
        bulk.add_coupons_in_bulk(connection, common, codes_of(1, 2), seqs_of(0, 1))
        first = bulk.next_coupon_id(connection)
        again = bulk.add_coupons_in_bulk(
            connection, common, codes_of(0, 1, 2, 3), seqs_of(5, 6, 7, 8)
        )
        assert again == 2
        assert stored(connection) == {"A-000": 5, "A-001": 0, "A-002": 1, "A-003": 8}
        # So it is known which of the places were used.
        ids, seqs = bulk.read_places(connection, common.batch_id, first)
        assert sorted(seqs.tolist()) == [5, 8]
        assert min(ids) >= first


def test_codes_may_be_of_any_length(programme: Programme, common: NewCoupons) -> None:
    codes = of_any_length("A'\"\\B", "SHORT", "X" * 100)
    with programme.database.writing() as connection:
        assert bulk.find_unused(connection, codes).tolist() == [0, 1, 2]
        assert bulk.add_coupons_in_bulk(connection, common, codes, seqs_of(0, 1, 2)) == 3
        assert stored(connection) == {"A'\"\\B": 0, "SHORT": 1, "X" * 100: 2}
        more = of_any_length("SHORT", "SHORTER")
        assert bulk.find_unused(connection, more).tolist() == [1]
        assert bulk.add_coupons_in_bulk(connection, common, more, seqs_of(3, 4)) == 1


@pytest.mark.parametrize("character", ['"', "\\", "'", "%", "\t"])
def test_no_character_of_a_code_is_special(
    programme: Programme, common: NewCoupons, character: str
) -> None:
    codes = np.ascontiguousarray(of_any_length(f"A{character}1", f"{character}B1")[:, :3])
    with programme.database.writing() as connection:
        assert bulk.add_coupons_in_bulk(connection, common, codes, seqs_of(0, 1)) == 2
        assert stored(connection) == {f"A{character}1": 0, f"{character}B1": 1}
        assert bulk.find_unused(connection, codes).tolist() == []


def test_nothing_is_nothing(programme: Programme, common: NewCoupons) -> None:
    with programme.database.writing() as connection:
        assert bulk.add_coupons_in_bulk(connection, common, codes_of(), seqs_of()) == 0
        assert bulk.find_unused(connection, codes_of()).tolist() == []
        bulk.add_places_in_bulk(connection, common.batch_id, 0, seqs_of())
        bulk.move(connection, seqs_of(), seqs_of())
        ids, seqs = bulk.read_places(connection, common.batch_id, 1)
        assert (ids.tolist(), seqs.tolist()) == ([], [])
        assert stored(connection) == {}


def test_places_are_read_and_written(
    programme: Programme, common: NewCoupons, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "RANGE_LENGTH", 7)
    other = NewCoupons(common.class_id, common.terms_id, common.batch_id - 1)
    seqs = shuffled(50)
    with programme.database.writing() as connection:
        bulk.add_coupons_in_bulk(connection, common, codes_of(*range(30)), seqs[:30])
        bulk.add_coupons_in_bulk(connection, other, codes_of(990, 991), seqs_of(0, 1))
        bulk.add_coupons_in_bulk(connection, common, codes_of(*range(30, 50)), seqs[30:])
        ids, found = bulk.read_places(connection, common.batch_id, 1)
        assert sorted(found.tolist()) == list(range(50))
        in_order = ids[np.argsort(found)]
        bulk.add_places_in_bulk(connection, common.batch_id, 0, in_order[:20])
        bulk.add_places_in_bulk(connection, common.batch_id, 20, in_order[20:])
        rows = connection.execute(
            select(coupon_place.c.seq, coupon.c.seq)
            .join(coupon, coupon.c.coupon_id == coupon_place.c.coupon_id)
            .where(coupon.c.batch_id == coupon_place.c.batch_id)
            .order_by(coupon_place.c.seq)
        )
        assert [tuple(row) for row in rows] == [(seq, seq) for seq in range(50)]
        late = bulk.read_places(connection, common.batch_id, int(max(ids)))
        assert late[0].tolist() == [max(ids)]


def test_coupons_are_moved(programme: Programme, common: NewCoupons) -> None:
    with programme.database.writing() as connection:
        bulk.add_coupons_in_bulk(connection, common, codes_of(0, 1, 2), seqs_of(0, 5, 7))
        ids, seqs = bulk.read_places(connection, common.batch_id, 1)
        beyond = ids[seqs > 2]
        bulk.move(connection, beyond, seqs_of(2, 1))
        moved = dict(zip(*(it.tolist() for it in bulk.read_places(connection, 2, 1)), strict=True))
        assert [moved[it] for it in beyond.tolist()] == [2, 1]
        assert sorted(moved.values()) == [0, 1, 2]


def test_which_codes_are_unused(programme: Programme, common: NewCoupons) -> None:
    with programme.database.writing() as connection:
        bulk.add_coupons_in_bulk(connection, common, codes_of(5, 6), seqs_of(0, 1))
        assert bulk.find_unused(connection, codes_of(7, 6, 5, 4)).tolist() == [0, 3]


def test_trouble_in_bulk_is_told_like_any_other(programme: Programme, common: NewCoupons) -> None:
    if programme.database.engine.dialect.name == "sqlite":
        pytest.skip("its statements are SQLAlchemy's own")
    with pytest.raises(LostRaceError):
        place_twice(programme, common.batch_id)


def place_twice(programme: Programme, batch_id: int) -> None:
    with programme.database.writing() as connection:
        for _ in range(2):
            bulk.add_places_in_bulk(connection, batch_id, 0, seqs_of(1))
