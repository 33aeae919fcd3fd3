"""How a local Spark session is started and what it needs. No SQL is run here."""

import logging
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING

from crash_platform.engine.plan import EngineError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DRIVER_MEMORY = "2g"

SQL_SETTINGS: Mapping[str, str] = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    # Two cores and a few million rows: each further partition costs more than it saves.
    "spark.sql.shuffle.partitions": "4",
    # Planning a dozen small joins anew after each stage takes longer than the joins: twice as long
    # for a day of crashes. What it would find out, a kept step's count tells beforehand.
    "spark.sql.adaptive.enabled": "false",
    # Spark's own default, INT96, comes back as nanoseconds, which end in 2262.
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    # The Delta log has listed the files already: no job to list them once more.
    "spark.sql.sources.parallelPartitionDiscovery.threshold": "100000",
}
"""What the SQL texts rely on, in whatever session they run."""


def local_settings(memory: str = DRIVER_MEMORY) -> dict[str, str]:
    """The settings of a session in this machine's cores, reachable from nowhere else.

    ``memory`` is Spark's own, e.g. ``2g``: all that queries may hold before they spill to disk.
    """
    log4j = Path(__file__).with_name("log4j2.properties")
    return {
        "spark.master": "local[*]",
        "spark.app.name": "crash_platform",
        "spark.driver.memory": memory,
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={log4j.as_uri()}",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.warehouse.dir": str(Path(gettempdir()) / "crash_platform_warehouse"),
        **SQL_SETTINGS,
    }


def local_session() -> "SparkSession":
    """The local session of this process, started at the first call (about 10 s)."""
    from pyspark.sql import SparkSession

    builder = SparkSession.builder
    for key, value in local_settings().items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def make_ready() -> None:
    """Let a session start in this process, and keep pyspark from logging what it raises anyway.

    Raises:
        EngineError: pyspark or Java is missing.
    """
    missing = missing_for_spark()
    if missing:
        raise EngineError(f"The Spark engine needs {missing}; or set CRASH_PLATFORM_ENGINE=duckdb.")
    from pyspark.logger import PySparkLogger

    # Otherwise workers take whatever python3 comes first on the PATH.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    for name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
        PySparkLogger.getLogger(name).setLevel(logging.CRITICAL)


def missing_for_spark() -> str | None:
    """What has to be installed before Spark can start here; ``None`` where nothing is missing."""
    try:
        import pyspark  # noqa: F401
    except ImportError:
        return "the spark extra (pip install 'crash-platform[spark]')"
    home = os.environ.get("JAVA_HOME")
    if shutil.which("java", path=str(Path(home) / "bin") if home else None):
        return None
    where = f"in JAVA_HOME ({home})" if home else "on the PATH"
    return f"Java 17 or later, of which there is none {where}"
