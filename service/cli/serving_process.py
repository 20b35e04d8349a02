"""A worker process of ``serve``; a module of its own, for commands need none of the application."""

import os
import signal
from time import sleep

from service.app import Application, create_app
from service.cli.supervision import when_parent_ends

ORPHAN_STOP_TIMEOUT_S = 1
"""How long a worker may finish its calls when its main process has died: the address is
wanted by the next one."""


def create_app_for_parent() -> Application:
    """The application of a process that ends when the one that started it does."""
    when_parent_ends(_end_orphan)
    return create_app()


def _end_orphan() -> None:
    """Finish the calls at hand, if they are short; the database undoes the others."""
    os.kill(os.getpid(), signal.SIGTERM)
    sleep(ORPHAN_STOP_TIMEOUT_S)
    os.kill(os.getpid(), signal.SIGKILL)
