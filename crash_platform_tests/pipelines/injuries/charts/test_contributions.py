from dataclasses import replace

import numpy as np
import pytest

from crash_platform.pipelines.injuries.charts import contributions
from crash_platform.pipelines.injuries.charts.evaluation import Evaluation, EvaluationError
from crash_platform.pipelines.injuries.charts.words import column
from crash_platform_tests.pipelines.injuries.charts import drawn
from crash_platform_tests.pipelines.injuries.evaluations import EFFECTS


def test_columns_are_ordered_by_their_mean_size(made: Evaluation) -> None:
    sketch = contributions.importance(made)
    left = sketch.figure.axes[0]
    assert drawn.rows(left) == [
        "group: bicycle",
        "vehicle count",
        "hour",
        "latitude",
        "vehicle: e-bike",
        "is weekend",
    ]
    widths = [width for width, _ in drawn.bars(left)]
    assert widths == pytest.approx(sorted(EFFECTS, reverse=True))
    assert sketch.title == (
        "Group: bicycle moves the prediction most, by 0.80 log-odds on average; vehicle count "
        "comes second with 0.50."
    )


def test_the_three_cases_are_low_middle_and_high_and_add_up(made: Evaluation) -> None:
    assert made.contributions is not None
    panels = contributions.cases(made).figure.axes
    titles = [axes.get_title("left") for axes in panels]
    assert [title.split(":")[0] for title in titles] == ["Low", "Middle", "High"]
    for axes, quantile in zip(panels, (0.05, 0.5, 0.95), strict=True):
        collision = int(axes.get_title("left").split("collision ")[1].split(";")[0])
        row = collision - 4_700_000
        probability = made.contributions.probabilities[row]
        wanted = np.quantile(made.contributions.probabilities, quantile)
        assert probability == pytest.approx(wanted, abs=0.05)
        total = sum(width for width, _ in drawn.bars(axes)) - 0.3
        assert 1 / (1 + np.exp(-total)) == pytest.approx(probability, abs=1e-6)


def test_a_missing_value_is_called_missing(made: Evaluation) -> None:
    assert made.contributions is not None
    one = replace(
        made.contributions,
        values=made.contributions.values[:1],
        shap=made.contributions.shap[:1],
        probabilities=made.contributions.probabilities[:1],
        collision_ids=made.contributions.collision_ids[:1],
    )
    axes = contributions.cases(replace(made, contributions=one)).figure.axes[0]
    assert "latitude = missing" in drawn.rows(axes)


def test_without_contributions_the_charts_say_so(made: Evaluation) -> None:
    with pytest.raises(EvaluationError, match="has no contributions to explain"):
        contributions.importance(replace(made, contributions=None))


def test_dots_of_one_place_stand_apart_and_inside_their_row() -> None:
    offsets = contributions.swarm(np.array([0.1] * 5 + [0.9] * 2))
    assert len(set(offsets[:5])) == 5
    assert np.abs(offsets).max() <= 0.38
    assert contributions.swarm(np.zeros(400)).max() == pytest.approx(0.38, abs=0.01)


def test_a_long_column_name_is_cut() -> None:
    name = "vehicle=Station Wagon/Sport Utility Vehicle"
    assert column(name) == "vehicle: Station Wagon/Sport\N{HORIZONTAL ELLIPSIS}"
    assert column("vehicle=e-bike") == "vehicle: e-bike"
