from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa

from crash_platform.lake.contract import Window
from crash_platform.lake.frame import Frame
from crash_platform.lake.location import Location
from crash_platform.lake.store import Store
from crash_platform.pipelines.crashes.tables import CRASH_COVERAGE as TABLE
from crash_platform.serving.pages.as_of import SECONDS, DataAsOf
from crash_platform.serving.pages.page import AsOf
from crash_platform_tests.serving.asking import StrictGuard
from crash_platform_tests.serving.pages.browsing import Browser

DAY, PULLED = date(2022, 1, 8), datetime(2023, 11, 14, 22, 13, tzinfo=UTC)


def test_a_page_allows_nothing_but_this_server_and_escapes_its_values() -> None:
    page = Browser().get("/overview")
    assert page.headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["cache-control"] == "no-store"
    assert "read &lt;b&gt;this&lt;/b&gt;" in page.text
    assert "style=" not in page.text


def test_every_page_says_how_far_the_data_reach() -> None:
    assert "<strong>2022-12-31</strong>, last pulled 2026-01-02 03:04 UTC" in (
        Browser().get("/overview").text
    )
    assert "make demo" in Browser(as_of=lambda: AsOf(None, None)).get("/overview").text
    broken = Browser(as_of=lambda: AsOf(None, None, "The lake cannot be read."))
    assert "The lake cannot be read." in broken.get("/overview").text


def test_the_navigation_marks_the_page_and_offers_to_sign_out_behind_a_key() -> None:
    page = Browser().get("/overview").text
    assert '<a href="/overview" aria-current="page">Overview</a>' in page
    assert "Sign out" not in page
    guarded = Browser(StrictGuard())
    guarded.send("/sign-in", {"key": "reader"})
    assert "Sign out" in guarded.get("/overview").text


def test_what_is_not_there_is_a_page_for_people_and_json_for_programs() -> None:
    browser = Browser()
    page = browser.get("/nowhere")
    assert (page.status_code, "There is no such page" in page.text) == (404, True)
    program = browser.get("/nowhere", headers={"Accept": "*/*"})
    assert program.json()["error"]["code"] == "not_found"


def test_static_files_are_asked_about_and_nothing_else_is_served() -> None:
    browser = Browser()
    css = browser.get("/static/app.css")
    assert (css.status_code, css.headers["cache-control"]) == (200, "no-cache")
    again = browser.get("/static/app.css", headers={"If-None-Match": css.headers["etag"]})
    assert again.status_code == 304
    for path in ("/static/../page.py", "/static/%2e%2e/page.py", "/static/", "/static/none.css"):
        assert browser.get(path).status_code == 404


class Seconds:
    """A timer that is moved by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_how_far_the_data_reach_is_asked_again_after_half_a_minute(tmp_path: Path) -> None:
    store, timer = Store(Location(str(tmp_path))), Seconds()
    as_of = DataAsOf(store, timer)
    assert as_of() == AsOf(None, None)
    row = dict.fromkeys(TABLE.schema.names, 1) | {
        "crash_date": DAY,
        "is_current": True,
        "first_pulled_at": PULLED,
        "last_pulled_at": PULLED,
    }
    rows = pa.Table.from_pylist([row], TABLE.schema)
    store.replace(TABLE, Window(DAY, DAY), Frame(TABLE.schema, rows.to_reader))
    assert as_of() == AsOf(None, None)
    timer.now = SECONDS
    assert as_of() == AsOf("2022-01-08", "2023-11-14 22:13")


def test_a_lake_that_cannot_be_read_is_told_and_not_taken_for_empty(tmp_path: Path) -> None:
    (tmp_path / "gold" / "crash_coverage" / "_delta_log").mkdir(parents=True)
    (tmp_path / "gold" / "crash_coverage" / "_delta_log" / ("0" * 20 + ".json")).write_text("?")
    told = DataAsOf(Store(Location(str(tmp_path))), lambda: 0.0)()
    assert told.newest_day is None
    assert "gold/crash_coverage" in told.problem
