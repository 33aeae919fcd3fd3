import os
from pathlib import Path
from typing import Any

import pytest

from crash_platform_tests.serving.browser.looking import DESKTOP, PHONE, looking
from crash_platform_tests.serving.browser.running import Platform

pytestmark = pytest.mark.browser
PATHS = [
    "/",
    "/reports",
    "/live",
    "/overview",
    "/hotspots",
    "/causes",
    "/model-quality",
    "/data-quality",
    "/streams",
    "/about",
]
WINDOWS = {"desktop": DESKTOP, "phone": PHONE}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("window", list(WINDOWS))
@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_clean_readable_and_fits(
    chromium: Any, platform: Platform, path: str, window: str, scheme: str
) -> None:
    with looking(chromium, WINDOWS[window], scheme) as look:
        look.open(platform.url + path)
        pictures = os.environ.get("CRASH_PLATFORM_TEST_PICTURES")
        if pictures:
            name = path.strip("/") or "report"
            look.page.screenshot(
                path=Path(pictures) / f"{name}-{window}-{scheme}.png", full_page=True
            )
        assert look.complaints == []
        assert look.violations() == []
        assert look.overflow() <= 0


@pytest.mark.parametrize("path", PATHS)
def test_a_page_says_the_same_without_scripts(chromium: Any, platform: Platform, path: str) -> None:
    with looking(chromium, DESKTOP, java_script_enabled=False) as look:
        look.open(platform.url + path)
        assert look.page.locator("h1").count() == 1
        assert look.page.locator("main").inner_text().strip()
