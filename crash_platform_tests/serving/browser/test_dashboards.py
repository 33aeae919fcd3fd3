"""Dashboards as people use them: filtered by address, read by keyboard, taken away as a file."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from crash_platform_tests.serving.browser.looking import DESKTOP, Look, looking
from crash_platform_tests.serving.browser.running import Platform

pytestmark = pytest.mark.browser
DRAWN = ["/overview", "/hotspots", "/causes", "/model-quality", "/data-quality", "/streams"]


def tile(look: Look, figure: str, label: str) -> str:
    """The headline under a label."""
    found: str = look.page.locator(f"#{figure} dt", has_text=label).first.evaluate(
        "each => each.nextElementSibling.textContent.trim()"
    )
    return found


@pytest.mark.parametrize("path", DRAWN)
def test_every_chart_of_a_dashboard_is_drawn(chromium: Any, platform: Platform, path: str) -> None:
    with looking(chromium, DESKTOP) as look:
        look.open(platform.url + path)
        charts = look.page.locator("[data-chart]")
        assert charts.count() >= 1
        for place in range(charts.count()):
            chart = charts.nth(place)
            chart.scroll_into_view_if_needed()
            chart.locator("svg, canvas").first.wait_for(timeout=10_000)
        assert look.complaints == []


def test_a_chart_is_read_with_the_keyboard(chromium: Any, platform: Platform) -> None:
    with looking(chromium, DESKTOP) as look:
        look.open(f"{platform.url}/overview")
        chart = look.page.locator("#boroughs .canvas")
        chart.scroll_into_view_if_needed()
        chart.focus()
        look.page.keyboard.press("ArrowRight")
        first = look.page.locator("#boroughs [aria-live]").inner_text()
        assert "BROOKLYN" in first
        assert "32,220" in first
        look.page.keyboard.press("ArrowRight")
        assert "QUEENS" in look.page.locator("#boroughs [aria-live]").inner_text()


def test_filters_are_in_the_address_and_change_every_figure(
    chromium: Any, platform: Platform
) -> None:
    with looking(chromium, DESKTOP) as look:
        look.open(f"{platform.url}/overview")
        assert tile(look, "totals", "Crashes") == "103,886"
        look.page.get_by_label("First day").fill("2022-07-01")
        look.page.get_by_label("Last day").fill("2022-07-31")
        look.page.get_by_text("Boroughs: all").click()
        look.page.get_by_label("STATEN ISLAND").check()
        look.page.get_by_role("button", name="Show").click()
        look.page.wait_for_url("**boroughs=STATEN*")
        assert tile(look, "totals", "Crashes") == "405"
        again = look.page.url
        look.open(again)
        assert look.page.get_by_label("First day").input_value() == "2022-07-01"
        assert tile(look, "totals", "Crashes") == "405"


def test_a_figure_is_taken_away_with_the_filters_of_the_page(
    chromium: Any, platform: Platform
) -> None:
    with looking(chromium, DESKTOP) as look:
        look.open(f"{platform.url}/overview?first_day=2022-01-01&last_day=2022-01-31")
        with look.page.expect_download() as waiting:
            look.page.get_by_role("link", name="CSV of By borough").click()
        text = Path(waiting.value.path()).read_text("utf-8")
        rows = list(csv.DictReader(io.StringIO(text)))
        assert sum(int(row["crash_count"]) for row in rows) == 7_914
        assert waiting.value.suggested_filename.endswith(".csv")


def test_a_filter_that_makes_no_sense_is_told_on_the_page(
    chromium: Any, platform: Platform
) -> None:
    with looking(chromium, DESKTOP) as look:
        answer = look.page.goto(f"{platform.url}/overview?first_day=2022-12-31&last_day=2022-01-01")
        assert answer.status == 422
        assert "2022-12-31" in look.page.locator("main").inner_text()


def test_the_map_is_zoomed_with_buttons(chromium: Any, platform: Platform) -> None:
    with looking(chromium, DESKTOP) as look:
        look.open(f"{platform.url}/hotspots")
        look.page.get_by_role("button", name="Zoom in").click()
        look.page.get_by_role("button", name="Whole city").click()
        assert "Not on the map" in look.page.locator("main").inner_text()
        assert look.complaints == []
