"""The weather pipeline on a lake of its own, for each test that asks for one."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from crash_platform.pipelines.weather.checks import checks
from crash_platform.pipelines.weather.feed import weather_feed
from crash_platform_tests.orchestration.feeds.feed_lake import FeedLake


@pytest.fixture
def weather(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FeedLake]:
    monkeypatch.setenv("CRASH_PLATFORM_HOME", str(tmp_path))
    with dg.DagsterInstance.ephemeral() as instance:
        yield FeedLake(weather_feed(), str(tmp_path / "lake"), instance, checks())
