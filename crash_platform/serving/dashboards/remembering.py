"""Answers of a moment ago, remembered for whoever asks the same. Nothing of what they are."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final, TypeVar

import pyarrow as pa

MOST_BYTES: Final = 64 * 1024 * 1024
MOST_ANSWERS: Final = 2_000
SECONDS: Final = 300.0
"""How long an answer holds, even if its tables stay as they are: SQL may ask what day it is."""

T = TypeVar("T")


@dataclass
class Memory:
    """A bounded memory; what was not asked for longest leaves first. Safe for several threads.

    Attributes:
        timer: seconds that only grow.
        most_bytes: of all Arrow tables in it.
        most_answers: in it.
        seconds: how long one holds.
    """

    timer: Callable[[], float]
    most_bytes: int = MOST_BYTES
    most_answers: int = MOST_ANSWERS
    seconds: float = SECONDS
    _answers: OrderedDict[Hashable, tuple[float, Any]] = field(
        default_factory=OrderedDict, init=False, repr=False
    )
    _bytes: int = field(default=0, init=False, repr=False)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The answer of that key; made, outside of the lock, if it is not there.

        Two threads that ask at once may both make it: the later one stays.
        """
        with self._lock:
            found = self._answers.get(key)
            if found is not None and self.timer() - found[0] < self.seconds:
                self._answers.move_to_end(key)
                answer: T = found[1]
                return answer
        made = make()
        with self._lock:
            self._put(key, made)
        return made

    def _put(self, key: Hashable, answer: object) -> None:
        if key in self._answers:
            self._bytes -= _size(self._answers.pop(key)[1])
        self._answers[key] = (self.timer(), answer)
        self._bytes += _size(answer)
        while self._bytes > self.most_bytes or len(self._answers) > self.most_answers:
            _, (_, oldest) = self._answers.popitem(last=False)
            self._bytes -= _size(oldest)


def _size(answer: object) -> int:
    return int(answer.nbytes) if isinstance(answer, pa.Table) else 0
