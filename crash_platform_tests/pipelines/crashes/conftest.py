"""A lake and a Dagster instance of their own for each test that asks for them."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from crash_platform_tests.pipelines.crashes.crash_lake import CrashLake


@pytest.fixture
def crash_lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CrashLake]:
    monkeypatch.setenv("CRASH_PLATFORM_HOME", str(tmp_path))
    monkeypatch.setenv("CRASH_PLATFORM_SOURCE", "landed")
    for name in ("LAKE", "ENGINE"):
        monkeypatch.delenv(f"CRASH_PLATFORM_{name}", raising=False)
    with dg.DagsterInstance.ephemeral() as instance:
        yield CrashLake(instance)
