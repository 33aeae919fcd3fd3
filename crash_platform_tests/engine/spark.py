"""The one Spark engine of a test run, where Spark can run at all."""

import pytest

from crash_platform.engine.spark_engine import SparkEngine
from crash_platform.engine.spark_session import missing_for_spark


def spark_or_skip() -> SparkEngine:
    """Spark in this process (one session for all tests); skips with what is missing."""
    missing = missing_for_spark()
    if missing:
        pytest.skip(f"Spark needs {missing}")
    return SparkEngine()
