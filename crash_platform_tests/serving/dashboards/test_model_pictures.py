"""The pictures of a model: shown in order with what they say, served by their table's bytes."""

import struct
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from crash_platform.lake.store import Store
from crash_platform.pipelines.injuries.tables import EVALUATION_CHARTS
from crash_platform.pipelines.views import connect
from crash_platform.serving.dashboards.pictures import TEMPLATE, picture_routes, pictures
from crash_platform.serving.pages.page import templates
from crash_platform_tests.serving.asking import StrictGuard
from crash_platform_tests.serving.dashboards.figures import lake
from crash_platform_tests.serving.pages.browsing import Browser

AS_OF = date(2022, 12, 31)
ASKED = {"as_of_date": "2022-12-31", "feature_set": "first_report"}
ADDRESS = "/model/pictures/2022-12-31/first_report"


def png(width: int, height: int, more: bytes = b"") -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height) + more


def chart(name: str, position: int, **more: Any) -> dict[str, Any]:
    told = {"title": f"{name} <b>found</b>", "reading": "Up is better.", "png": png(1200, 660)}
    where = {"as_of_date": AS_OF, "feature_set": "first_report"}
    return {**where, "chart": name, "position": position, **told, **more}


CHARTS = (
    chart("ranking", 2, png=png(900, 500, b"ranking")),
    chart("base_rate", 1),
    chart("ranking", 1, feature_set="full_report", png=png(1, 1)),
    chart("lift", 1, as_of_date=date(2022, 12, 30)),
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return lake(tmp_path, {EVALUATION_CHARTS.path: CHARTS}, [EVALUATION_CHARTS])


def shown(store: Store, **asked: Any) -> dict[str, Any]:
    with closing(connect(store, [EVALUATION_CHARTS])) as connection:
        return dict(pictures(connection, {**ASKED, **asked}))


def test_pictures_come_in_order_with_what_they_show(store: Store) -> None:
    told = shown(store)
    assert [each["name"] for each in told["pictures"]] == ["base_rate", "ranking"]
    assert told["pictures"][1] == {
        "name": "ranking",
        "address": f"{ADDRESS}/ranking.png",
        "title": "ranking <b>found</b>",
        "reading": "Up is better.",
        "alt": "ROC and precision-recall curves of all candidates. ranking <b>found</b>",
        "width": 900,
        "height": 500,
    }


def test_the_page_escapes_titles_and_says_the_size(store: Store) -> None:
    html = templates().get_template(TEMPLATE).render(shown(store))
    assert "ranking &lt;b&gt;found&lt;/b&gt;" in html
    assert "<b>found" not in html
    assert 'width="900" height="500" loading="lazy"' in html


def test_a_page_without_pictures_says_so(store: Store) -> None:
    html = templates().get_template(TEMPLATE).render(shown(store, feature_set=None))
    assert "Nothing yet" in html


def test_a_picture_is_the_one_of_its_day_and_feature_set(store: Store) -> None:
    browser = Browser(rooms=(picture_routes(store),))
    answer = browser.get(f"{ADDRESS}/ranking.png")
    assert (answer.status_code, answer.content) == (200, png(900, 500, b"ranking"))
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cache-control"] == "private, no-cache"


def test_a_picture_that_is_known_is_not_sent_again(store: Store) -> None:
    browser = Browser(rooms=(picture_routes(store),))
    tag = browser.get(f"{ADDRESS}/ranking.png").headers["etag"]
    again = browser.get(f"{ADDRESS}/ranking.png", headers={"If-None-Match": f'"old", W/{tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    other = browser.get(f"{ADDRESS}/base_rate.png", headers={"If-None-Match": tag})
    assert other.status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "2022-12-31/first_report/lift.png",
        "2022-12-31/other/ranking.png",
        "2022-01-01/first_report/ranking.png",
        "yesterday/first_report/ranking.png",
        "2022-12-31/first_report/' OR 1=1 --.png",
        "2022-12-31/first_report/..%2F..%2Fetc%2Fpasswd.png",
    ],
)
def test_what_the_table_does_not_hold_is_not_found(store: Store, path: str) -> None:
    answer = Browser(rooms=(picture_routes(store),)).get(f"/model/pictures/{path}")
    assert answer.status_code == 404


def test_pictures_are_for_readers(store: Store) -> None:
    browser = Browser(guard=StrictGuard(), rooms=(picture_routes(store),))
    assert browser.get(f"{ADDRESS}/ranking.png").status_code == 303
    browser.cookies.set("crash_platform_key", "reader", domain="localhost.local")
    assert browser.get(f"{ADDRESS}/ranking.png").status_code == 200
