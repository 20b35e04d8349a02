"""The command ``coupon-billing`` with the leak that the variable ``LEAK`` names.

Processes that are started anew load this file again, and not the words of the command.
"""

import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from service import logs
from service.cli.main import main
from service.operations.authentication import Authenticator
from service.soap import customer_billing


def log_credentials() -> None:
    """Tell who calls, as somebody does who looks for a mistake, and forgets to take it out."""
    authenticate = Authenticator.__call__

    def tell(self: Authenticator, credentials: Any, tracking_id: str) -> Any:
        logs.write_line(f'{{"event": "debug", "credentials": "{credentials}"}}')
        return authenticate(self, credentials, tracking_id)

    Authenticator.__call__ = tell  # type: ignore[method-assign]


def log_codes() -> None:
    """Tell what is redeemed."""
    redeem = customer_billing.redeem_coupon

    def tell(call: Any, account_id: int, code: str) -> Any:
        logs.write_line(f'{{"event": "debug", "code": "{code}"}}')
        return redeem(call, account_id, code)

    customer_billing.redeem_coupon = tell


LEAKS = {"credentials": log_credentials, "codes": log_codes}

LEAKS[os.environ["LEAK"]]()
if __name__ == "__main__":
    main()
