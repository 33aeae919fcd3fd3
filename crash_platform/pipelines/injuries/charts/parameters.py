"""What the parameters of the fit change: depth and learning rate, and when adding trees stops."""

import json
from collections import defaultdict

from crash_platform.pipelines.injuries.charts import canvas
from crash_platform.pipelines.injuries.charts.canvas import Panel, Sketch
from crash_platform.pipelines.injuries.charts.evaluation import Evaluation, EvaluationError, Row
from crash_platform.pipelines.injuries.charts.words import opening, score

METRICS = (("auc", "AUC", canvas.BLUE), ("log_loss", "log loss (nats)", canvas.ORANGE))


def parameter(row: Row, name: str) -> float:
    """A number from a comparison row's parameters.

    Raises:
        EvaluationError: it is not there, or not a number.
    """
    try:
        value = json.loads(row["parameters"])[name]
    except (ValueError, KeyError, TypeError) as error:
        raise EvaluationError(
            f"The comparison's row {row['candidate']!r} of the experiment {row['experiment']} has "
            f"no parameter {name} in {row['parameters']!r}: write it as a JSON object."
        ) from error
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise EvaluationError(
            f"The parameter {name} of the comparison's row {row['candidate']!r} is {value!r}: "
            "write a number."
        )
    return float(value)


def sweep(evaluation: Evaluation) -> Sketch:
    """AUC and log loss by depth, one panel per learning rate."""
    rows = evaluation.rows("parameters")
    by_rate: dict[float, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: parameter(row, "depth")):
        by_rate[parameter(row, "learning_rate")].append(row)
    figure = canvas.canvas(4.6)
    panels = figure.subplots(2, len(by_rate), squeeze=False, sharex=True, sharey="row")
    best = max(rows, key=lambda row: float(row["auc"]))
    for column, rate in enumerate(sorted(by_rate)):
        for line, (metric, name, colour) in enumerate(METRICS):
            title = f"learning rate {rate:g}" if line == 0 else ""
            _draw_depths(panels[line, column], by_rate[rate], metric, colour, best)
            x, y = "depth" if line else "", name if column == 0 else ""
            canvas.style(panels[line, column], title, x, y)
    spread = best["auc"] - min(row["auc"] for row in rows)
    return Sketch(
        f"{len(rows)} settings of depth and learning rate lie within {score(spread)} AUC of each "
        f"other; depth {parameter(best, 'depth'):g} at learning rate "
        f"{parameter(best, 'learning_rate'):g} is best with {score(best['auc'])}.",
        "Judged on the calibration window, never on the test window. Upper row: higher is better; "
        "lower row: lower is better; red is the setting with the highest AUC.",
        figure,
    )


def early_stopping(evaluation: Evaluation) -> Sketch:
    """Log loss and AUC by the number of trees."""
    rows = sorted(evaluation.rows("trees"), key=parameter_of_trees)
    trees = [parameter_of_trees(row) for row in rows]
    kept = evaluation.number("tree_count")
    figure, panels = canvas.row_of_panels(3.3, (1, 1))
    for axes, (metric, name, colour) in zip(panels, reversed(METRICS), strict=True):
        axes.plot(trees, [row[metric] for row in rows], color=colour, linewidth=1.8)
        axes.axvline(kept, color=canvas.INK, linewidth=1)
        canvas.style(axes, opening(name), "trees")
        canvas.counts(axes.xaxis)
        side = "left" if kept < (trees[0] + trees[-1]) / 2 else "right"
        text = f" {kept:,.0f} trees kept "
        canvas.note(axes, (kept, 0.5), text, canvas.INK, frame="x", ha=side)
    best, last = min(rows, key=lambda row: float(row["log_loss"])), rows[-1]
    return Sketch(
        f"Log loss on held-out days is lowest at {parameter_of_trees(best):,} trees "
        f"({score(best['log_loss'])}) and {score(last['log_loss'])} at {trees[-1]:,}; "
        f"{kept:,.0f} are kept.",
        "Judged on the calibration window while fitting: more trees help until they only learn "
        "the training window by heart.",
        figure,
    )


def parameter_of_trees(row: Row) -> int:
    """The number of trees, which is the candidate's name.

    Raises:
        EvaluationError: the name is not a number.
    """
    if not str(row["candidate"]).isdecimal():
        raise EvaluationError(
            f"The comparison's row {row['candidate']!r} of the experiment trees is not named by "
            "its number of trees: name it so."
        )
    return int(row["candidate"])


def _draw_depths(axes: Panel, rows: list[Row], metric: str, colour: str, best: Row) -> None:
    depths = [parameter(row, "depth") for row in rows]
    axes.plot(depths, [row[metric] for row in rows], color=colour, marker="o", linewidth=1.6)
    axes.set_xticks(sorted(set(depths)), [f"{depth:g}" for depth in sorted(set(depths))])
    axes.margins(x=0.12, y=0.15)
    if best in rows:
        at = parameter(best, "depth")
        axes.plot([at], [best[metric]], marker="o", markersize=8, color=canvas.VERMILION)
