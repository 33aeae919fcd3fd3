"""Charts of the comparison: parameters, early stopping, learning curves, feature ladder."""

import json
from dataclasses import replace

import pytest

from crash_platform.pipelines.injuries.charts import ladder, learning, parameters
from crash_platform.pipelines.injuries.charts.evaluation import Evaluation, EvaluationError
from crash_platform_tests.pipelines.injuries.charts import drawn
from crash_platform_tests.pipelines.injuries.evaluations import (
    LADDER,
    ROWS,
    WINDOWS,
    evaluation,
)


def test_the_sweep_says_its_spread_and_its_best_setting(made: Evaluation) -> None:
    assert parameters.sweep(made).title == (
        "9 settings of depth and learning rate lie within 0.003 AUC of each other; depth 6 at "
        "learning rate 0.1 is best with 0.745."
    )


def test_every_learning_rate_has_a_panel_with_its_depths(made: Evaluation) -> None:
    panels = parameters.sweep(made).figure.axes
    assert [axes.get_title("left") for axes in panels[:3]] == [
        "learning rate 0.05",
        "learning rate 0.1",
        "learning rate 0.2",
    ]
    x, y = drawn.lines(panels[1])[0]
    assert list(x) == [4, 6, 8]
    assert list(y) == pytest.approx([0.743, 0.745, 0.743])


def test_early_stopping_says_where_log_loss_is_lowest_and_what_is_kept(made: Evaluation) -> None:
    sketch = parameters.early_stopping(made)
    losses = {int(row["candidate"]): row["log_loss"] for row in made.rows("trees")}
    best = min(losses, key=lambda trees: losses[trees])
    assert f"lowest at {best} trees ({losses[best]:.3f})" in sketch.title
    assert f"{losses[800]:.3f} at 800; 300 are kept." in sketch.title
    x, y = drawn.lines(sketch.figure.axes[0])[0]
    assert list(x) == sorted(losses)
    assert list(y) == [losses[trees] for trees in sorted(losses)]


@pytest.mark.parametrize("words", ["not json", "{}", "[]", json.dumps({"depth": "deep"})])
def test_parameters_that_cannot_be_read_are_refused_in_a_sentence(words: str) -> None:
    row = {"candidate": "x", "experiment": "parameters", "parameters": words}
    with pytest.raises(EvaluationError, match="row 'x'"):
        parameters.parameter(row, "depth")


def test_a_tree_count_that_is_no_number_is_refused() -> None:
    with pytest.raises(EvaluationError, match="row 'many' of the experiment trees"):
        parameters.parameter_of_trees({"candidate": "many"})


def test_learning_curves_say_the_gain_of_the_last_step_and_the_best_window(
    made: Evaluation,
) -> None:
    sketch = learning.learning(made)
    assert sketch.title == (
        "From 2,400 to 48,000 crashes AUC goes from 0.662 to 0.733, 0.004 of it in the last step. "
        "12 months of history do best (0.735); 24 give 0.733."
    )
    for axes, known in zip(sketch.figure.axes, (ROWS, WINDOWS), strict=True):
        x, y = drawn.lines(axes)[0]
        assert dict(zip(x, y, strict=True)) == pytest.approx(known)


def test_without_the_windows_only_the_curve_by_crashes_is_drawn() -> None:
    sketch = learning.learning(evaluation(200, without=("window",)))
    (axes,) = sketch.figure.axes
    assert axes.get_title("left") == "By crashes to learn from"
    assert "months" not in sketch.title


def test_the_ladder_says_every_step_and_calls_the_leak_a_leak(made: Evaluation) -> None:
    sketch = ladder.ladder(made)
    assert sketch.title == (
        "AUC is 0.631 with time and place, 0.733 with the first report, 0.798 with the full "
        "report. A leak would make it 0.847. A random split would change it by +0.016."
    )
    left, right = sketch.figure.axes
    assert drawn.rows(left)[-1].startswith("LEAK")
    points = [x[0] for x, _ in drawn.lines(left) if len(x) == 1]
    assert points == pytest.approx(list(LADDER.values()))
    assert drawn.rows(right) == ["by time", "at random"]
    assert left.get_xlim() == right.get_xlim()


def test_a_ladder_without_a_split_has_one_panel() -> None:
    sketch = ladder.ladder(evaluation(200, without=("split",)))
    assert len(sketch.figure.axes) == 1
    assert "random split" not in sketch.title


def test_steps_without_intervals_are_drawn_as_points(made: Evaluation) -> None:
    rows = made.comparison.to_pylist()
    bare = [row | {"auc_low": None, "auc_high": None} for row in rows]
    table = made.comparison.from_pylist(bare, schema=made.comparison.schema)
    left, _ = ladder.ladder(replace(made, comparison=table)).figure.axes
    assert all(len(x) == 1 for x, _ in drawn.lines(left))
