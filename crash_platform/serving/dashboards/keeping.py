"""Answers from outside the lake that take a while: asked in a thread, kept for some seconds.

What is asked, and of whom, is said elsewhere.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """The answer to a call, shared by all who want it within some seconds.

    An answer that never comes is waited for by one thread, however often it is wanted.

    Args:
        call: what is asked; its error is kept like an answer.
        seconds: after which it is asked anew, from the last asking on.
        timer: tells seconds.
    """

    def __init__(
        self, call: Callable[[], T], seconds: float, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._call, self._seconds, self._timer = call, seconds, timer
        self._lock = threading.Lock()
        self._answer: Future[T] | None = None
        self._asked_at = 0.0

    def answer(self) -> "Future[T]":
        """The answer, which may still have to come."""
        with self._lock:
            if self._answer is None or (self._answer.done() and self._is_old()):
                self._asked_at, self._answer = self._timer(), Future()
                # A daemon, not a pool: the interpreter would wait for a pool's threads at its end.
                threading.Thread(target=self._ask, args=(self._answer,), daemon=True).start()
            return self._answer

    def _is_old(self) -> bool:
        return self._timer() - self._asked_at >= self._seconds

    def _ask(self, answer: "Future[T]") -> None:
        try:
            answer.set_result(self._call())
        except BaseException as error:  # not swallowed: it is raised to who wants the answer
            answer.set_exception(error)
