"""Every promise about the live half, kept by an honest lake and broken by a spoilt one."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from crash_platform.lake.contract import Table, Window
from crash_platform.lake.frame import Frame
from crash_platform.lake.location import Location
from crash_platform.lake.store import Store
from crash_platform.orchestration.promises import Finding, examine, promise_inputs
from crash_platform.pipelines.reports import tables as t
from crash_platform.pipelines.reports.checks import checks, promises
from crash_platform_tests.pipelines.reports.worlds import DAY, NOW, World, report

BEFORE = DAY - timedelta(days=1)
WINDOW = Window(BEFORE, DAY)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Two reports, one of them of a day that is covered by now."""
    world = World(Store(Location(str(tmp_path))))
    world.report(report("a"), report("b", crash_date=BEFORE.isoformat()))
    world.official(BEFORE, {"collision_id": 7})
    world.make(world.behind())
    return world


def look(world: World, name: str) -> Finding:
    promise = next(promise for promise in promises() if promise.name == name)
    return examine(promise, world.engine, promise_inputs(promise, world.store, WINDOW))


def change(world: World, table: Table, *rows: dict[str, Any]) -> None:
    """Replace all that a table has in the two days."""
    frame = Frame.of(
        pa.Table.from_pylist(list(rows), schema=table.schema), frozenset([BEFORE, DAY])
    )
    world.store.replace(table, WINDOW, frame)


def said(event_id: str, **more: Any) -> dict[str, Any]:
    """A live prediction."""
    return {
        "event_id": event_id,
        "event_version": 1,
        "crash_date": DAY,
        "collision_id": None,
        "feature_set": "first_report",
        "model_version": 1,
        "model_as_of_date": DAY,
        "probability": 0.25,
        "threshold": 0.5,
        "is_predicted_injury": False,
        "is_simulated": False,
        "source": None,
        "enqueued_at": NOW,
        "scored_at": datetime(2026, 3, 5, 12, 0, 1, tzinfo=UTC),
        "latency_ms": 1000.0,
        "hub_generation": 1,
        "partition_id": "0",
        "sequence_number": 0,
    } | more


@pytest.mark.parametrize(
    "name",
    [
        "it_is_what_a_making_from_scratch_gives",
        "every_crash_is_there_once",
        "no_crash_is_both_final_and_preliminary",
    ],
)
def test_an_honest_view_keeps_its_promises(world: World, name: str) -> None:
    assert look(world, name).is_kept


def test_a_crash_missing_from_the_view_is_found(world: World) -> None:
    rows = [row for row in world.rows(t.CRASHES_NOW) if row["is_final"]]
    change(world, t.CRASHES_NOW, *rows)
    finding = look(world, "it_is_what_a_making_from_scratch_gives")
    assert finding.sample["crash_key"].to_pylist() == ["report:a"]


@pytest.mark.slow
def test_a_report_left_beside_its_record_is_found(world: World) -> None:
    rows = world.rows(t.CRASHES_NOW)
    left = rows[-1] | {"crash_key": "report:b", "is_final": False, "crash_date": BEFORE}
    change(world, t.CRASHES_NOW, *rows, left)
    assert not look(world, "it_is_what_a_making_from_scratch_gives").is_kept
    assert look(world, "no_crash_is_both_final_and_preliminary").offending == 1


@pytest.mark.slow
def test_a_crash_in_two_days_is_found(world: World) -> None:
    rows = world.rows(t.CRASHES_NOW)
    change(world, t.CRASHES_NOW, *rows, rows[0] | {"crash_date": BEFORE})
    assert look(world, "every_crash_is_there_once").offending == 1


def test_a_report_scored_twice_is_found(world: World) -> None:
    change(world, t.LIVE_PREDICTIONS, said("a"), said("a", event_version=2))
    assert look(world, "every_report_is_scored_once").is_kept
    change(world, t.LIVE_PREDICTIONS, said("a"), said("a", sequence_number=5))
    assert look(world, "every_report_is_scored_once").offending == 1


@pytest.mark.slow
def test_a_report_that_was_passed_over_is_found(world: World) -> None:
    places = {row["event_id"]: row for row in world.rows(t.REPORTED_CRASHES)}
    partition = places["a"]["partition_id"]
    around = [
        said("x", partition_id=partition, sequence_number=0),
        said("y", partition_id=partition, sequence_number=9),
    ]
    change(world, t.LIVE_PREDICTIONS, *around)
    finding = look(world, "every_report_is_scored")
    assert finding.sample["event_id"].to_pylist() == ["a"]
    change(world, t.LIVE_PREDICTIONS, *around, said("a"))
    assert look(world, "every_report_is_scored").is_kept


@pytest.mark.slow
def test_reports_behind_the_last_score_are_not_owed_yet(world: World) -> None:
    assert look(world, "every_report_is_scored").is_kept


def test_every_promise_is_a_check_of_one_name_and_table() -> None:
    keys = [key for check in checks() for key in check.check_keys]
    assert len(keys) == len(set(keys))
    promised = {(promise.table.path, promise.name) for promise in promises()}
    assert promised <= {("/".join(key.asset_key.path), key.name) for key in keys}
