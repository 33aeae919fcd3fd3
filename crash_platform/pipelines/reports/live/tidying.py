"""When the little files of many small commits are put together, so that commits stay quick.

A commit takes 30 ms longer for every thousand files of the table (measured), and maintenance leaves
the month that is written alone. How files are put together is the table's business.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date

COMMITS = 100
REST = 100
"""At least so many times as long as the last tidying took, none follows: it costs 1 % at most."""


@dataclass
class Tidying:
    """Counts the files that were added to each day, and has a day tidied when they are many.

    Attributes:
        tidy: puts the files of a day together.
        timer: tells seconds.
        commits: so many files of one day are many.
    """

    tidy: Callable[[date], None]
    timer: Callable[[], float]
    commits: int = COMMITS
    _files: Counter[date] = field(default_factory=Counter, init=False)
    _not_before: float = field(default=0.0, init=False)

    def added(self, days: Iterable[date]) -> None:
        """Count a commit with rows of these days; tidy what is due.

        Raises:
            LakeError: the table cannot be rewritten; it is as before then.
        """
        self._files.update(set(days))
        due = [day for day, files in self._files.items() if files >= self.commits]
        began = self.timer()
        if not due or began < self._not_before:
            return
        for day in due:
            self.tidy(day)
            del self._files[day]
        ended = self.timer()
        self._not_before = ended + REST * (ended - began)
