"""The command with a worker that is wrong on purpose: it notes an outcome whoever has the message.

What does not notice that, proves nothing about the right worker.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from sqlalchemy import bindparam, update

from service.cli.main import main
from service.storage import outbox

_OUTBOX = outbox.outbox
outbox._SETTLE = update(_OUTBOX).where(_OUTBOX.c.message_id == bindparam("settled_message_id"))

if __name__ == "__main__":
    main()
