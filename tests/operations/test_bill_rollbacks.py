"""A bill is taken back once, with all that it did, or not at all."""

from decimal import Decimal

from service.operations.check_database import check_database
from service.storage.discount_tables import coupon_instance
from service.storage.tables import audit, redemption, spend
from tests.operations.bills import TEN_OFF, applied, attached, claim, redeemed, rolled_back, uses
from tests.operations.faults import require_all_or_nothing
from tests.programme import START, Clock, Programme


def test_rolling_back_restores_everything_once(
    programme: Programme, owner: int, account: int, order: str, clock: Clock
) -> None:
    redeemed(programme, owner, account, amount=Decimal(50), spend_threshold=Decimal(20))
    claim(programme, owner, order, uses_max=3, discounts=TEN_OFF)
    attached(programme, owner, account, max_remaining_uses=None, remaining_uses=None)
    kept = (coupon_instance, redemption)
    before = [programme.rows(table) for table in kept]
    applied(programme, order)
    assert uses(programme) == [(2, 1, 10), (None, 1, 50)]
    (drawn,) = programme.rows(redemption)
    assert (drawn["balance"], drawn["is_active"]) == (30, True)
    clock.move(days=1)
    assert rolled_back(programme, order).rolled_back_at == clock()
    assert [programme.rows(table) for table in kept] == before
    assert [row["reversed_at"] for row in programme.rows(spend)] == [clock()]
    assert check_database(programme.call()).is_clean
    once = programme.all_rows()
    clock.move(days=1)
    rolled_back(programme, order)
    assert programme.all_rows() == once


def test_what_an_operator_has_given_meanwhile_is_no_more_than_all(
    programme: Programme, owner: int, order: str
) -> None:
    claim(programme, owner, order, uses_max=3, discounts=TEN_OFF)
    applied(programme, order)
    is_any = coupon_instance.c.instance_id > 0
    programme.change(coupon_instance, is_any, remaining_uses=3)
    rolled_back(programme, order)
    assert uses(programme) == [(3, 0, 0)]


def test_the_history_tells_of_bills_and_uses(programme: Programme, owner: int, order: str) -> None:
    claim(programme, owner, order, discounts=TEN_OFF)
    begun = len(programme.rows(audit))
    applied(programme, order)
    rolled_back(programme, order)
    told = [
        (row["action"], row["entity"], row["after"])
        for row in programme.rows(audit)[begun:]
        if row["entity"] != "spend"
    ]
    figures = {"subscription": order, "cost": "100.00", "discount": "10.00", "drawn": "0"}
    of_use = {"bill": "january", "amount": "10.00"}
    back = {"reference": "january", "rolled_back_at": START.isoformat()}
    assert told == [
        ("apply", "bill", {"reference": "january", **figures}),
        ("use", "instance", of_use),
        ("roll back", "bill", back),
        ("give back", "instance", {**of_use, "amount": "10"}),
    ]


def test_a_bill_is_written_as_a_whole_or_not_at_all(
    programme: Programme, owner: int, account: int, order: str
) -> None:
    redeemed(programme, owner, account)
    claim(programme, owner, order, discounts=TEN_OFF)
    require_all_or_nothing(programme, lambda: applied(programme, order))
    require_all_or_nothing(programme, lambda: rolled_back(programme, order))
