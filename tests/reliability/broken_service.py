"""The command ``coupon-billing`` with a fault on purpose: ``broken_service.py FAULT ...``.

A proof that does not notice the fault proves nothing about the right service. The
fault is put in when this file is loaded, so that it is in each process of the
service, whether that was forked or started anew.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from service.cli import serving_process
from service.cli.main import main
from service.operations import subscription_coupons
from service.soap import customer_billing, declaration
from service.storage import engine, trouble
from tests.reliability import holding, keys, two_steps
from tests.reliability.early_answers import EarlyAnswers


def break_into_two_steps() -> None:
    customer_billing.redeem_coupon = two_steps.redeem_in_two_steps
    customer_billing.claim_coupons = two_steps.claim_in_two_steps
    customer_billing.dispatch_coupons = two_steps.dispatch_in_two_steps
    subscription_coupons.apply_coupon = two_steps.apply_in_two_steps


def break_into_two_transactions() -> None:
    customer_billing.redeem_coupon = two_steps.redeem_in_two_transactions


def answer_before_the_commit() -> None:
    engine.SharedTransactions = EarlyAnswers


def lock_in_the_order_asked() -> None:
    """Coupons one by one, and on SQLite the right to write with the first change only."""
    customer_billing.claim_coupons = two_steps.claim_in_the_order_asked
    engine.begin_writing = lambda connection, _: connection.exec_driver_sql("BEGIN")


def tell_no_trouble() -> None:
    trouble._row_of = lambda _: None


def ignore_keys() -> None:
    declaration.idempotency_key = lambda _: None


def look_for_keys_in_two_steps() -> None:
    declaration.once = keys.once_in_two_steps


def take_keys_apart() -> None:
    declaration.once = keys.once_with_key_apart


def hold_with_keys_apart() -> None:
    holding.hold_redemptions()
    take_keys_apart()


def wait_for_every_body() -> None:
    serving_process.Reception.give_up_late_bodies = lambda _: None


FAULTS = {
    "two-steps": break_into_two_steps,
    "two-transactions": break_into_two_transactions,
    "early-answers": answer_before_the_commit,
    "asked-order": lock_in_the_order_asked,
    "trouble-untold": tell_no_trouble,
    "keys-ignored": ignore_keys,
    "keys-in-two-steps": look_for_keys_in_two_steps,
    "keys-apart": take_keys_apart,
    "held": holding.hold_redemptions,
    "held-with-keys-apart": hold_with_keys_apart,
    "bodies-waited-for": wait_for_every_body,
}

FAULTS[sys.argv[1]]()
if __name__ == "__main__":
    sys.argv = sys.argv[:1] + sys.argv[2:]
    main()
