"""A real browser before the real platform. It needs the ci extra, Chromium and a home of demo's."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crash_platform_tests.serving.browser.running import Platform, running

HOME = "CRASH_PLATFORM_TEST_HOME"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="needs the ci extra: make .venv/.installed-full"
    )
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("needs Chromium: apt install chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory, chromium: Any) -> Iterator[Platform]:
    made = os.environ.get(HOME)
    if made is None:
        pytest.skip(f"needs a home that `make demo` made: {HOME}=.crash_platform")
    with running(Path(made), tmp_path_factory.mktemp("platform")) as platform:
        yield platform
