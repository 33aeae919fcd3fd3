"""The lake and the engine as Dagster resources.

Validated, free of secrets, each yielding a plain object.
"""

from typing import Any

import dagster as dg
from pydantic import Field

from crash_platform.engine.duckdb_engine import DuckDBEngine
from crash_platform.engine.plan import Engine, EngineError
from crash_platform.engine.spark_engine import SparkEngine
from crash_platform.engine.spark_session import local_settings, make_ready
from crash_platform.lake.store import Store
from crash_platform.orchestration.lakes import open_store
from crash_platform.settings import Settings, load_settings


def open_engine(name: str, memory_limit: str) -> Engine:
    """The engine of that name; ``memory_limit`` is DuckDB's. Spark starts when first asked.

    Raises:
        EngineError: Spark is asked for, but it or Java is missing.
    """
    if name == "duckdb":
        return DuckDBEngine(memory_limit)
    make_ready()
    return SparkEngine()


class LakeResource(dg.ConfigurableResource[Store]):
    """Where the tables lie. Credentials stay in the environment and never enter the config."""

    root: str

    def store(self) -> Store:
        """The lake's tables."""
        return open_store(load_settings().model_copy(update={"lake": self.root}))


class EngineResource(dg.ConfigurableResource[Engine]):
    """What runs the SQL texts."""

    engine: str = Field(default="duckdb", pattern="^(duckdb|spark)$")
    memory_limit: str = "1GB"

    def open(self) -> Engine:
        """The engine, ready to use."""
        return open_engine(self.engine, self.memory_limit)


class SparkEngineResource(EngineResource):
    """Spark, on the session that Dagster's own resource starts when the first query needs it."""

    engine: str = Field(default="spark", pattern="^spark$")
    pyspark: dg.ResourceDependency[Any]

    def open(self) -> Engine:
        """The engine, ready to use."""
        return SparkEngine(lambda: self.pyspark.spark_session)


def engine_resources(settings: Settings) -> dict[str, Any]:
    """``engine`` as these settings choose it, and with Spark dagster-pyspark's ``pyspark``.

    Raises:
        EngineError: Spark is chosen, but its extra is not installed.
    """
    if settings.engine == "duckdb":
        return {"engine": EngineResource(memory_limit=settings.duckdb_memory_limit)}
    try:
        from dagster_pyspark import LazyPySparkResource
    except ImportError as error:
        raise EngineError(
            "The Spark engine needs the spark extra: pip install 'crash-platform[spark]', or set "
            "CRASH_PLATFORM_ENGINE=duckdb."
        ) from error
    pyspark = LazyPySparkResource(spark_config=local_settings())
    return {"pyspark": pyspark, "engine": SparkEngineResource(pyspark=pyspark)}
