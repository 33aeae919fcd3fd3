"""What was refused is tried again, what bronze lacks is read again, and neither ever doubles."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from crash_platform.lake.contract import Window
from crash_platform.lake.frame import Frame
from crash_platform.lake.store import Store
from crash_platform.streams.memory import MemoryLog
from crash_platform.streams.replay import replay_dead_letters, replay_hub, waiting
from crash_platform.streams.tables import DEAD_LETTERS
from crash_platform_tests.streams.notes import (
    NOTES_OF_BOTH_VERSIONS,
    NOW,
    STREAM,
    TABLE,
    dead,
    landed,
    lander,
    note,
    positions,
    publish,
)
from crash_platform_tests.streams.test_landing import DeadProcessError, DyingStore

WIDER = replace(STREAM, contract=NOTES_OF_BOTH_VERSIONS)
MOMENT = datetime(2026, 2, 28, 12, tzinfo=UTC)


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog("notes", 2, clock=lambda: MOMENT)


def refuse_two(store: Store, log: MemoryLog) -> None:
    publish(log, note("a"), note("b", schema_version=2), b"poison")
    work = lander(store, log)
    work.land(work.plan(10))


def test_a_wider_contract_takes_dead_letters_over(store: Store, log: MemoryLog) -> None:
    refuse_two(store, log)
    done = replay_dead_letters(store, WIDER, lambda: NOW)
    assert (done.tried, done.taken, done.refused) == (2, 1, 1)
    assert landed(store) == ["a", "b"]
    assert dead(store) == [
        (note("b", schema_version=2), "unknown_version"),
        (b"poison", "not_json"),
    ]
    rows = store.slice(DEAD_LETTERS).read().sort_by("sequence_number").to_pylist()
    assert [(row["attempts"], row["replayed_at"]) for row in rows] == [(2, NOW), (2, None)]
    assert waiting(store, "notes")["body"].to_pylist() == [b"poison"]


def test_a_replay_repeated_takes_nothing_over_again(store: Store, log: MemoryLog) -> None:
    refuse_two(store, log)
    replay_dead_letters(store, WIDER, lambda: NOW)
    again = replay_dead_letters(store, WIDER, lambda: NOW)
    assert (again.tried, again.taken) == (1, 0)
    assert landed(store) == ["a", "b"]


def test_a_replay_that_dies_after_bronze_is_finished_by_the_next(
    store: Store, log: MemoryLog
) -> None:
    refuse_two(store, log)
    dying = DyingStore(store.location, victim=TABLE, is_after=True)
    with pytest.raises(DeadProcessError):
        replay_dead_letters(dying, WIDER, lambda: NOW)
    assert len(waiting(store)) == 2
    replay_dead_letters(store, WIDER, lambda: NOW)
    assert landed(store) == ["a", "b"]
    assert len(waiting(store)) == 1


def test_landing_goes_on_undisturbed_after_a_replay(store: Store, log: MemoryLog) -> None:
    refuse_two(store, log)
    replay_dead_letters(store, WIDER, lambda: NOW)
    publish(log, note("c"))
    work = lander(store, log)
    work.land(work.plan(10))
    assert landed(store) == ["a", "b", "c"]


def test_other_streams_and_lost_ranges_are_left_alone(store: Store, log: MemoryLog) -> None:
    refuse_two(store, log)
    before = store.slice(DEAD_LETTERS).read()
    other = replace(WIDER, name="other")
    assert replay_dead_letters(store, other, lambda: NOW).tried == 0
    assert store.slice(DEAD_LETTERS).read().equals(before)


def test_the_hub_is_read_again_for_what_bronze_lacks(store: Store, log: MemoryLog) -> None:
    publish(log, *(note(str(number)) for number in range(4)), b"poison")
    work = lander(store, log)
    work.land(work.plan(10))
    rows = store.slice(TABLE).read()
    day = Window(MOMENT.date(), MOMENT.date())
    store.replace(TABLE, day, Frame.of(rows.slice(0, 1)))
    assert len(landed(store)) == 1
    done = replay_hub(work, MOMENT - timedelta(hours=1))
    assert (done.tried, done.taken, done.days) == (5, 3, {MOMENT.date()})
    assert landed(store) == ["0", "1", "2", "3"]
    assert len(positions(store)) == 5
    assert replay_hub(work, MOMENT - timedelta(hours=1)).taken == 0


def test_a_replay_begins_at_its_moment_and_ends_where_landing_ended(
    store: Store, log: MemoryLog
) -> None:
    publish(log, note("a"))
    work = lander(store, log)
    work.land(work.plan(10))
    publish(log, note("b"))
    assert replay_hub(work, MOMENT + timedelta(seconds=1)).tried == 0
    assert replay_hub(work, MOMENT).tried == 1
    assert landed(store) == ["a"]
