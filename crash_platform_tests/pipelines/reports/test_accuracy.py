"""Live predictions are held against what official records say, the last version of each report."""

from datetime import timedelta
from pathlib import Path

import pytest

from crash_platform.lake.contract import Window
from crash_platform.lake.location import Location
from crash_platform.lake.store import Store
from crash_platform.pipelines.reports import tables as t
from crash_platform.pipelines.reports.feed import accuracy_recipe
from crash_platform_tests.pipelines.reports.test_checks import change, said
from crash_platform_tests.pipelines.reports.worlds import DAY, World

BEFORE = DAY - timedelta(days=1)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(Store(Location(str(tmp_path))))


def accuracy(world: World) -> list[dict[str, object]]:
    window = Window(DAY, DAY)
    world.store.replace(t.LIVE_ACCURACY, window, world.frame(accuracy_recipe(), window))
    return world.rows(t.LIVE_ACCURACY)


def test_labelled_predictions_are_judged_and_the_others_counted(world: World) -> None:
    change(
        world,
        t.LIVE_PREDICTIONS,
        said("hit", collision_id=1, probability=0.8, is_predicted_injury=True),
        said("false alarm", collision_id=2, probability=0.6, is_predicted_injury=True),
        said("missed", collision_id=3, probability=0.1),
        said("no record", collision_id=4, is_predicted_injury=True),
        said("record does not tell", collision_id=5),
        said("no id"),
    )
    world.official(
        DAY,
        {"collision_id": 1, "is_injury_crash": True},
        {"collision_id": 2, "is_injury_crash": False},
        {"collision_id": 5, "is_injury_crash": None},
    )
    world.official(BEFORE, {"collision_id": 3, "is_injury_crash": True})
    (row,) = accuracy(world)
    counts = [row[name] for name in t.LIVE_ACCURACY.schema.names if name.endswith("_count")]
    assert counts == [6, 3, 2, 2, 1]
    assert row["mean_probability"] == pytest.approx(0.5)
    assert row["brier"] == pytest.approx((0.2**2 + 0.6**2 + 0.9**2) / 3)


def test_of_a_report_scored_twice_the_last_version_counts(world: World) -> None:
    first = said("a", collision_id=1, probability=0.9)
    change(world, t.LIVE_PREDICTIONS, first, first | {"event_version": 2, "probability": 0.2})
    world.official(DAY, {"collision_id": 1, "is_injury_crash": False})
    (row,) = accuracy(world)
    assert (row["prediction_count"], row["mean_probability"]) == (1, 0.2)


def test_models_are_judged_apart(world: World) -> None:
    change(
        world,
        t.LIVE_PREDICTIONS,
        said("a", collision_id=1),
        said("b", collision_id=1, model_version=2),
        said("c", feature_set="full_report"),
    )
    world.official(DAY, {"collision_id": 1, "is_injury_crash": False})
    rows = accuracy(world)
    assert [(r["feature_set"], r["model_version"], r["labelled_count"]) for r in rows] == [
        ("first_report", 1, 1),
        ("first_report", 2, 1),
        ("full_report", 1, 0),
    ]


def test_without_predictions_there_is_nothing_to_judge(world: World) -> None:
    world.official(DAY, {"collision_id": 1})
    assert accuracy(world) == []
