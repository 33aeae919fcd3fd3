"""From which probability on a crash is called an injury crash, and what that choice costs."""

from typing import Any

import numpy as np

from crash_platform.modelling.metrics import Points, by_threshold, confusion
from crash_platform.pipelines.injuries.charts import canvas
from crash_platform.pipelines.injuries.charts.canvas import Panel, Sketch
from crash_platform.pipelines.injuries.charts.evaluation import Evaluation, Said
from crash_platform.pipelines.injuries.charts.words import share

LINES = {
    "recall": canvas.BLUE,
    "precision": canvas.VERMILION,
    "f1": canvas.GREEN,
    "flagged_share": canvas.SOFT,
}
NAMES = {"recall": "recall", "precision": "precision", "f1": "F1", "flagged_share": "flagged"}
RIGHT, WRONG = "#cfe3f1", "#f9e3c8"


def threshold(evaluation: Evaluation) -> Sketch:
    """The confusion matrix at the threshold, and every metric at every threshold."""
    said, chosen = evaluation.product, evaluation.number("threshold")
    at = by_threshold(said.labels, said.probabilities, np.array([chosen]))
    figure, (left, right) = canvas.row_of_panels(3.7, (1, 1.5))
    _draw_confusion(left, said, chosen)
    _draw_metrics(right, said, chosen, at)
    recall, precision = float(at["recall"][0]), float(at["precision"][0])
    return Sketch(
        f"From a probability of {share(chosen)} on a crash is flagged: that finds {share(recall)} "
        f"of the injury crashes, flags {share(float(at['flagged_share'][0]))} of all, and "
        f"{share(precision)} of those flagged had injuries.",
        "Left: the test crashes by what was said and what happened. Right: a higher threshold "
        "flags fewer crashes, is right more often (precision) and finds less (recall); the "
        "vertical line is the threshold in use, the dotted lines lead to its values.",
        figure,
    )


def _draw_confusion(axes: Panel, said: Said, chosen: float) -> None:
    passed, false_alarms, missed, found = confusion(said.labels, said.probabilities, chosen)
    cells = (
        (0, 0, found, found + missed, "found", RIGHT),
        (1, 0, missed, found + missed, "missed", WRONG),
        (0, 1, false_alarms, false_alarms + passed, "false alarms", WRONG),
        (1, 1, passed, false_alarms + passed, "rightly passed", RIGHT),
    )
    for x, y, count, of, name, colour in cells:
        axes.fill([x, x + 0.97, x + 0.97, x], [y, y, y + 0.97, y + 0.97], color=colour)
        middle: dict[str, Any] = {"ha": "center", "va": "center"}
        axes.text(x + 0.485, y + 0.38, f"{count:,}", fontsize=14, color=canvas.INK, **middle)
        text = f"{name}\n{share(count / max(of, 1), 0)} of the row"
        canvas.note(axes, (x + 0.485, y + 0.68), text, canvas.INK, **middle)
    axes.set_xlim(0.0, 1.97)
    axes.set_ylim(1.97, 0.0)
    canvas.style(axes, "Test crashes", grid=None)
    axes.set_xticks([0.485, 1.485], ["flagged", "not flagged"])
    axes.set_yticks([0.485, 1.485], ["injuries", "harmless"], rotation=90, va="center")
    axes.tick_params(length=0, labelsize=canvas.LABEL)
    axes.spines[:].set_visible(False)


def _draw_metrics(axes: Panel, said: Said, chosen: float, at: Points) -> None:
    low, high = np.quantile(said.probabilities, [0.002, 0.998])
    thresholds = np.linspace(max(0.0, low - 0.02), min(1.0, high + 0.02), 200)
    values = by_threshold(said.labels, said.probabilities, thresholds)
    for name, colour in LINES.items():
        axes.plot(
            thresholds,
            values[name],
            color=colour,
            linewidth=1.8,
            linestyle="--" if name == "flagged_share" else "-",
        )
        axes.plot([chosen], at[name], marker="o", markersize=4.5, color=colour)
        axes.plot(
            [chosen, thresholds[-1]], [at[name][0]] * 2, color=colour, linewidth=0.8, linestyle=":"
        )
    axes.axvline(chosen, color=canvas.INK, linewidth=1)
    axes.set_xlim(thresholds[0], thresholds[-1])
    axes.set_ylim(0.0, 1.02)
    canvas.style(axes, "At every threshold", "threshold (probability)", "share")
    canvas.percent(axes.xaxis)
    canvas.percent(axes.yaxis)
    ends = [(float(at[name][0]), f"{NAMES[name]} {at[name][0]:.2f}", LINES[name]) for name in LINES]
    canvas.label_ends(axes, ends)
    look = {"frame": "panel", "va": "center", "fontweight": "bold"}
    canvas.note(axes, (1.015, 1.0), f"at {share(chosen)}", canvas.INK, **look)
