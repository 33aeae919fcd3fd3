"""Over random schedules of publishing, landing, dying and outages nothing is lost or doubled."""

import contextlib
import tempfile

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crash_platform.lake.location import Location
from crash_platform.lake.store import Store
from crash_platform.streams.log import LogUnreachableError
from crash_platform.streams.memory import MemoryLog
from crash_platform.streams.tables import DEAD_LETTERS
from crash_platform_tests.streams.notes import TABLE, dead, landed, lander, note, publish
from crash_platform_tests.streams.test_landing import DeadProcessError, DyingStore

STEPS = st.lists(
    st.sampled_from(
        [
            "publish",
            "publish twice",
            "poison",
            "land",
            "land little",
            "land an old plan",
            "die before events",
            "die after events",
            "die after dead letters",
            "outage",
        ]
    ),
    max_size=14,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_bronze_and_dead_letters_are_what_was_published(steps: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Store(Location(folder)))
        for step in steps:
            world.take(step)
        world.take("land")
        assert landed(world.store) == sorted(world.events)
        assert sorted(body for body, _ in dead(world.store)) == sorted(world.poison)


class World:
    """A log, a lake and what was published."""

    def __init__(self, store: Store) -> None:
        self.store, self.log = store, MemoryLog("notes", 3)
        self.events, self.poison = list[str](), list[bytes]()
        self.old = lander(store, self.log).plan(100)

    def take(self, step: str) -> None:
        """Let one thing happen."""
        number = len(self.events) + len(self.poison)
        if step.startswith("publish"):
            for _ in range(2 if step.endswith("twice") else 1):
                publish(self.log, note(f"n{number}"), key=str(number % 5))
                self.events.append(f"n{number}")
        elif step == "poison":
            publish(self.log, f"{number}".encode(), key=str(number % 5))
            self.poison.append(f"{number}".encode())
        else:
            self.land(step)

    def land(self, step: str) -> None:
        """Land, in one way or another."""
        store = self.store
        if step.startswith("die"):
            victim = TABLE if step.endswith("events") else DEAD_LETTERS
            store = DyingStore(store.location, victim=victim, is_after="after" in step)
        work = lander(store, self.log)
        planned = (
            self.old if step.endswith("old plan") else work.plan(1 if "little" in step else 99)
        )
        if step == "outage":
            self.log.fail_next(LogUnreachableError("away"))
        with contextlib.suppress(DeadProcessError, LogUnreachableError):
            work.land(planned)
        self.old = planned
