"""Fixtures of the sources' tests."""

from collections.abc import Iterator

import pytest

from crash_platform_tests.sources.socrata_cases import crashes
from crash_platform_tests.sources.socrata_server import SocrataServer


@pytest.fixture
def portal() -> Iterator[SocrataServer]:
    """A portal that publishes 25 crashes."""
    with SocrataServer(crashes(25)) as server:
        yield server
