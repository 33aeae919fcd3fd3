"""The pages of model, data and streams as a browser gets them, over lakes with and without rows."""

from pathlib import Path

import pytest

from crash_platform.lake.location import Location
from crash_platform.lake.store import Store
from crash_platform.serving.dashboards.hub_lag import StreamState
from crash_platform.serving.dashboards.pictures import picture_routes
from crash_platform.serving.dashboards.quality import quality
from crash_platform.serving.dashboards.routes import dashboard_routes
from crash_platform.serving.dashboards.streams import streams
from crash_platform_tests.serving.dashboards.model_lakes import HEALTHY, MEASURED, MODEL, held
from crash_platform_tests.serving.pages.browsing import Browser

AWAY = (StreamState("crash_reports", (), "Nobody answers: <start> the hub."),)
DASHBOARDS = (MODEL, quality(tuple), streams(lambda: AWAY))


def browser_at(store: Store) -> Browser:
    return Browser(rooms=(dashboard_routes(DASHBOARDS, store), picture_routes(store)))


@pytest.mark.parametrize("path", [each.path for each in DASHBOARDS])
def test_a_page_opens_before_anything_was_loaded(tmp_path: Path, path: str) -> None:
    answer = browser_at(Store(Location(str(tmp_path / "lake")))).get(path)
    assert answer.status_code == 200
    assert "Nothing yet" in answer.text


def test_the_model_is_judged_on_its_page(tmp_path: Path) -> None:
    tables = {"model__monitoring": [HEALTHY], "model__comparison": MEASURED}
    query = "feature_set=first_report&experiment=models&metric=brier&as_of_date=2022-12-31"
    models = [{"feature_set": "first_report", "as_of_date": HEALTHY["monitored_date"]}]
    browser = browser_at(held(tmp_path, **tables, model__injury_model=models))
    answer = browser.get(f"{MODEL.path}?{query}")
    assert "Yes: as of 30 Dec 2022 all 5 hold." in answer.text
    assert "Brier score: lower is better." in answer.text
    assert browser.get(f"{MODEL.path}?metric=password").status_code == 422


def test_a_hub_that_is_away_is_said_on_the_page(tmp_path: Path) -> None:
    answer = browser_at(Store(Location(str(tmp_path / "lake")))).get("/streams")
    assert "crash_reports: Nobody answers: &lt;start&gt; the hub." in answer.text
