"""Outages: each told once when it begins and once when it is over, and how long to wait meanwhile.

What is an outage, and what waiting does not mend, is decided by the worker.
"""

from collections.abc import Callable
from dataclasses import dataclass

Say = Callable[[str], None]
FIRST_SECONDS, LONGEST_SECONDS = 0.5, 30.0
LAKE_ATTEMPTS = 8
"""How often in a row the lake may fail; until then about a minute is waited."""
ODD_ATTEMPTS = 3


@dataclass
class Trouble:
    """One thing that may be away.

    Attributes:
        say: prints a line.
        timer: tells seconds.
        over_again: what is said when it is well again.
        most: how often in a row it may fail; ``None``: without end.
        count: how often it has failed since it was last well.
    """

    say: Say
    timer: Callable[[], float]
    over_again: str
    most: int | None = None
    count: int = 0
    began: float = 0.0

    def met(self, error: Exception, told: str) -> float:
        """Note a failure; how many seconds to wait, twice as many each time, up to 30.

        Raises:
            Exception: the failure itself, if it was one too many.
        """
        self.count += 1
        if self.most is not None and self.count > self.most:
            raise error
        if self.count == 1:
            self.began = self.timer()
            self.say(told)
        return delay(self.count)

    def over(self) -> None:
        """Note that it is well; the first time after a failure this is said."""
        if self.count:
            self.say(f"{self.over_again} after {self.timer() - self.began:,.0f} s.")
        self.count = 0


class Outages:
    """All that may be away while reports are scored.

    Args:
        say: prints a line.
        timer: tells seconds.
        hub_attempts: how often in a row the hub may be out of reach; ``None``: without end.
    """

    def __init__(
        self, say: Say, timer: Callable[[], float], hub_attempts: int | None = None
    ) -> None:
        self.hub = Trouble(say, timer, "The hub answers again", hub_attempts)
        self.odd = Trouble(say, timer, "The hub is followed again", ODD_ATTEMPTS)
        self.lake = Trouble(say, timer, "The lake takes predictions again", LAKE_ATTEMPTS)
        self._say, self._has_said_overtaken, self._overtaken = say, False, 0

    def answered(self) -> None:
        """The hub has given reports, or said that there are none."""
        self.hub.over()
        self.odd.over()

    def committed(self) -> None:
        """The lake has taken predictions of ours."""
        self.lake.over()
        self._overtaken = 0

    def overtaken(self) -> float:
        """Somebody else has scored the same reports first; how many seconds to wait."""
        if not self._has_said_overtaken:
            self._say(
                "Another worker scores the same hub and was faster: going on where it is (said "
                "once; stop one of the two)."
            )
        self._has_said_overtaken = True
        self._overtaken += 1
        return delay(self._overtaken)


def delay(count: int) -> float:
    """Seconds to wait after so many failures in a row."""
    return float(min(FIRST_SECONDS * 2 ** min(count - 1, 10), LONGEST_SECONDS))
