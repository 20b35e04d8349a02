"""The command ``coupon-billing`` with a fault on purpose: ``broken_service.py FAULT ...``.

A proof that does not notice the fault proves nothing about the right service. The
fault is put in when this file is loaded, so that it is in each process of the
service, whether that was forked or started anew.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from service.cli.main import main
from service.soap import customer_billing
from tests.reliability import two_steps


def break_into_two_steps() -> None:
    customer_billing.redeem_coupon = two_steps.redeem_in_two_steps
    customer_billing.claim_coupons = two_steps.claim_in_two_steps
    customer_billing.dispatch_coupons = two_steps.dispatch_in_two_steps


FAULTS = {"two-steps": break_into_two_steps}

FAULTS[sys.argv[1]]()
if __name__ == "__main__":
    sys.argv = sys.argv[:1] + sys.argv[2:]
    main()
