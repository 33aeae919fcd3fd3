"""Every event of a log is in bronze once, whatever happens on the way; what is none is kept too."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import pytest
from deltalake.exceptions import CommitFailedError

from crash_platform.lake.contract import Table
from crash_platform.lake.frame import Frame
from crash_platform.lake.store import Commit, Store
from crash_platform.streams.landing import TIDY_EVERY, StalePlanError
from crash_platform.streams.log import (
    Description,
    Event,
    Following,
    LogUnreachableError,
    Message,
    Range,
)
from crash_platform.streams.memory import MemoryLog
from crash_platform.streams.planning import Accepting, EventsLostError, HubReplacedError, Plan
from crash_platform.streams.tables import DEAD_LETTERS
from crash_platform_tests.streams.notes import (
    NOW,
    TABLE,
    dead,
    landed,
    lander,
    note,
    positions,
    publish,
)

MOMENT = datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC)


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog("notes", 2, clock=lambda: MOMENT)


class DeadProcessError(Exception):
    """Stands for a process that is killed."""


@dataclass(frozen=True)
class BreakingLog:
    """A log whose connection breaks after two batches of every read."""

    log: MemoryLog

    def read(self, wanted: Range) -> Iterator[list[Message]]:
        for number, batch in enumerate(self.log.read(wanted)):
            if number == 2:
                raise LogUnreachableError("gone")
            yield batch

    def describe(self) -> Description:
        return self.log.describe()

    def follow(self, after: Mapping[str, int]) -> Following:
        return self.log.follow(after)

    def publish(self, events: Sequence[Event]) -> None:
        self.log.publish(events)

    def close(self) -> None:
        self.log.close()


@dataclass(frozen=True)
class DyingStore(Store):
    """A lake whose writer dies just before or just after the write of a table."""

    victim: Table = TABLE
    is_after: bool = False

    def append_from(
        self, table: Table, frame: Frame, read_at: Mapping[str, int], moved_to: Mapping[str, int]
    ) -> Commit:
        if table is self.victim and not self.is_after:
            raise DeadProcessError
        done = super().append_from(table, frame, read_at, moved_to)
        if table is self.victim:
            raise DeadProcessError
        return done


@dataclass(frozen=True)
class BusyStore(Store):
    """A lake in which another landing commits first, so many times."""

    others: list[object] = field(default_factory=list)

    def append_from(
        self, table: Table, frame: Frame, read_at: Mapping[str, int], moved_to: Mapping[str, int]
    ) -> Commit:
        if table is TABLE and self.others:
            self.others.pop()
            super().append_from(table, frame, read_at, moved_to)
            raise CommitFailedError("overtaken")
        return super().append_from(table, frame, read_at, moved_to)


def test_a_row_says_what_came_and_where_from(store: Store, log: MemoryLog) -> None:
    publish(log, note("a"), note("b", event_version=3, noted_on="2026-02-27"))
    work = lander(store, log)
    done = work.land(work.plan(10))
    rows = store.slice(TABLE).read().sort_by("sequence_number").to_pylist()
    held = next(part for part in log.describe().partitions if part.last == 1)
    assert rows[1] == {
        "hub_generation": 1,
        "partition_id": held.partition_id,
        "sequence_number": 1,
        "offset": rows[1]["offset"],
        "enqueued_at": MOMENT,
        "enqueued_date": date(2026, 2, 28),
        "partition_key": "k",
        "properties": "{}",
        "event_id": "b",
        "event_version": 3,
        "event_date": date(2026, 2, 27),
        "schema_version": 1,
        "body": note("b", event_version=3, noted_on="2026-02-27").decode(),
        "landed_at": NOW,
        "landing": 1,
    }
    assert (done.events, done.dead_letters, done.number) == (2, 0, 1)
    assert done.positions == {held.partition_id: 1}
    assert done.days == {date(2026, 2, 28)}


def test_properties_are_kept_as_an_object_in_the_order_of_their_names(
    store: Store, log: MemoryLog
) -> None:
    log.publish([Event(note("a"), "k", {"b": "é", "a": '"'}), Event(note("b"), "k")])
    work = lander(store, log)
    work.land(work.plan(10))
    rows = store.slice(TABLE).read().sort_by("event_id")
    assert rows["properties"].to_pylist() == ['{"a": "\\"", "b": "é"}', "{}"]


def test_a_landing_goes_on_where_the_last_one_ended(store: Store, log: MemoryLog) -> None:
    work = lander(store, log)
    publish(log, note("a"))
    work.land(work.plan(10))
    publish(log, note("b"))
    work.land(work.plan(10))
    assert landed(store) == ["a", "b"]
    assert work.plan(10).ranges == ()
    assert store.slice(TABLE).read(["landing"]).sort_by("landing")["landing"].to_pylist() == [1, 2]


def test_a_range_landed_again_changes_nothing(store: Store, log: MemoryLog) -> None:
    publish(log, note("a"), b"poison", note("b"))
    work = lander(store, log)
    planned = work.plan(10)
    work.land(planned)
    versions = store.version(TABLE), store.version(DEAD_LETTERS)
    again = work.land(planned)
    assert (again.events, again.dead_letters) == (0, 0)
    assert (store.version(TABLE), store.version(DEAD_LETTERS)) == versions


def test_an_empty_hub_lands_nothing(store: Store, log: MemoryLog) -> None:
    work = lander(store, log)
    done = work.land(work.plan(10))
    assert (done.events, store.version(TABLE)) == (0, None)


def test_what_is_no_event_is_kept_byte_for_byte(store: Store, log: MemoryLog) -> None:
    publish(log, b"\xff\x00", note("a"), b"", b"[]", note("b", schema_version=9))
    work = lander(store, log)
    done = work.land(work.plan(10))
    assert dead(store) == [
        (b"\xff\x00", "not_utf8"),
        (b"", "empty"),
        (b"[]", "not_an_object"),
        (note("b", schema_version=9), "unknown_version"),
    ]
    assert landed(store) == ["a"]
    assert (done.events, done.dead_letters) == (1, 4)


def test_a_range_of_poison_alone_does_not_block(store: Store, log: MemoryLog) -> None:
    publish(log, b"x", b"y")
    work = lander(store, log)
    work.land(work.plan(10))
    assert work.plan(10).ranges == ()
    assert len(dead(store)) == 2


def test_a_large_landing_is_several_commits(store: Store, log: MemoryLog) -> None:
    publish(log, *(note(f"n{number:04}") for number in range(2_500)))
    work = lander(store, log, most_rows=1_000)
    done = work.land(work.plan(10_000))
    assert done.events == 2_500
    assert len(landed(store)) == 2_500
    assert done.number == 3


@pytest.mark.parametrize("victim", [TABLE, DEAD_LETTERS], ids=["events", "dead_letters"])
@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
def test_a_landing_that_dies_at_a_commit_is_finished_by_the_next(
    store: Store, log: MemoryLog, victim: Table, is_after: bool
) -> None:
    publish(log, note("a"), b"poison", note("b"))
    dying = DyingStore(store.location, victim=victim, is_after=is_after)
    planned = lander(store, log).plan(10)
    with pytest.raises(DeadProcessError):
        lander(dying, log).land(planned)
    publish(log, note("c"), b"more poison")
    work = lander(store, log)
    work.land(planned)
    work.land(work.plan(10))
    assert landed(store) == ["a", "b", "c"]
    assert [body for body, _ in dead(store)] == [b"poison", b"more poison"]


def test_a_log_that_breaks_half_way_leaves_what_was_committed(store: Store, log: MemoryLog) -> None:
    publish(log, *(note(f"n{number:04}") for number in range(2_500)))
    breaking = lander(store, BreakingLog(log), most_rows=1_000)
    planned = breaking.plan(10_000)
    with pytest.raises(LogUnreachableError):
        breaking.land(planned)
    assert len(landed(store)) == 2_000
    lander(store, log).land(planned)
    assert len(set(landed(store))) == len(landed(store)) == 2_500


@pytest.mark.slow
def test_the_files_of_many_landings_are_put_together(store: Store, log: MemoryLog) -> None:
    work = lander(store, log)
    for number in range(TIDY_EVERY + 1):
        publish(log, note(f"{number:03}"))
        work.land(work.plan(10))
    assert len(store.slice(TABLE).files) == 2
    assert landed(store) == [f"{number:03}" for number in range(TIDY_EVERY + 1)]


def test_two_landings_at_once_land_every_event_once(store: Store, log: MemoryLog) -> None:
    publish(log, note("a"), b"poison", note("b"))
    busy = BusyStore(store.location, others=[None])
    work = lander(busy, log)
    done = work.land(work.plan(10))
    assert landed(store) == ["a", "b"]
    assert done.events == 0


def test_a_plan_that_begins_behind_bronze_is_refused(store: Store, log: MemoryLog) -> None:
    publish(log, *(note(str(number)) for number in range(6)))
    work = lander(store, log)
    work.land(work.plan(2))
    name = work.plan(10).ranges[0].partition_id
    skipping = Plan(1, (Range(name, 3, 5),), (), {})
    with pytest.raises(StalePlanError, match=r"after 3 of partition .* ends at 1"):
        work.land(skipping)
    assert landed(store) == ["0", "1"]


def test_a_plan_of_another_hub_is_refused(store: Store, log: MemoryLog) -> None:
    publish(log, note("a"))
    work = lander(store, log)
    planned = work.plan(10)
    log.recreate()
    publish(log, note("b"))
    with pytest.raises(HubReplacedError, match="made anew after this landing was planned"):
        work.land(planned)
    assert store.version(TABLE) is None


def test_a_hub_made_anew_is_read_from_its_start_when_accepted(store: Store, log: MemoryLog) -> None:
    publish(log, note("a"), note("b"))
    work = lander(store, log)
    work.land(work.plan(10))
    log.recreate()
    publish(log, note("c"))
    with pytest.raises(HubReplacedError):
        work.plan(10)
    work.land(work.plan(10, Accepting(new_hub=True)))
    assert landed(store) == ["a", "b", "c"]
    publish(log, note("d"))
    work.land(work.plan(10))
    assert landed(store) == ["a", "b", "c", "d"]


def test_a_lost_range_is_noted_and_the_rest_is_landed(store: Store, log: MemoryLog) -> None:
    publish(log, *(note(str(number)) for number in range(6)))
    work = lander(store, log)
    work.land(work.plan(2))
    name = work.plan(10).ranges[0].partition_id
    log.remove_before(name, 4)
    with pytest.raises(EventsLostError, match=f"2 to 3 of partition {name}"):
        work.plan(10)
    done = work.land(work.plan(10, Accepting(loss=True)))
    assert landed(store) == ["0", "1", "4", "5"]
    assert dead(store) == [(None, "lost")]
    assert done.lost == 2
    assert store.slice(DEAD_LETTERS).read()["lost_count"].to_pylist() == [2]
    assert work.plan(10).ranges == ()


def test_every_position_is_in_one_of_the_two_tables(store: Store, log: MemoryLog) -> None:
    publish(log, note("a"), b"x", note("b"), key=None)
    work = lander(store, log)
    work.land(work.plan(10))
    parts = log.describe().partitions
    expected = [(p.partition_id, n) for p in parts for n in range(p.first, p.last + 1)]
    assert positions(store) == sorted(expected)
