"""The page of the feed as it comes, before any script runs."""

import html
import re
from datetime import timedelta
from pathlib import Path

import pytest

from crash_platform.serving.live.feed import open_live
from crash_platform.serving.live.routes import MOST_ROWS, ROWS, summary
from crash_platform.serving.pages.page import POLICY, STATIC
from crash_platform_tests.serving.asking import StrictGuard
from crash_platform_tests.serving.live.scene import NOW, Lake, Scene, row

HTML = {"Accept": "text/html"}


def page(scene: Scene) -> str:
    answer = scene.api.get("/live", headers=HTML)
    assert answer.status_code == 200
    assert answer.headers["Content-Security-Policy"] == POLICY
    return answer.text


def text_of(page: str) -> str:
    """What the page says, without the row that scripts fill."""
    shown = re.sub(r"<template.*?</template>", "", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", shown)).split())


def test_the_newest_reports_come_with_the_page_newest_first(scene: Scene) -> None:
    scene.lake.commit(*(row(number, on_street_name=f"STREET {number}") for number in range(60)))
    told = page(scene)
    assert re.findall(r"STREET (\d+)", told) == [str(number) for number in range(59, 9, -1)]
    assert 'data-cursor="1:0=59"' in told
    assert f'data-most="{MOST_ROWS}"' in told


def test_a_report_is_told_with_all_that_is_known_of_it(scene: Scene) -> None:
    scene.lake.commit(row(0, is_simulated=True))
    told = text_of(page(scene))
    for words in (
        *("2023-09-20 16:29:59 UTC", "Staten Island BAY STREET", "crash of 2023-09-20 09:05"),
        *("Vehicles: Sedan, Bike", "Probability of an injury: 42 %", "injury predicted simulated"),
        *("Model version 7 , scored after 250 ms", "Injury predicted 100 %"),
    ):
        assert words in told


def test_a_page_shows_what_was_scored_a_moment_ago_also_while_nobody_listens(scene: Scene) -> None:
    assert "No report has been scored yet" in text_of(page(scene))
    for number in range(3):
        scene.lake.commit(row(number))
        scene.live._looked_at = None
        assert f'data-cursor="1:0={number}"' in page(scene)


def test_what_people_typed_is_text_and_nothing_else(scene: Scene) -> None:
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    scene.lake.commit(row(0, on_street_name=evil, vehicle_types=[evil], source=evil))
    told = page(scene)
    assert "<script>" not in told
    assert "<img" not in told
    assert html.escape("<script>alert(1)</script>") in told


def test_nothing_in_the_page_needs_what_the_policy_forbids(scene: Scene) -> None:
    scene.lake.commit(row(0))
    told = page(scene)
    assert not re.findall(r"\sstyle=|\son[a-z]+=|javascript:|https?://", told)
    for name in re.findall(r'/static/([^"]+)"', told):
        assert (STATIC / name).is_file()
        assert "innerHTML" not in (STATIC / name).read_text()


def test_every_part_that_a_script_fills_is_there(scene: Scene) -> None:
    scene.lake.commit(row(0))
    told = page(scene)
    (template,) = re.findall(r"<template.*?</template>", told, flags=re.DOTALL)
    script = (STATIC / "live.js").read_text()
    parts = set(re.findall(r'data-field="(\w+)"', template))
    assert parts >= set(re.findall(r'part\("(\w+)"\)', script))
    assert set(re.findall(r'byId\("(\w+)"\)', script)) <= set(re.findall(r'id="(\w+)"', told))


def test_the_summary_is_of_the_reports_on_the_page(scene: Scene) -> None:
    scene.lake.commit(
        row(-90, is_predicted_injury=False, latency_ms=100.0), row(-30), row(-10, latency_ms=1500.0)
    )
    entries = scene.live.newest(ROWS).entries
    assert summary(entries, NOW) == {
        "minute": "2",
        "flagged": "67 %",
        "latency": "250 ms",
        "count": "3",
    }
    assert summary([], NOW)["count"] == "0"
    assert summary(entries, NOW + timedelta(days=1))["minute"] == "0"


def test_who_is_not_signed_in_is_led_to_the_door(lake: Lake) -> None:
    scene = Scene(lake, guard=StrictGuard())
    answer = scene.api.get("/live", headers=HTML)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in?next=/live")
    let_in = scene.api.get("/live", headers=HTML | {"Cookie": "crash_platform_key=reader"})
    assert let_in.status_code == 200


def test_a_table_that_cannot_be_read_is_a_refusal_in_words(scene: Scene) -> None:
    log = scene.lake.folder / "lake" / "gold" / "live_predictions" / "_delta_log"
    log.mkdir(parents=True)
    Path(log / f"{0:020}.json").write_text("{")
    answer = scene.api.get("/live", headers=HTML)
    assert answer.status_code == 503
    assert "The live predictions cannot be read now" in text_of(answer.text)
    assert "stands still" in scene.lines[0]


def test_the_feed_opens_over_a_lake(lake: Lake) -> None:
    lake.commit(row(0))
    with open_live(lake.store, lambda: NOW, print) as live:
        assert live.newest(5).cursor == "1:0=0"


@pytest.mark.parametrize("name", ["live.css", "live.js"])
def test_the_files_of_the_page_are_served(scene: Scene, name: str) -> None:
    answer = scene.api.get(f"/static/{name}")
    assert answer.status_code == 200
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
