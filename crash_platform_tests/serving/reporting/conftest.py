"""The office that most tests go to, and somebody in it."""

from pathlib import Path

import pytest

from crash_platform_tests.serving.reporting.office import Browser, Office


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


@pytest.fixture
def somebody(office: Office) -> Browser:
    return Browser(office)
