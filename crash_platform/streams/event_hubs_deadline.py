"""Calls that must end in time although what they call knows no deadline.

The Event Hubs client waits for ever for a server that takes a connection and then says nothing.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, call: Callable[[], T]) -> T:
    """What a call gives, or its exception.

    Raises:
        TimeoutError: it has not ended by then. It goes on in a thread that nobody waits for.
    """
    future = Future[T]()
    # A daemon, not a pool: the interpreter would wait for a pool's threads when it ends.
    threading.Thread(target=_run, args=(call, future), daemon=True).start()
    return future.result(max(0.0, seconds))


def _run(call: Callable[[], T], future: "Future[T]") -> None:
    try:
        future.set_result(call())
    except BaseException as error:  # not swallowed: it is raised to who waits
        future.set_exception(error)
