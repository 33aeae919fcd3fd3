"""What is Spark's alone: what it needs, what it leaves in a session, how Dagster gives it one."""

import os
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from crash_platform.definitions import build
from crash_platform.engine.plan import EngineError, Step
from crash_platform.engine.spark_engine import SparkEngine
from crash_platform.engine.spark_session import local_session, local_settings, missing_for_spark
from crash_platform.orchestration.resources import EngineResource, SparkEngineResource
from crash_platform.settings import Settings
from crash_platform_tests.engine.spark import spark_or_skip

ONE = [Step("one", "SELECT 1 AS one")]


def test_without_java_the_error_says_so_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyspark", reason="Spark needs the spark extra")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(EngineError, match=r"^The Spark engine needs Java 17 .*ENGINE=duckdb\.$"):
        SparkEngine().stream({}, ONE)


def test_without_pyspark_the_error_says_so_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    assert missing_for_spark() == "the spark extra (pip install 'crash-platform[spark]')"
    with pytest.raises(EngineError, match=r"needs the spark extra .*ENGINE=duckdb\.$"):
        SparkEngine().stream({}, ONE)


def test_definitions_load_without_pyspark_unless_spark_is_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("pyspark", "dagster_pyspark"):
        monkeypatch.setitem(sys.modules, name, None)
    resources = build(Settings(home=tmp_path)).resources or {}
    assert type(resources["engine"]) is EngineResource
    assert "pyspark" not in resources
    with pytest.raises(EngineError, match="needs the spark extra"):
        build(Settings(home=tmp_path, engine="spark"))


def test_nobody_outside_this_machine_can_reach_a_local_session() -> None:
    settings = local_settings()
    assert settings["spark.driver.bindAddress"] == settings["spark.driver.host"] == "127.0.0.1"
    assert settings["spark.ui.enabled"] == "false"


@pytest.mark.spark
def test_dagster_hands_the_engine_the_session_of_its_own_resource(tmp_path: Path) -> None:
    spark_or_skip()
    from dagster_pyspark import LazyPySparkResource

    resources = build(Settings(home=tmp_path, engine="spark")).resources or {}
    assert isinstance(resources["pyspark"], LazyPySparkResource)
    assert resources["pyspark"].spark_config == local_settings()
    assert isinstance(resources["engine"], SparkEngineResource)
    assert resources["engine"].open().stream({}, ONE).read_all().to_pylist() == [{"one": 1}]
    assert resources["pyspark"].spark_session.sparkContext is local_session().sparkContext


@pytest.mark.spark
def test_an_answer_leaves_neither_views_nor_cached_rows_in_the_session() -> None:
    engine = spark_or_skip()
    steps = [
        Step("kept", "SELECT * FROM data", is_kept=True),
        Step("all_rows", "SELECT * FROM kept"),
    ]
    engine.stream({"data": pa.table({"x": [1, 2]})}, steps).read_all()
    with pytest.raises(EngineError):
        engine.stream(
            {"data": pa.table({"x": [1]})}, [steps[0], Step("bad", "SELECT nope FROM kept")]
        )
    session = local_session()
    assert not [table for table in session.catalog.listTables() if table.isTemporary]
    assert session.sparkContext._jsc.getPersistentRDDs().isEmpty()


@pytest.mark.spark
def test_spark_runs_on_loopback_in_utc_with_this_python() -> None:
    spark_or_skip().stream({}, ONE).read_all()
    session = local_session()
    assert session.conf.get("spark.sql.session.timeZone") == "UTC"
    assert session.conf.get("spark.sql.ansi.enabled") == "true"
    assert session.sparkContext.uiWebUrl is None
    assert os.environ["PYSPARK_PYTHON"] == sys.executable
    assert not Path("spark-warehouse").exists()


@pytest.mark.spark
def test_an_overflow_is_an_error_with_its_reason() -> None:
    step = Step("grown", "SELECT x + 1 AS y FROM data")
    with pytest.raises(EngineError, match=r"^Spark cannot make grown: \[ARITHMETIC_OVERFLOW\]"):
        spark_or_skip().stream({"data": pa.table({"x": [2**63 - 1]})}, [step])
