"""Fixtures of the live feed's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from crash_platform_tests.serving.live.scene import Lake, Scene


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


@pytest.fixture
def scene(lake: Lake) -> Iterator[Scene]:
    made = Scene(lake)
    with made.live:
        yield made
