"""A crash reported in a browser, followed to the live feed and into the tables."""

import time
from typing import Any

import pyarrow.dataset as ds
import pytest

from crash_platform.lake.contract import Table
from crash_platform.lake.location import Location
from crash_platform.lake.store import Store
from crash_platform.pipelines.reports.tables import CRASH_EVENTS, CRASHES_NOW, LIVE_PREDICTIONS
from crash_platform_tests.serving.browser.looking import DESKTOP, PHONE, Look, looking
from crash_platform_tests.serving.browser.running import PATIENCE_SECONDS, Platform

pytestmark = pytest.mark.browser


def rows(platform: Platform, table: Table, column: str, value: str) -> list[dict[str, Any]]:
    """The rows of a table with a value."""
    store = Store(Location(str(platform.home / "lake")))
    found: list[dict[str, Any]] = (
        store.slice(table).read(where=ds.field(column) == value).to_pylist()
    )
    return found


def fill_in(look: Look, street: str) -> None:
    """What somebody at the scene would tell."""
    page = look.page
    page.get_by_label("Borough").select_option("BROOKLYN")
    page.get_by_label("Street", exact=True).fill(street)
    page.get_by_label("Vehicle 1").fill("Bike")
    page.get_by_label("Vehicle 2").fill("Sedan")
    page.get_by_label("Factor 1").fill("Unsafe Speed")


def sent(look: Look) -> str:
    """Send the form; the id of the report."""
    look.page.get_by_role("button", name="Send the report").click()
    look.page.wait_for_url("**/reports/*")
    url: str = look.page.url
    return url.rsplit("/", 1)[1]


def test_a_report_is_answered_seen_live_and_reaches_the_tables(
    chromium: Any, platform: Platform
) -> None:
    with looking(chromium, DESKTOP) as watching, looking(chromium, DESKTOP) as look:
        watching.open(f"{platform.url}/live")
        look.open(f"{platform.url}/")
        fill_in(look, "EASTERN PARKWAY")
        event_id = sent(look)
        answer = look.page.locator("main").inner_text()
        assert "of 100" in answer
        assert "What moved the answer most" in answer
        watching.page.get_by_text("EASTERN PARKWAY").first.wait_for(timeout=30_000)
        look.page.locator('[data-step="scored"].done').wait_for(timeout=30_000)
        (scored,) = rows(platform, LIVE_PREDICTIONS, "event_id", event_id)
        assert (scored["borough"], scored["feature_set"]) == ("BROOKLYN", "full_report")
        platform.command("land")
        (landed,) = rows(platform, CRASH_EVENTS, "event_id", event_id)
        assert '"EASTERN PARKWAY"' in landed["body"]
        (now,) = rows(platform, CRASHES_NOW, "crash_key", f"report:{event_id}")
        assert (now["is_final"], now["is_simulated"], now["borough"]) == (False, False, "BROOKLYN")
        assert now["vehicle_types"] == ["Bike", "Sedan"]
        look.page.reload()
        assert look.page.locator('[data-step="shown"].done').count() == 1
        assert (look.complaints, watching.complaints) == ([], [])
        assert look.violations() == []


def test_without_scripts_a_report_is_answered_and_listed(chromium: Any, platform: Platform) -> None:
    with looking(chromium, PHONE, java_script_enabled=False) as look:
        look.open(f"{platform.url}/")
        fill_in(look, "OCEAN AVENUE")
        event_id = sent(look)
        assert "of 100" in look.page.locator("main").inner_text()
        look.open(f"{platform.url}/reports")
        assert look.page.locator(f'a[href="/reports/{event_id}"]').count() >= 1
    with looking(chromium, DESKTOP) as stranger:
        assert stranger.page.goto(f"{platform.url}/reports/{event_id}").status == 404


def test_a_wrong_field_is_named_at_the_top_and_everything_said_is_kept(
    chromium: Any, platform: Platform
) -> None:
    with looking(chromium, DESKTOP) as look:
        look.open(f"{platform.url}/")
        fill_in(look, "<script>alert(1)</script>")
        look.page.get_by_label("Latitude").fill("40.7")
        look.page.get_by_role("button", name="Send the report").click()
        look.page.get_by_role("alert").wait_for()
        assert look.page.get_by_label("Street", exact=True).input_value() == (
            "<script>alert(1)</script>"
        )
        assert look.page.locator('[aria-invalid="true"]').count() >= 1
        assert look.violations() == []


def test_a_report_can_be_made_and_sent_with_the_keyboard_alone(
    chromium: Any, platform: Platform
) -> None:
    with looking(chromium, DESKTOP) as look:
        look.open(f"{platform.url}/")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            look.page.keyboard.press("Tab")
            at = look.page.evaluate("() => document.activeElement.textContent.trim()")
            if at == "Send the report":
                break
        look.page.keyboard.press("Enter")
        look.page.wait_for_url("**/reports/*")
