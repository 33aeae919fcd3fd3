"""What a landing keeps over any log: through restarts, deaths, lost acknowledgements and gaps."""

import contextlib
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol

import pytest

from crash_platform.lake.store import Store
from crash_platform.streams.log import EventLog, LogUnreachableError, StreamError
from crash_platform.streams.planning import Accepting, EventsLostError, HubReplacedError
from crash_platform.streams.tables import DEAD_LETTERS
from crash_platform_tests.streams.logs import everything
from crash_platform_tests.streams.notes import TABLE, dead, landed, lander, note, publish
from crash_platform_tests.streams.test_landing import DeadProcessError, DyingStore

STEPS = (
    "publish",
    "publish",
    "publish much",
    "poison",
    "publish large",
    "lose an acknowledgement",
    "land",
    "land little",
    "land an old plan",
    "die before events",
    "die after events",
    "die after dead letters",
    "restart",
    "forget what is landed",
)
POISON = (b"\xff\xfe", b"{", b"[]", b"", b"{}", note("x", schema_version=9), note("x", weight="?"))
LARGE = 900_000


class Server(Protocol):
    """The server's side of a log."""

    def remove_before(self, partition: str, sequence: int) -> None:
        """Let retention remove what is older than a position."""

    def recreate(self) -> None:
        """Delete the log and make it anew."""

    def restart(self) -> None:
        """Kill the server and start it again."""

    def lose_an_acknowledgement(self) -> None:
        """Take the next events without telling, so that the client sends them again."""


@dataclass
class World:
    """A log, a lake, and all that was ever in the log."""

    store: Store
    log: EventLog
    server: Server
    count: int = 0
    held: dict[tuple[int, str, int], bytes] = field(default_factory=dict)

    def take(self, step: str) -> None:
        """Let one thing happen."""
        if step == "restart":
            self.server.restart()
        elif step == "lose an acknowledgement":
            self.server.lose_an_acknowledgement()
            self.publish(self.next())
        elif step == "forget what is landed":
            self.forget()
        elif step.startswith(("land", "die")):
            self.land(step)
        elif step == "poison":
            self.publish(POISON[self.count % len(POISON)])
        elif step == "publish large":
            self.publish(note("large", filling="x" * LARGE))
        else:
            many = 50 if step.endswith("much") else 1
            self.publish(*(self.next() for _ in range(many)))

    def next(self) -> bytes:
        """A note that was never sent."""
        self.count += 1
        return note(f"n{self.count}")

    def publish(self, *bodies: bytes) -> None:
        """Send notes, some of which may come twice."""
        self.count += 1
        publish(self.log, *bodies, key=str(self.count % 5))

    def remember(self) -> None:
        """Write down what the log holds, before it can be forgotten."""
        generation = self.log.describe().generation
        for each in everything(self.log):
            self.held[generation, each.partition_id, each.sequence_number] = each.body

    def forget(self) -> None:
        """Let retention take what bronze holds."""
        self.remember()
        held = self.log.describe()
        names = [each.partition_id for each in held.partitions]
        progress = lander(self.store, self.log).progress(held.generation, names)
        for name, position in progress.positions.items():
            self.server.remove_before(name, position + 1)

    def land(self, step: str) -> None:
        """Land, and die at it or not."""
        store = self.store
        if step.startswith("die"):
            victim = TABLE if step.endswith("events") else DEAD_LETTERS
            store = DyingStore(store.location, victim=victim, is_after="after" in step)
        work = lander(store, self.log)
        planned = work.plan(2 if "little" in step else 1_000)
        if step == "land an old plan":
            lander(self.store, self.log).land(planned)
        with contextlib.suppress(DeadProcessError):
            work.land(planned)

    def assert_whole(self) -> None:
        """Every position that ever was in the log is in one of the two tables, once, as it came."""
        self.remember()
        self.land("land")
        found = Counter[tuple[int, str, int]]()
        bodies = dict[tuple[int, str, int], bytes]()
        for table in (TABLE, DEAD_LETTERS):
            for row in self.store.slice(table).read().to_pylist():
                at = (row["hub_generation"], row["partition_id"], row["sequence_number"])
                found[at] += 1
                body = row["body"]
                bodies[at] = body.encode() if isinstance(body, str) else body
        assert set(found.values()) <= {1}
        assert bodies == self.held


class LandingContract:
    """The tests; a subclass says which ``log`` and which ``server``."""

    @pytest.fixture
    def world(self, store: Store, log: EventLog, server: Server) -> World:
        return World(store, log, server)

    @pytest.mark.parametrize("seed", range(6))
    def test_whatever_happens_every_position_is_landed_once(self, world: World, seed: int) -> None:
        steps = random.Random(seed).choices(STEPS, k=14)
        for step in steps:
            world.take(step)
        world.assert_whole()

    def test_each_thing_that_can_happen_leaves_bronze_whole(self, world: World) -> None:
        for step in STEPS:
            world.take(step)
            world.take("poison")
        world.assert_whole()

    def test_poison_of_every_kind_is_kept_byte_for_byte(self, world: World) -> None:
        for body in POISON:
            publish(world.log, body)
        world.land("land")
        assert sorted(body or b"" for body, _ in dead(world.store)) == sorted(POISON)

    def test_nothing_published_is_nothing_landed(self, world: World) -> None:
        world.land("land")
        assert world.store.version(TABLE) is None

    def test_a_gap_is_loud_and_names_what_is_lost(self, world: World) -> None:
        publish(world.log, *(note(str(number)) for number in range(3)))
        world.land("land")
        publish(world.log, *(note(str(number)) for number in range(3, 6)))
        (part,) = [each for each in world.log.describe().partitions if each.last >= 0]
        world.server.remove_before(part.partition_id, 5)
        with pytest.raises(EventsLostError, match=f"3 to 4 of partition {part.partition_id}"):
            lander(world.store, world.log).plan(10)
        work = lander(world.store, world.log)
        work.land(work.plan(10, Accepting(loss=True)))
        assert landed(world.store) == ["0", "1", "2", "5"]
        assert dead(world.store) == [(None, "lost")]

    def test_a_log_made_anew_is_loud_and_read_from_its_start_when_accepted(
        self, world: World
    ) -> None:
        publish(world.log, note("a"))
        work = lander(world.store, world.log)
        planned = work.plan(10)
        work.land(planned)
        world.server.recreate()
        publish(world.log, note("b"))
        with pytest.raises(HubReplacedError):
            work.plan(10)
        with pytest.raises(HubReplacedError):
            work.land(planned)
        work.land(work.plan(10, Accepting(new_hub=True)))
        assert landed(world.store) == ["a", "b"]

    def test_a_server_that_is_away_stops_the_landing_which_goes_on_when_it_is_back(
        self, world: World
    ) -> None:
        publish(world.log, note("a"))
        work = lander(world.store, world.log)
        world.server.restart()
        with contextlib.suppress(LogUnreachableError, StreamError):
            work.land(work.plan(10))
        work.land(work.plan(10))
        assert landed(world.store) == ["a"]
