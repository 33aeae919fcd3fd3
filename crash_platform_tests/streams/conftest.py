"""Fixtures of the streams' tests."""

from pathlib import Path

import pytest

from crash_platform.lake.location import Location
from crash_platform.lake.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty lake."""
    return Store(Location(str(tmp_path / "lake")))
