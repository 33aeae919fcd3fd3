"""Served predictions as Dagster sees them: assets, checks, and the sensor that judges anew."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from crash_platform.lake.location import Location
from crash_platform.lake.store import Store
from crash_platform.orchestration.resources import EngineResource, LakeResource
from crash_platform.orchestration.tables import key_of
from crash_platform.pipelines.served import tables as t
from crash_platform.pipelines.served.automation import accuracy_sensor
from crash_platform.pipelines.served.definitions import served_definitions
from crash_platform_tests.pipelines.reports.worlds import World
from crash_platform_tests.pipelines.served.counter import DAY, NOW, served
from crash_platform_tests.pipelines.served.test_accuracy import ask, judge

Tick = Callable[..., Any]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(Store(Location(str(tmp_path))))


@pytest.fixture
def tick(world: World) -> Tick:
    """A tick of the sensor, with a cursor."""

    def ticked(cursor: str | None = None) -> Any:
        resources = {
            "lake": LakeResource(root=world.store.location.root),
            "engine": EngineResource(memory_limit="500MB"),
        }
        sensor = accuracy_sensor(clock=NOW.timestamp)
        with (
            dg.DagsterInstance.ephemeral() as instance,
            dg.build_sensor_context(instance, cursor, resources=resources) as context,
        ):
            return sensor(context)

    return ticked


def keys(assets: Any) -> set[dg.AssetKey]:
    return {key for each in assets for key in (each.keys if hasattr(each, "keys") else [each.key])}


def test_every_table_is_an_asset_and_answers_are_looked_after_every_hour() -> None:
    made = served_definitions()
    assert keys(made.assets) == {key_of(table) for table in t.TABLES}
    assert [sensor.name for sensor in made.sensors or []] == ["served_accuracy"]
    assert [each.name for each in made.schedules or []] == ["hourly_served_checks"]


def test_days_with_new_answers_are_judged_in_as_few_runs_as_they_need(
    world: World, tick: Tick
) -> None:
    days = [DAY - timedelta(days=number) for number in (0, 1, 9)]
    ask(world, *(served(f"{day}", crash_date=day) for day in days))
    told = tick()
    ranges = [
        (
            each.tags.get("dagster/partition"),
            each.tags.get("dagster/asset_partition_range_start"),
            each.tags.get("dagster/asset_partition_range_end"),
        )
        for each in told.run_requests
    ]
    assert ranges == [("2026-02-23", None, None), (None, "2026-03-03", "2026-03-04")]


def test_when_all_is_judged_it_sleeps_until_a_table_changes(world: World, tick: Tick) -> None:
    ask(world, served("a", collision_id=1))
    judge(world)
    told = tick()
    assert (told.run_requests, "judged" in told.skip_reason.skip_message) == ([], True)
    assert tick(told.cursor).cursor == told.cursor
    world.official(DAY, {"collision_id": 1, "is_injury_crash": True})
    assert len(tick(told.cursor).run_requests) == 1


def test_a_crash_of_tomorrow_waits_for_its_day(world: World, tick: Tick) -> None:
    ask(world, served("a", crash_date=date(2026, 3, 6)))
    told = tick("before")
    assert "2026-03-06 wait for their day" in told.skip_reason.skip_message
    assert told.cursor == "before"
