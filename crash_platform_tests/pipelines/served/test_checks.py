"""Every promise about served predictions, kept by an honest lake and broken by a spoilt one."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from crash_platform.engine.duckdb_engine import DuckDBEngine
from crash_platform.lake.contract import Window
from crash_platform.lake.frame import Frame
from crash_platform.lake.location import Location
from crash_platform.lake.store import Store
from crash_platform.orchestration.promises import examine, promise_inputs
from crash_platform.pipelines.served import tables as t
from crash_platform.pipelines.served.checks import checks, promises
from crash_platform_tests.pipelines.served.counter import DAY, NOW, served

ACCURACY: dict[str, Any] = {
    "crash_date": DAY,
    "channel": "predict",
    "feature_set": "first_report",
    "model_version": 1,
    "prediction_count": 9,
    "labelled_count": 8,
    "injury_count": 3,
    "flagged_count": 5,
    "hit_count": 2,
    "mean_probability": 0.5,
    "brier": 0.2,
}
TABLES = {
    "every_answer_is_a_probability": t.SERVED_PREDICTIONS,
    "every_answer_is_there_once": t.SERVED_PREDICTIONS,
    "counts_are_parts_of_one_another": t.SERVED_ACCURACY,
}
KEPT = [
    ("every_answer_is_a_probability", [served("a"), served("b", probability=0.0)]),
    (
        "every_answer_is_a_probability",
        [served("a", probability=0.5, is_predicted_injury=True), served("b", threshold=1.0)],
    ),
    ("every_answer_is_there_once", [served("a"), served("a", place_in_request=1), served("b")]),
    ("counts_are_parts_of_one_another", [ACCURACY]),
    ("counts_are_parts_of_one_another", [ACCURACY | dict.fromkeys(list(ACCURACY)[4:9], 0)]),
]
BROKEN = [
    ("every_answer_is_a_probability", [served("a", probability=1.5, is_predicted_injury=True)]),
    ("every_answer_is_a_probability", [served("a", probability=float("nan"))]),
    ("every_answer_is_a_probability", [served("a", threshold=-0.1, is_predicted_injury=True)]),
    ("every_answer_is_a_probability", [served("a", is_predicted_injury=True)]),
    ("every_answer_is_a_probability", [served("a", probability=0.5)]),
    ("every_answer_is_there_once", [served("a"), served("a", channel="page")]),
    ("counts_are_parts_of_one_another", [ACCURACY | {"hit_count": 4}]),
    ("counts_are_parts_of_one_another", [ACCURACY | {"hit_count": -1}]),
    ("counts_are_parts_of_one_another", [ACCURACY | {"flagged_count": 1}]),
    ("counts_are_parts_of_one_another", [ACCURACY | {"flagged_count": 9}]),
    ("counts_are_parts_of_one_another", [ACCURACY | {"injury_count": 9}]),
    ("counts_are_parts_of_one_another", [ACCURACY | {"prediction_count": 7}]),
]


def offending(folder: Path, name: str, rows: list[dict[str, Any]]) -> int:
    table, store = TABLES[name], Store(Location(str(folder)))
    frame = Frame.of(pa.Table.from_pylist(rows, schema=table.schema))
    store.append_once(table, frame, "test", 1)
    promise = next(promise for promise in promises() if promise.name == name)
    inputs = promise_inputs(promise, store, Window(DAY, NOW.date()))
    return examine(promise, DuckDBEngine("500MB"), inputs).offending


@pytest.mark.parametrize(("name", "rows"), KEPT)
def test_an_honest_table_keeps_its_promises(
    tmp_path: Path, name: str, rows: list[dict[str, Any]]
) -> None:
    assert offending(tmp_path, name, rows) == 0


@pytest.mark.parametrize(("name", "rows"), BROKEN)
def test_a_row_that_breaks_a_promise_is_found(
    tmp_path: Path, name: str, rows: list[dict[str, Any]]
) -> None:
    assert offending(tmp_path, name, rows) == 1


def test_every_promise_is_a_check_of_one_name_and_table() -> None:
    keys = [key for check in checks() for key in check.check_keys]
    assert len(keys) == len(set(keys))
    promised = {(promise.table.path, promise.name) for promise in promises()}
    assert promised <= {("/".join(key.asset_key.path), key.name) for key in keys}
    assert {name for _, name in promised} == set(TABLES)
