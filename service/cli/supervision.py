"""Processes of the service: one beside it that is kept running, its signals, log and end."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from multiprocessing.context import SpawnProcess
from threading import Event, Thread
from time import sleep
from types import FrameType
from typing import Any

import structlog

from service.cli.output import tell
from service.logs import configure_log

CHECK_INTERVAL_S = 0.2
RESTART_DELAY_S = 1
"""How long a process that ended stays down: one that cannot start must not fill the machine."""
STOP_TIMEOUT_S = 10
"""How long the process may take to end, beyond the work at hand, before it is killed."""
PARENT_CHECK_INTERVAL_S = 0.2


@contextmanager
def kept_running(
    name: str, target: Callable[..., None], *arguments: Any, work_s: float
) -> Iterator[None]:
    """Run a function in a process of its own for the time of the block.

    A process that ends is started again; at the end of the block it is sent SIGTERM,
    and finishes the work at hand.

    Args:
        name: What the process is called when its end is told.
        target: The function; the process imports it.
        arguments: What it is given.
        work_s: How long its work at hand lasts at most.
    """
    process = _start(target, arguments)
    stop = Event()
    # The service's own processes are forked beside this thread, which is at rest then:
    # a fork while it starts a process could inherit a lock that nobody opens.
    thread = Thread(target=_keep_running, args=(stop, process, name, work_s, target, arguments))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _keep_running(
    stop: Event,
    process: SpawnProcess,
    name: str,
    work_s: float,
    target: Callable[..., None],
    arguments: tuple[Any, ...],
) -> None:
    while not stop.wait(CHECK_INTERVAL_S):
        if not process.is_alive():
            tell(f"The {name} ended with {process.exitcode}. It is started again.")
            if not stop.wait(RESTART_DELAY_S):
                process = _start(target, arguments)
    process.terminate()
    process.join(work_s + STOP_TIMEOUT_S)
    if process.is_alive():
        process.kill()
        process.join()


def _start(target: Callable[..., None], arguments: tuple[Any, ...]) -> SpawnProcess:
    process = get_context("spawn").Process(target=target, args=arguments, daemon=True)
    process.start()
    return process


def when_parent_ends(action: Callable[[], object]) -> None:
    """Do something when the process that started this one is gone, however it ended.

    Without a parent of that kind, nothing is ever done.
    """
    Thread(target=_await_end_of_parent, args=(action,), daemon=True).start()


def _await_end_of_parent(action: Callable[[], object]) -> None:
    # The pipe by which multiprocessing knows is inherited by the service's other
    # processes, and may stay open when the parent is killed.
    parent = parent_process()
    if parent is not None:
        while os.getppid() == parent.pid:
            sleep(PARENT_CHECK_INTERVAL_S)
        action()


@contextmanager
def stopped_by_signals() -> Iterator[Event]:
    """Set when the process is asked to end; the message at hand is finished first."""
    stop = Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def logged_as_json() -> Iterator[None]:
    """Each line of the log is a JSON object on standard error."""
    configure_log("info")
    try:
        yield
    finally:
        structlog.reset_defaults()
