"""How far the tables are behind their hubs: asked briefly, kept shortly, honest when it cannot."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest

from crash_platform.lake.location import Location
from crash_platform.lake.store import Store
from crash_platform.pipelines.reports.feed import STREAM as REPORTS
from crash_platform.pipelines.reports.live.positions import LiveTable
from crash_platform.serving.dashboards.hub_lag import (
    HubWatch,
    PartitionState,
    StreamState,
    state_of,
    stream_states,
)
from crash_platform.serving.dashboards.keeping import Kept
from crash_platform.settings import Settings
from crash_platform.streams.landing import Lander
from crash_platform.streams.log import LogUnreachableError
from crash_platform.streams.memory import MemoryLog
from crash_platform_tests.pipelines.reports.worlds import World, report
from crash_platform_tests.serving.dashboards.figures import NOW
from crash_platform_tests.streams.notes import STREAM, lander, note, publish


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(Location(str(tmp_path / "lake")))


def to_land(store: Store, log: MemoryLog) -> list[int]:
    return [each.to_land for each in state_of(STREAM, store, lambda: log).partitions]


def test_lag_is_what_the_hub_has_and_bronze_has_not(store: Store) -> None:
    log = MemoryLog("notes", 1)
    publish(log, note("a"), b"no event", note("b"))
    assert state_of(STREAM, store, lambda: log) == StreamState(
        "notes", (PartitionState("0", 2, -1, 3, None),)
    )
    work = lander(store, log)
    work.land(work.plan(2))
    assert state_of(STREAM, store, lambda: log).partitions == (PartitionState("0", 2, 1, 1, None),)
    work.land(work.plan(2))
    assert to_land(store, log) == [0]


def test_an_empty_hub_has_no_lag(store: Store) -> None:
    state = state_of(STREAM, store, lambda: MemoryLog("notes", 2))
    assert [(each.newest, each.to_land) for each in state.partitions] == [(-1, 0), (-1, 0)]


def test_lost_events_are_said_and_what_is_left_is_counted(store: Store) -> None:
    log = MemoryLog("notes", 1)
    publish(log, note("a"))
    work = lander(store, log)
    work.land(work.plan(9))
    publish(log, note("b"), note("c"))
    log.remove_before("0", 2)
    state = state_of(STREAM, store, lambda: log)
    assert [each.to_land for each in state.partitions] == [1]
    assert "Retention of the hub notes removed events" in state.problem


def test_a_hub_that_was_made_anew_is_said(store: Store) -> None:
    log = MemoryLog("notes", 1)
    publish(log, note("a"))
    work = lander(store, log)
    work.land(work.plan(9))
    log.recreate()
    publish(log, note("b"))
    [state] = HubWatch({"notes": lambda: state_of(STREAM, store, lambda: log)})()
    assert state.partitions == ()
    assert "deleted and made anew" in state.problem


def test_reports_wait_for_their_score_apart_from_their_landing(store: Store) -> None:
    log = MemoryLog("crash-reports", 1, clock=lambda: NOW)
    world = World(store, log)
    world.publish(report("a"), report("b"), report("c"))
    table = LiveTable(lambda: store, lambda: 0.0)
    table.append([], table.held(log.describe()), {"0": 1})
    state = state_of(REPORTS, store, lambda: log)
    assert state.partitions == (PartitionState("0", 2, -1, 3, 1),)
    world.land()
    assert world.behind() == [date(2026, 3, 4)]
    assert state_of(REPORTS, store, lambda: log).partitions == (PartitionState("0", 2, 2, 0, 1),)


def test_a_hub_that_is_away_is_said_and_the_others_are_shown(store: Store) -> None:
    log = MemoryLog("notes", 1)

    def away() -> StreamState:
        raise LogUnreachableError("Nobody answers: start the hub.")

    watch = HubWatch({"away": away, "notes": lambda: state_of(STREAM, store, lambda: log)})
    assert watch() == (
        StreamState("away", (), "Nobody answers: start the hub."),
        StreamState("notes", (PartitionState("0", -1, -1, 0, None),)),
    )


def test_a_hub_that_says_nothing_is_not_waited_for(store: Store) -> None:
    silence = threading.Event()
    asked: list[str] = []

    def silent() -> StreamState:
        asked.append("silent")
        silence.wait(30)
        return StreamState("silent", ())

    watch = HubWatch({"silent": silent}, deadline=0.05, seconds=0.0)
    first, second = watch(), watch()
    assert [each.problem for each in (*first, *second)] == [
        "Its hub has not answered within 0.05 s."
    ] * 2
    assert asked == ["silent"]
    silence.set()


def test_the_settings_name_the_hubs(store: Store) -> None:
    opened: list[str] = []

    def opening(settings: Settings, hub: str) -> MemoryLog:
        opened.append(hub)
        return MemoryLog(hub, 1)

    settings = Settings(crash_hub="my-reports")
    [state] = stream_states(settings, [REPORTS], lambda: store, opening)()
    assert (state.stream, opened) == ("crash_reports", ["my-reports"])
    assert [each.to_score for each in state.partitions] == [0]


def test_the_log_is_closed_whatever_happens(store: Store) -> None:
    log = ClosedLog()
    log.fail_next(LogUnreachableError("away"))
    with pytest.raises(LogUnreachableError):
        state_of(STREAM, store, lambda: log)
    assert log.closed == 1


class ClosedLog(MemoryLog):
    """Counts how often it was closed."""

    closed = 0

    def close(self) -> None:
        self.closed += 1


@dataclass
class Clock:
    """A clock that is set, and answers numbered by the asking."""

    now: float = 0.0
    asked: int = 0
    errors: list[Exception] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def ask(self) -> int:
        self.asked += 1
        if self.errors:
            raise self.errors.pop()
        return self.asked


def answers_at(kept: "Kept[int]", clock: Clock) -> Callable[[float], int]:
    def answer(now: float) -> int:
        clock.now = now
        return kept.answer().result(5)

    return answer


def test_an_answer_is_kept_for_some_seconds() -> None:
    clock = Clock()
    at = answers_at(Kept(clock.ask, 5.0, clock), clock)
    assert [at(now) for now in (0.0, 4.9, 5.0, 9.0, 10.0)] == [1, 1, 2, 2, 3]


def test_an_error_is_kept_like_an_answer() -> None:
    clock = Clock(errors=[ValueError("once")])
    at = answers_at(Kept(clock.ask, 5.0, clock), clock)
    for now in (0.0, 1.0):
        with pytest.raises(ValueError, match="once"):
            at(now)
    assert at(6.0) == 2


def test_landing_is_told_by_the_lander_itself(store: Store) -> None:
    log = MemoryLog("notes", 2)
    publish(log, note("a"), key=None)
    publish(log, note("b"), key=None)
    Lander(store, STREAM, log, lambda: NOW).land(lander(store, log).plan(9))
    held = log.describe()
    progress = lander(store, log).progress(held.generation, ["0", "1"])
    state = state_of(STREAM, store, lambda: log)
    assert {each.partition_id: each.landed for each in state.partitions} == progress.positions
