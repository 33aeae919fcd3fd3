"""All charts of an evaluation, in the order in which they are read."""

from collections.abc import Callable
from dataclasses import dataclass

from crash_platform.pipelines.injuries.charts import (
    canvas,
    contributions,
    drift,
    history,
    ladder,
    learning,
    parameters,
    ranking,
    reliability,
    slices,
    thresholds,
)
from crash_platform.pipelines.injuries.charts.canvas import Sketch
from crash_platform.pipelines.injuries.charts.evaluation import Evaluation


@dataclass(frozen=True)
class Chart:
    """One picture of a report: its name, its finding, how to read it, and the PNG."""

    name: str
    title: str
    reading: str
    png: bytes


@dataclass(frozen=True)
class Drawing:
    """How a chart comes about.

    Attributes:
        name: of the chart and its file.
        what: what the picture shows, for those who cannot see it.
        needs: parts of the evaluation of which one at least must be there; none: always drawn.
        sketch: draws it.
    """

    name: str
    what: str
    needs: tuple[str, ...]
    sketch: Callable[[Evaluation], Sketch]

    def is_possible(self, evaluation: Evaluation) -> bool:
        """Whether there is anything to draw."""
        return not self.needs or any(evaluation.has(part) for part in self.needs)


DRAWINGS = (
    Drawing(
        "base_rate", "Injury share and number of crashes by month", ("months",), history.base_rate
    ),
    Drawing("split", "Time line of the days the model has seen", (), history.split_strip),
    Drawing("ranking", "ROC and precision-recall curves of all candidates", (), ranking.curves),
    Drawing(
        "calibration",
        "Reliability curves before and after calibration and by borough",
        (),
        reliability.calibration,
    ),
    Drawing(
        "threshold",
        "Confusion matrix at the threshold, and metrics at every threshold",
        (),
        thresholds.threshold,
    ),
    Drawing("lift", "Gain curve, and injury share by tenth of the ranking", (), ranking.lift),
    Drawing(
        "parameters",
        "AUC and log loss by depth and learning rate",
        ("parameters",),
        parameters.sweep,
    ),
    Drawing("trees", "Log loss and AUC by number of trees", ("trees",), parameters.early_stopping),
    Drawing(
        "learning",
        "AUC by number of crashes and by length of history",
        ("rows", "window"),
        learning.learning,
    ),
    Drawing(
        "ladder",
        "AUC by what is known, and by random and time split",
        ("ladder", "split"),
        ladder.ladder,
    ),
    Drawing(
        "contributions",
        "Mean size and direction of every column's contribution",
        ("contributions",),
        contributions.importance,
    ),
    Drawing(
        "cases",
        "Contributions to a low, a middle and a high prediction",
        ("contributions",),
        contributions.cases,
    ),
    Drawing(
        "slices",
        "Injury share, AUC and calibration error by borough, hour and vehicle",
        (),
        slices.slices,
    ),
    Drawing("weeks", "Rates, calibration error and AUC by week", ("weeks",), drift.by_week),
    Drawing("drift", "Population stability index by feature and week", ("psi",), drift.features),
)


def draw(evaluation: Evaluation) -> tuple[Chart, ...]:
    """Every chart for which there is something to draw.

    Raises:
        EvaluationError: a figure that a chart needs is missing from the model's row or unreadable.
        MetricsError: the test crashes cannot be measured, for example for want of both outcomes.
    """
    return tuple(
        _chart(drawing, drawing.sketch(evaluation))
        for drawing in DRAWINGS
        if drawing.is_possible(evaluation)
    )


def _chart(drawing: Drawing, sketch: Sketch) -> Chart:
    return Chart(drawing.name, sketch.title, sketch.reading, canvas.png(sketch))
