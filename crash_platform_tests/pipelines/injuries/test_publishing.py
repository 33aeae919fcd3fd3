import base64
import re
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from crash_platform.pipelines.injuries.charts.drawing import Chart
from crash_platform.pipelines.injuries.publishing import (
    PREVIEW_WIDTH,
    Publication,
    PublishingError,
    narrowed,
)


def png(width: int, height: int) -> bytes:
    told = BytesIO()
    Image.new("RGB", (width, height), "white").save(told, "PNG")
    return told.getvalue()


def size(picture: bytes) -> tuple[int, int]:
    with Image.open(BytesIO(picture)) as opened:
        return opened.size


@pytest.fixture
def publication() -> Publication:
    charts = tuple(
        Chart(name, f"{name} says it all.", "Left is less.", png(1200, 600))
        for name in ("base_rate", "ranking", "calibration")
    )
    return Publication(date(2022, 12, 31), "first_report", "run", charts, "<!doctype html>")


def test_the_charts_become_rows_in_the_order_they_are_read(publication: Publication) -> None:
    rows = publication.rows().to_pylist()
    assert [(row["position"], row["chart"]) for row in rows] == [
        (1, "base_rate"),
        (2, "ranking"),
        (3, "calibration"),
    ]
    assert {(row["as_of_date"], row["feature_set"]) for row in rows} == {
        (date(2022, 12, 31), "first_report")
    }
    assert rows[0]["png"] == publication.charts[0].png


def test_page_and_pictures_are_written_below_a_folder(
    publication: Publication, tmp_path: Path
) -> None:
    page = publication.write(tmp_path / "day")
    assert page.read_text(encoding="utf-8") == "<!doctype html>"
    assert sorted(path.name for path in (tmp_path / "day" / "first_report").iterdir()) == [
        "base_rate.png",
        "calibration.png",
        "ranking.png",
    ]


def test_a_folder_that_cannot_be_written_is_a_sentence(
    publication: Publication, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(PublishingError, match="set CRASH_PLATFORM_HOME"):
        publication.write(tmp_path / "file")


def test_the_preview_shows_the_first_charts_as_wide_as_dagster_does(
    publication: Publication,
) -> None:
    told = publication.preview()
    shown = [base64.b64decode(found) for found in re.findall(r"base64,([^)]+)\)", told)]
    assert [size(picture) for picture in shown] == [(PREVIEW_WIDTH, 450)] * 2
    assert "**ranking says it all.**" in told
    assert "base_rate" not in told


def test_a_narrow_picture_stays_as_it_is() -> None:
    picture = png(300, 200)
    assert narrowed(picture, 900) is picture
