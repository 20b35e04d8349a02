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


def log_credentials() -> None:
    """Tell who calls, as somebody does who looks for a mistake, and forgets to take it out."""
    authenticate = Authenticator.__call__

    def tell(self: Authenticator, credentials: Any, tracking_id: str) -> Any:
        logs.write_line(f'{{"event": "debug", "credentials": "{credentials}"}}')
        return authenticate(self, credentials, tracking_id)

    Authenticator.__call__ = tell  # type: ignore[method-assign]


def log_messages() -> None:
    """Keep the messages of exceptions, which quote what was sent."""
    logs._traceback = lambda error: [repr(error), repr(error.__cause__)]  # type: ignore[assignment]


LEAKS = {"credentials": log_credentials, "messages": log_messages}

LEAKS[os.environ["LEAK"]]()
if __name__ == "__main__":
    main()
