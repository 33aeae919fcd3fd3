"""One meaning in both engines: accuracy cell by cell, the days behind, and every promise."""

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from crash_platform.engine.duckdb_engine import DuckDBEngine
from crash_platform.engine.spark_engine import SparkEngine
from crash_platform.lake.contract import Window
from crash_platform.lake.frame import Frame
from crash_platform.lake.location import Location
from crash_platform.lake.store import Store
from crash_platform.pipelines.served import tables as t
from crash_platform.pipelines.served.accuracy import accuracy_recipe, days_behind
from crash_platform.pipelines.served.checks import promises
from crash_platform_tests.engine.spark import spark_or_skip
from crash_platform_tests.pipelines.crashes.parity import (
    differing_cells,
    inputs_of,
    made,
    offenders,
)
from crash_platform_tests.pipelines.reports.worlds import World
from crash_platform_tests.pipelines.served.counter import DAY, NOW, served

pytestmark = pytest.mark.spark

WINDOW = Window(DAY - timedelta(days=1), NOW.date())
DUCKDB = DuckDBEngine()
ANSWERS = [
    served("a", collision_id=1, probability=0.9, is_predicted_injury=True),
    served("b", collision_id=1, probability=0.3, asked_at=NOW + timedelta(seconds=1)),
    served("c", collision_id=1, probability=0.1, asked_at=NOW + timedelta(seconds=1)),
    served("c", collision_id=1, probability=0.2, asked_at=NOW + timedelta(seconds=1))
    | {"place_in_request": 1},
    served("d", collision_id=2, probability=1e-9, channel="page"),
    served("e", collision_id=3, probability=0.7, is_predicted_injury=True),
    served("f", collision_id=4, crash_date=NOW.date()),
    served("g"),
    served("h", probability=1.5, is_predicted_injury=True),
    served("h"),
    served("i", probability=float("nan")),
]


@pytest.fixture(scope="module")
def spark() -> SparkEngine:
    return spark_or_skip()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Answers, good and bad, and official records of some."""
    store = Store(Location(str(tmp_path)))
    rows = pa.Table.from_pylist(ANSWERS, schema=t.SERVED_PREDICTIONS.schema)
    store.append_once(t.SERVED_PREDICTIONS, Frame.of(rows), "test", 1)
    World(store).official(
        DAY,
        {"collision_id": 1, "is_injury_crash": True},
        {"collision_id": 2, "is_injury_crash": False},
        {"collision_id": 3, "is_injury_crash": None},
    )
    return store


def test_accuracy_and_the_days_behind_are_the_same_on_both_engines(
    store: Store, spark: SparkEngine
) -> None:
    recipe = accuracy_recipe()
    ours, theirs = (made(recipe, engine, store, WINDOW) for engine in (DUCKDB, spark))
    assert ours.num_rows == 3
    assert differing_cells(ours, theirs) == {}
    assert days_behind(DUCKDB, store) == days_behind(spark, store) == [DAY, NOW.date()]
    store.replace(t.SERVED_ACCURACY, WINDOW, Frame.of(ours))
    assert days_behind(DUCKDB, store) == days_behind(spark, store) == []


def test_every_promise_finds_the_same_on_both_engines(store: Store, spark: SparkEngine) -> None:
    rows = made(accuracy_recipe(), DUCKDB, store, WINDOW)
    place = rows.schema.get_field_index("hit_count")
    spoilt = rows.set_column(place, "hit_count", pa.array([9] * rows.num_rows))
    store.replace(t.SERVED_ACCURACY, WINDOW, Frame.of(spoilt.cast(t.SERVED_ACCURACY.schema)))
    for promise in promises():
        inputs = inputs_of(promise, store, WINDOW)
        ours = offenders(promise, DUCKDB, inputs)
        assert ours
        assert ours == offenders(promise, spark, inputs), promise.name
