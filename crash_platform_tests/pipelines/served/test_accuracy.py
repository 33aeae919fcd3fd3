"""Answers are held against what official records say: of each crash the last answer of a model."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from crash_platform.lake.contract import Window
from crash_platform.lake.frame import Frame
from crash_platform.lake.location import Location
from crash_platform.lake.store import Store
from crash_platform.pipelines.served import tables as t
from crash_platform.pipelines.served.accuracy import accuracy_recipe, days_behind
from crash_platform_tests.pipelines.reports.worlds import World
from crash_platform_tests.pipelines.served.counter import DAY, NOW, served

BEFORE = DAY - timedelta(days=1)
LATER = NOW + timedelta(days=40)
COUNTS = [name for name in t.SERVED_ACCURACY.schema.names if name.endswith("_count")]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(Store(Location(str(tmp_path))))


def ask(world: World, *rows: dict[str, Any]) -> None:
    """Append answers."""
    table = pa.Table.from_pylist(list(rows), schema=t.SERVED_PREDICTIONS.schema)
    number = world.store.last_number(t.SERVED_PREDICTIONS, "test")
    world.store.append_once(t.SERVED_PREDICTIONS, Frame.of(table), "test", number + 1)


def judge(world: World) -> list[dict[str, Any]]:
    window = Window(BEFORE, DAY)
    frame = world.frame(accuracy_recipe(), window)
    world.store.replace(t.SERVED_ACCURACY, window, frame)
    return world.rows(t.SERVED_ACCURACY)


def test_answers_with_an_outcome_are_judged_and_the_others_counted(world: World) -> None:
    ask(
        world,
        served("hit", collision_id=1, probability=0.8, is_predicted_injury=True),
        served("false alarm", collision_id=2, probability=0.6, is_predicted_injury=True),
        served("missed", collision_id=3, probability=0.1),
        served("no record", collision_id=4, is_predicted_injury=True),
        served("record does not tell", collision_id=5),
        served("no id"),
        served("no id either"),
    )
    world.official(
        DAY,
        {"collision_id": 1, "is_injury_crash": True},
        {"collision_id": 2, "is_injury_crash": False},
        {"collision_id": 5, "is_injury_crash": None},
    )
    world.official(BEFORE, {"collision_id": 3, "is_injury_crash": True})
    (row,) = judge(world)
    assert [row[name] for name in COUNTS] == [7, 3, 2, 2, 1]
    assert row["mean_probability"] == pytest.approx(0.5)
    assert row["brier"] == pytest.approx((0.2**2 + 0.6**2 + 0.9**2) / 3)


def test_of_answers_to_one_crash_the_last_counts_wherever_it_was_asked(world: World) -> None:
    ask(
        world,
        served("a", collision_id=1, probability=0.9),
        served("b", collision_id=1, probability=0.3, asked_at=LATER, asked_date=LATER.date()),
        served("b", collision_id=1, probability=0.2, asked_at=LATER, asked_date=LATER.date())
        | {"place_in_request": 1},
    )
    world.official(DAY, {"collision_id": 1, "is_injury_crash": False})
    (row,) = judge(world)
    assert (row["prediction_count"], row["mean_probability"]) == (1, 0.2)


def test_channels_models_and_days_are_judged_apart(world: World) -> None:
    ask(
        world,
        served("a", collision_id=1),
        served("b", collision_id=1, channel="page"),
        served("c", collision_id=1, model_version=2),
        served("d", collision_id=1, feature_set="full_report"),
        served("e", collision_id=1, crash_date=BEFORE),
        served("f", collision_id=1, crash_date=BEFORE - timedelta(days=1)),
    )
    world.official(DAY, {"collision_id": 1, "is_injury_crash": False})
    names = ("crash_date", "channel", "feature_set", "model_version", "labelled_count")
    assert [tuple(row[name] for name in names) for row in judge(world)] == [
        (BEFORE, "predict", "first_report", 1, 1),
        (DAY, "page", "first_report", 1, 1),
        (DAY, "predict", "first_report", 1, 1),
        (DAY, "predict", "first_report", 2, 1),
        (DAY, "predict", "full_report", 1, 1),
    ]


def test_days_are_behind_until_they_are_made_and_again_when_anything_changes(world: World) -> None:
    assert days_behind(world.engine, world.store) == []
    ask(world, served("a", collision_id=1), served("b", crash_date=BEFORE))
    assert days_behind(world.engine, world.store) == [BEFORE, DAY]
    judge(world)
    assert days_behind(world.engine, world.store) == []
    world.official(DAY, {"collision_id": 2, "is_injury_crash": True})
    assert days_behind(world.engine, world.store) == [], "of a crash that nobody asked about"
    world.official(BEFORE, {"collision_id": 1, "is_injury_crash": True})
    assert days_behind(world.engine, world.store) == [DAY]
    judge(world)
    ask(world, served("c", collision_id=1, probability=0.3, asked_at=LATER))
    assert days_behind(world.engine, world.store) == [DAY]
    judge(world)
    world.official(BEFORE)
    assert days_behind(world.engine, world.store) == [DAY]


def test_without_answers_there_is_nothing_to_judge(world: World) -> None:
    world.official(DAY, {"collision_id": 1})
    assert judge(world) == []
