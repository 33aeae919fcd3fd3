"""Which days have to be pulled again because the portal changed them.

What is known between two looks, how to look, what to decide. No Dagster and no portal: both are
handed in.
"""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from crash_platform.errors import PlatformError
from crash_platform.lake.contract import Window
from crash_platform.settings import FIRST_DAY
from crash_platform.sources.socrata import Changes

OVERLAP = timedelta(hours=1)
"""So much later than a newer change may an older one become visible."""
NEXT = timedelta(milliseconds=1)
"""The portal's clock counts milliseconds."""
DAYS_PER_LOOK = 60
ASK_AGAIN_AFTER = timedelta(hours=6)
MOST_CHANGED_RECORDS = 50_000

Ask = Callable[[datetime], Changes]
"""What changed at the portal at a moment or later."""


class TooManyChangesError(PlatformError):
    """More records changed than is believable for a day's work: a person has to decide."""


class MovingPortalError(PlatformError):
    """The portal published while it was looked at: what was seen does not fit together."""


class CursorError(PlatformError):
    """A cursor cannot be read."""


@dataclass(frozen=True)
class State:
    """What is known between two looks.

    Attributes:
        newest: the moment of the newest change seen.
        recent: changed records by day, in the ``OVERLAP`` before ``newest``.
        waiting: days that changed and were not pulled since; when a run was asked for, if so.
    """

    newest: datetime
    recent: Mapping[date, int] = field(default_factory=dict)
    waiting: Mapping[date, datetime | None] = field(default_factory=dict)

    @property
    def asked(self) -> dict[date, datetime]:
        """The waiting days that a run was asked for, and when."""
        return {day: moment for day, moment in self.waiting.items() if moment is not None}

    def text(self) -> str:
        """The state as a cursor."""
        waiting = {
            day.isoformat(): moment.isoformat() if moment else None
            for day, moment in sorted(self.waiting.items())
        }
        recent = {day.isoformat(): count for day, count in sorted(self.recent.items())}
        return json.dumps({"newest": self.newest.isoformat(), "recent": recent, "waiting": waiting})

    @classmethod
    def read(cls, text: str) -> "State":
        """The state that a cursor holds.

        Raises:
            CursorError: it holds none.
        """
        try:
            said = json.loads(text)
            recent = {date.fromisoformat(day): int(n) for day, n in said["recent"].items()}
            waiting = {
                date.fromisoformat(day): datetime.fromisoformat(moment) if moment else None
                for day, moment in said["waiting"].items()
            }
            return cls(datetime.fromisoformat(said["newest"]), recent, waiting)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CursorError(
                "The cursor of the sensor changed_crashes cannot be read: reset it in Dagster, and "
                "the sensor looks again from the newest word of the portal in bronze."
            ) from error


@dataclass(frozen=True)
class Look:
    """What a look found: days with changes not seen before, and what to know at the next look."""

    days: frozenset[date]
    newest: datetime
    recent: Mapping[date, int]


def look(ask: Ask, state: State) -> Look:
    """The days with changes that were not there at the last look; each change is found once.

    A change that is newer than all seen before is news. One that is not, but was not visible then,
    shows in the count of its day (unless its record was counted there already: a second change
    within the ``OVERLAP`` that becomes visible late stays unseen until the next).

    Raises:
        TooManyChangesError: more than ``MOST_CHANGED_RECORDS`` changed, as when a publisher
            replaces everything.
        MovingPortalError: the portal published meanwhile.
    """
    seen = ask(state.newest - OVERLAP)
    if seen.is_truncated or seen.total > MOST_CHANGED_RECORDS:
        raise TooManyChangesError(
            f"{seen.total:,} records changed at the portal, more than {MOST_CHANGED_RECORDS:,}: "
            "backfill the days by hand if that is right, then reset the cursor of the sensor "
            "changed_crashes."
        )
    if seen.newest is None or seen.newest <= state.newest:
        return Look(_more(seen.counts, state.recent), state.newest, seen.counts)
    news, recent = ask(state.newest + NEXT), ask(seen.newest - OVERLAP)
    if not seen.newest == news.newest == recent.newest:
        raise MovingPortalError(
            f"The portal published something newer than {seen.newest} while it was looked at: "
            "nothing was decided, the next look sees all of it."
        )
    older = {day: count - news.counts.get(day, 0) for day, count in seen.counts.items()}
    return Look(_more(older, state.recent) | set(news.counts), seen.newest, recent.counts)


def _more(counts: Mapping[date, int], before: Mapping[date, int]) -> frozenset[date]:
    return frozenset(day for day, count in counts.items() if count > before.get(day, 0))


@dataclass(frozen=True)
class Plan:
    """What is decided: the days to pull now, and what to know at the next look."""

    days: tuple[date, ...]
    state: State


def plan(state: State, found: Look, landed: Collection[date], now: datetime) -> Plan:
    """Which days to pull for what was found, at most ``DAYS_PER_LOOK``, oldest first.

    Args:
        state: what was known before the look.
        found: what the look found; days outside the calendar are nobody's to pull.
        landed: waiting days that were pulled after they were asked for.
        now: a day that was asked for ``ASK_AGAIN_AFTER`` ago in vain is asked for again.
    """
    calendar = Window(FIRST_DAY, now.date())
    waiting = {day: asked for day, asked in state.waiting.items() if day not in landed}
    waiting |= dict.fromkeys((day for day in found.days if day in calendar), None)
    due = sorted(day for day, asked in waiting.items() if _is_due(asked, now))[:DAYS_PER_LOOK]
    after = State(found.newest, found.recent, {**waiting, **dict.fromkeys(due, now)})
    return Plan(tuple(due), after)


def _is_due(asked: datetime | None, now: datetime) -> bool:
    return asked is None or now - asked >= ASK_AGAIN_AFTER
