"""An import that kills itself when it has come to a step: run with a URL, a file, and the step."""

import os
import signal
import sys
from pathlib import Path
from uuid import uuid4

from service.domain.roles import COMMAND_LINE
from service.operations import import_coupons as importing
from service.operations import write_import
from service.operations.calls import Call, utc_now
from service.storage.engine import Database

CHUNK_LENGTH = 100


def main(url: str, file: str, customer_id: str, step: str, done_count: str) -> None:
    """Import a file into the class Spring, up to the step."""
    importing.CHUNK_LENGTH = CHUNK_LENGTH
    write_import.CHUNK_LENGTH = CHUNK_LENGTH
    write_import.PLACES_LENGTH = CHUNK_LENGTH

    def watch(found: str, done: int, _all: int) -> None:
        if found == step and done >= int(done_count):
            os.kill(os.getpid(), signal.SIGKILL)

    call = Call(Database(url), COMMAND_LINE, utc_now(), str(uuid4()))
    importing.import_coupons(
        call,
        int(customer_id),
        "Spring",
        lambda: iter(Path(file).read_text(encoding="utf-8").splitlines(keepends=True)),
        watch=watch,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
