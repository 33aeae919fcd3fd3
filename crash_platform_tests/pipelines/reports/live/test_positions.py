"""Rows and positions move together, and only where nobody else has moved them."""

from datetime import timedelta
from pathlib import Path

import pytest
from deltalake.exceptions import CommitFailedError

from crash_platform.lake.contract import Window
from crash_platform.lake.store import Store
from crash_platform.pipelines.reports.live.beside import STORE_SECONDS
from crash_platform.pipelines.reports.live.positions import LiveTable
from crash_platform.pipelines.reports.tables import LIVE_PREDICTIONS
from crash_platform_tests.pipelines.reports.live.newsroom import (
    NOW,
    TODAY,
    Newsroom,
    Row,
)


@pytest.fixture
def room(tmp_path: Path) -> Newsroom:
    return Newsroom(tmp_path)


def table(room: Newsroom) -> LiveTable:
    return LiveTable(lambda: room.store, lambda: 0.0)


def row(event_id: str, partition: str, sequence: int) -> Row:
    return {
        "event_id": event_id,
        "event_version": 1,
        "crash_date": TODAY,
        "collision_id": None,
        "feature_set": "first_report",
        "model_version": 1,
        "model_as_of_date": TODAY,
        "probability": 0.5,
        "threshold": 0.4,
        "is_predicted_injury": True,
        "is_simulated": False,
        "source": None,
        "enqueued_at": NOW,
        "scored_at": NOW,
        "latency_ms": 0.0,
        "hub_generation": 1,
        "partition_id": partition,
        "sequence_number": sequence,
    }


def test_rows_and_positions_come_in_one_commit(room: Newsroom) -> None:
    mine = table(room)
    held = mine.append([row("a", "0", 4)], mine.held(room.hub.describe()), {"0": 4})
    assert (held.position("0"), held.position("1")) == (4, -1)
    assert room.store.version(LIVE_PREDICTIONS) == 1
    assert mine.held(room.hub.describe()) == held
    assert held.progress.generation == 1
    assert dict(held.progress.positions) == {"0": 4}
    assert list(mine.scored(Window(TODAY, TODAY))) == [(TODAY, "a", 1)]


def test_a_position_of_another_partition_that_was_moved_refuses_the_rows_too(
    room: Newsroom,
) -> None:
    """What the other one scored there may be the same report."""
    mine, other = table(room), table(room)
    described = room.hub.describe()
    held = mine.append([row("a", "0", 0)], mine.held(described), {"0": 0})
    other.append([row("b", "1", 0)], other.held(described), {"1": 0})
    with pytest.raises(CommitFailedError):
        mine.append([row("b", "0", 1)], held, {"0": 1})
    assert room.scored() == [("a", 1), ("b", 1)]
    assert room.positions() == {"0": 1, "1": 1}


def test_positions_never_go_back_and_nothing_new_is_no_commit(room: Newsroom) -> None:
    mine = table(room)
    held = mine.append([], mine.held(room.hub.describe()), {"0": 4})
    assert mine.append([], held, {"0": 3}) is held
    assert room.store.version(LIVE_PREDICTIONS) == 1


def test_a_day_is_tidied_without_touching_rows_positions_or_other_days(room: Newsroom) -> None:
    mine = table(room)
    held = mine.held(room.hub.describe())
    for number in range(4):
        rows = [row(f"{number}", "0", number)]
        if number == 2:
            rows[0]["crash_date"] = TODAY - timedelta(days=1)
        held = mine.append(rows, held, {"0": number})
    before = room.rows()
    mine.tidy(TODAY)
    assert room.rows() == before
    assert len(room.store.slice(LIVE_PREDICTIONS).files) == 2
    assert mine.held(room.hub.describe()) == held
    mine.append([row("4", "0", 4)], held, {"0": 4})


def test_rows_that_come_while_a_day_is_tidied_are_neither_lost_nor_doubled(
    room: Newsroom,
) -> None:
    mine, other = table(room), table(room)
    held = mine.append([row("a", "0", 0)], mine.held(room.hub.describe()), {"0": 0})
    held = mine.append([row("b", "0", 1)], held, {"0": 1})
    has_meddled = False

    class Meddled(Store):
        def slice(self, *arguments, **options):  # type: ignore[no-untyped-def]
            nonlocal has_meddled
            found = super().slice(*arguments, **options)
            if not has_meddled:
                has_meddled = True
                other.append([row("c", "1", 0)], other.held(room.hub.describe()), {"1": 0})
            return found

    slow = Meddled(room.store.location, sleep=lambda _: None)
    LiveTable(lambda: slow, lambda: 0.0).tidy(TODAY)
    assert has_meddled
    assert room.scored() == [("a", 1), ("b", 1), ("c", 1)]


def test_the_lake_is_opened_anew_now_and_then_because_a_sign_in_ends(room: Newsroom) -> None:
    opened, now = [], 0.0

    def open_store() -> Store:
        opened.append(now)
        return room.store

    mine = LiveTable(open_store, lambda: now)
    held = mine.held(room.hub.describe())
    for number in range(3):
        held = mine.append([], held, {"0": number})
        now += STORE_SECONDS * 0.6
    assert opened == [0.0, STORE_SECONDS * 1.2]
