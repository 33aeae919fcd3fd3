import io
import time

import pytest
from PIL import Image

from crash_platform.pipelines.injuries.charts.drawing import DRAWINGS, draw
from crash_platform.pipelines.injuries.charts.evaluation import Evaluation
from crash_platform.pipelines.injuries.tables import EVALUATION_CHARTS
from crash_platform_tests.pipelines.injuries.evaluations import evaluation


@pytest.mark.slow
def test_every_chart_is_drawn_small_quick_and_with_a_finding(made: Evaluation) -> None:
    started = time.process_time()
    charts = draw(made)
    assert time.process_time() - started < 20
    assert [chart.name for chart in charts] == [drawing.name for drawing in DRAWINGS]
    for chart in charts:
        assert len(chart.png) <= 150_000
        assert Image.open(io.BytesIO(chart.png)).size[0] == 1200
        assert any(letter.isdigit() for letter in chart.title), chart.title
        assert chart.title.endswith(".")
        assert chart.reading.endswith(".")


def test_a_chart_fits_the_contract_of_its_table(made: Evaluation) -> None:
    assert {"title", "reading", "png"} <= {column.name for column in EVALUATION_CHARTS.columns}
    names = [drawing.name for drawing in DRAWINGS]
    assert len(set(names)) == len(names)


@pytest.mark.slow
def test_what_was_not_run_is_left_out() -> None:
    left_out = (
        "months",
        "parameters",
        "trees",
        "rows",
        "window",
        "ladder",
        "split",
        "weeks",
        "psi",
    )
    charts = draw(evaluation(500, without=(*left_out, "contributions")))
    assert [chart.name for chart in charts] == [
        "split",
        "ranking",
        "calibration",
        "threshold",
        "lift",
        "slices",
    ]
