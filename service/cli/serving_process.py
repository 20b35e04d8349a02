"""A worker process of ``serve``; a module of its own, for commands need none of the application."""

import ctypes
import gc
import os
import signal
from threading import Thread
from time import sleep

from granian.server import mp
from sqlalchemy import make_url

from service.app import create_app
from service.cli.fair_share import LOOK_S, FairShare
from service.cli.reception import Reception, answered_from_any_thread
from service.cli.supervision import when_parent_ends
from service.health import Application
from service.settings import Settings
from service.storage.sqlite_pages import reserve_pages

ORPHAN_STOP_TIMEOUT_S = 1
"""How long a worker may finish its calls when its main process has died: the address is
wanted by the next one."""


GARBAGE_THRESHOLDS = 10_000, 20, 50
"""After how many new objects Python looks for circles among them, and how rarely among old ones:
a request leaves none, and each look stops all threads."""


_M_ARENA_MAX = -8
"""By which number glibc's ``mallopt`` knows how many heaps a process has at most."""
HEAPS_COUNT = 2


def create_app_for_parent(share: FairShare) -> Application:
    """The application of a process that ends when the one that started it does.

    Args:
        share: Its share of the connections.
    """
    when_parent_ends(_end_orphan)
    _share_heaps()
    settings = Settings()
    # A process that has its data on PostgreSQL has no such pages.
    if make_url(settings.database).get_backend_name() == "sqlite":
        reserve_pages()
    application = Reception(
        create_app(settings),
        calls_at_once=settings.threads,
        body_bytes_max=settings.body_bytes_max,
        body_timeout_s=settings.body_timeout_s,
        share=share,
    )
    # There is no documented way: with a granian that calls applications otherwise this fails.
    wrap = mp._wsgi_call_wrap  # type: ignore[attr-defined]  # noqa: SLF001
    mp._wsgi_call_wrap = answered_from_any_thread(wrap)  # type: ignore[attr-defined]  # noqa: SLF001
    Thread(target=application.give_up_late_bodies, name="bodies", daemon=True).start()
    Thread(target=_compare, args=(share,), name="share", daemon=True).start()
    _leave_alone_what_stays()
    return application


def _share_heaps() -> None:
    """Let threads have their memory from few heaps: each keeps for itself what was freed in it.

    glibc gives a thread a heap of its own, up to eight for each core, so that threads do not wait
    for each other; those of Python do anyway.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    # Other C libraries have no such heaps.
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, HEAPS_COUNT)


def _leave_alone_what_stays() -> None:
    """Keep what was made until now out of all looks for garbage: it stays as long as the process.

    To walk through it stops all threads for some 50 ms.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)


def _compare(share: FairShare) -> None:
    """Compare the process with those beside it, as long as it lives."""
    while True:
        sleep(LOOK_S)
        share.look()


def _end_orphan() -> None:
    """Finish the calls at hand, if they are short; the database undoes the others."""
    os.kill(os.getpid(), signal.SIGTERM)
    sleep(ORPHAN_STOP_TIMEOUT_S)
    os.kill(os.getpid(), signal.SIGKILL)
