"""Fixtures of the lake's tests."""

from pathlib import Path

import pytest

from crash_platform.lake.store import Store
from crash_platform_tests.lake.things import store_in


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty lake in a folder whose name is not plain."""
    return store_in(tmp_path / "a lake, größer" / "tables")
