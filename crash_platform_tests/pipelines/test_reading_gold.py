"""What docs/how-to/read-gold.md shows, run as it is written, and what it promises of the tables."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from crash_platform.lake.contract import Table
from crash_platform.pipelines.crashes.tables import DAILY_CRASHES
from crash_platform.pipelines.duckdb_file import write_duckdb
from crash_platform.pipelines.tables import TABLES
from crash_platform_tests.engine.spark import spark_or_skip
from crash_platform_tests.lake.things import store_in
from crash_platform_tests.pipelines.gold_lake import gold_lake

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "read-gold.md"
FOR_OTHERS = [table for table in TABLES if table.layer in ("gold", "model")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the page assumes it: the lake in the usual home, an export beside it."""
    folder = tmp_path_factory.mktemp("reading")
    store = gold_lake(folder / ".crash_platform" / "lake")
    now = datetime(2026, 3, 4, tzinfo=UTC)
    write_duckdb(store, [DAILY_CRASHES], folder / "gold.duckdb", now)
    return folder


def after(example: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The names that the page's Python example with this text leaves behind."""
    (code,) = [
        text
        for text in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
        if example in text
    ]
    monkeypatch.chdir(folder)
    monkeypatch.setenv("CRASH_PLATFORM_HOME", str(folder / ".crash_platform"))
    monkeypatch.delenv("CRASH_PLATFORM_LAKE", raising=False)
    names: dict[str, Any] = {}
    exec(compile(code, PAGE.name, "exec"), names)
    return names


def test_a_notebook_reads_the_lake_of_its_environment(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = after("open_views()", folder, monkeypatch)["frame"]
    assert frame[["borough", "crash_count"]].to_dict("records") == [
        {"borough": "QUEENS", "crash_count": 2}
    ]


def test_pandas_reads_a_delta_table(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    daily = after("to_pandas()", folder, monkeypatch)["daily"]
    assert sorted(daily["crash_count"]) == [1, 2, 3]


def test_duckdb_reads_an_export(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    about = after("gold.duckdb", folder, monkeypatch)["about"]
    assert about[["table_name", "row_count"]].to_dict("records") == [
        {"table_name": "gold.daily_crashes", "row_count": 3}
    ]


@pytest.mark.spark
def test_spark_reads_the_files_of_a_delta_table(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spark_or_skip()
    daily = after("SparkSession", folder, monkeypatch)["daily"]
    assert sorted(row["crash_count"] for row in daily.collect()) == [1, 2, 3]


@pytest.mark.parametrize("table", FOR_OTHERS, ids=lambda table: table.path)
def test_no_table_of_gold_holds_local_times_which_few_readers_know(table: Table) -> None:
    assert [c.name for c in table.columns if c.type == pa.timestamp("us")] == []


def test_a_table_of_gold_keeps_the_protocol_that_every_reader_knows(folder: Path) -> None:
    delta = store_in(folder / ".crash_platform" / "lake").delta(DAILY_CRASHES)
    assert delta is not None
    assert delta.protocol().min_reader_version == 1
    assert delta.protocol().min_writer_version == 2
