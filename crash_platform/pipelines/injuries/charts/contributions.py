"""Why: what each column adds to the predictions, over many crashes and for three of them."""

import numpy as np
from numpy.typing import NDArray

from crash_platform.pipelines.injuries.charts import canvas
from crash_platform.pipelines.injuries.charts.canvas import Panel, Sketch
from crash_platform.pipelines.injuries.charts.evaluation import (
    Contributions,
    Evaluation,
    EvaluationError,
)
from crash_platform.pipelines.injuries.charts.words import column, log_odds, opening, share

SHOWN, SHOWN_OF_A_CASE, DOTS = 14, 6, 800
CASES = {"low": 0.05, "middle": 0.5, "high": 0.95}
"""Which predictions are shown singly, as quantiles of all."""

Numbers = NDArray[np.float64]


def importance(evaluation: Evaluation) -> Sketch:
    """The mean size of every column's contribution, and its sign by the column's value."""
    sample = _sample(evaluation)
    sizes = np.abs(sample.shap[:, :-1]).mean(axis=0, dtype=np.float64)
    order = np.argsort(-sizes)[:SHOWN]
    names = [column(sample.columns[index]) for index in order]
    figure, (left, right) = canvas.row_of_panels(0.9 + 0.28 * len(order), (1, 1.7))
    bars = left.barh(range(len(order)), sizes[order], color=canvas.BLUE, height=0.65)
    canvas.label_bars(left, bars, [f"{size:.2f}" for size in sizes[order]])
    left.margins(x=0.16)
    canvas.style(left, "Mean size", "log-odds", grid="x")
    _draw_dots(right, sample, order)
    canvas.name_rows(right, [""] * len(order))
    canvas.name_rows(left, names)
    most = f"{sizes[order[0]]:.2f} log-odds on average"
    title = f"{opening(names[0])} moves the prediction most, by {most}"
    if len(order) > 1:
        title += f"; {names[1]} comes second with {sizes[order[1]]:.2f}"
    return Sketch(
        title + ".",
        f"SHAP values of {len(sample.collision_ids):,} test crashes. Right: each dot is a crash, "
        "pushed to the right towards injuries; its colour is the column's value, grey where it is "
        "missing. They say what the model uses, not what causes injuries.",
        figure,
    )


def cases(evaluation: Evaluation) -> Sketch:
    """A low, a middle and a high prediction, each with what it is made of."""
    sample = _sample(evaluation)
    chosen = {name: _nearest(sample.probabilities, quantile) for name, quantile in CASES.items()}
    figure, panels = canvas.column_of_panels([2.05] * len(chosen))
    for axes, (name, row) in zip(panels, chosen.items(), strict=True):
        _draw_case(axes, sample, row, name)
    panels[-1].set_xlabel("contribution (log-odds)", fontsize=canvas.LABEL, color=canvas.SOFT)
    low, high = chosen["low"], chosen["high"]
    down, up = int(sample.shap[low, :-1].argmin()), int(sample.shap[high, :-1].argmax())
    return Sketch(
        f"A low prediction ({share(float(sample.probabilities[low]), 0)}) is held down most by "
        f"{_told(sample, low, down)}, a high one ({share(float(sample.probabilities[high]), 0)}) "
        f"lifted most by {_told(sample, high, up)}.",
        "Every prediction starts from the same log-odds and is pushed up (red) or down (blue) by "
        "each column; the sum is the log-odds before calibration. The three crashes lie at the "
        "5th, 50th and 95th percentile of the predictions.",
        figure,
    )


def _sample(evaluation: Evaluation) -> Contributions:
    if evaluation.contributions is None:
        raise EvaluationError(
            "The evaluation has no contributions to explain: compute them on some test rows."
        )
    return evaluation.contributions


def _draw_dots(axes: Panel, sample: Contributions, order: NDArray[np.intp]) -> None:
    step = max(1, -(-len(sample.collision_ids) // DOTS))
    shown = None
    for place, index in enumerate(order):
        pushed = sample.shap[::step, index].astype(np.float64)
        values = _ranks(sample.values[:, index].astype(np.float64))[::step]
        shown = axes.scatter(
            pushed,
            place + swarm(pushed),
            c=values,
            cmap=canvas.low_to_high(),
            vmin=0,
            vmax=1,
            s=5,
            linewidths=0,
            plotnonfinite=True,
        )
    axes.axvline(0.0, color=canvas.SOFT, linewidth=1)
    canvas.style(axes, "Crash by crash", "contribution (log-odds)", grid="x")
    if shown is not None:
        canvas.colour_key(axes, shown, "value of the column")


def swarm(values: Numbers) -> Numbers:
    """How far each dot stands off its line (within 0.38), so that dots of one place lie apart."""
    low, high = float(values.min()), float(values.max())
    bins = ((values - low) / ((high - low) or 1.0) * 99).astype(np.intp)
    order = np.argsort(bins, kind="stable")
    starts = np.searchsorted(bins[order], np.arange(100))
    rank = np.empty(len(values), np.intp)
    rank[order] = np.arange(len(values)) - starts[bins[order]]
    side = np.where(rank % 2, 1.0, -1.0) * ((rank + 1) // 2)
    furthest = max(float(np.abs(side).max()), 12.0)
    return np.asarray(0.38 * side / furthest, dtype=np.float64)


def _ranks(values: Numbers) -> Numbers:
    """Each value's place between the lowest (0) and the highest (1); missing ones stay so."""
    known = np.sort(values[~np.isnan(values)])
    if not len(known) or known[0] == known[-1]:
        return np.where(np.isnan(values), np.nan, 0.5)
    below = np.searchsorted(known, values, side="left")
    above = len(known) - np.searchsorted(known, values, side="right")
    return np.where(np.isnan(values), np.nan, below / np.maximum(below + above, 1))


def _nearest(probabilities: Numbers, quantile: float) -> int:
    return int(np.argmin(np.abs(probabilities - np.quantile(probabilities, quantile))))


def _draw_case(axes: Panel, sample: Contributions, row: int, name: str) -> None:
    pushes, start = sample.shap[row, :-1].astype(np.float64), float(sample.shap[row, -1])
    order = np.argsort(-np.abs(pushes))[:SHOWN_OF_A_CASE]
    bars = [(_told(sample, row, int(index)), float(pushes[index])) for index in order]
    if len(pushes) > len(order):
        rest = float(pushes.sum() - pushes[order].sum())
        bars.append((f"{len(pushes) - len(order)} others", rest))
    colours = [canvas.VERMILION if push > 0 else canvas.BLUE for _, push in bars]
    drawn = axes.barh(range(len(bars)), [push for _, push in bars], color=colours, height=0.7)
    canvas.label_bars(axes, drawn, [log_odds(push) for _, push in bars])
    axes.axvline(0.0, color=canvas.SOFT, linewidth=1)
    axes.margins(x=0.14)
    title = (
        f"{opening(name)}: {share(float(sample.probabilities[row]), 0)} (collision "
        f"{sample.collision_ids[row]}; log-odds {log_odds(start)} to "
        f"{log_odds(start + float(pushes.sum()))})"
    )
    canvas.style(axes, title, grid="x")
    canvas.name_rows(axes, [text for text, _ in bars])


def _told(sample: Contributions, row: int, index: int) -> str:
    """A column with its value: ``vehicle count = 2``."""
    value = float(sample.values[row, index])
    return f"{column(sample.columns[index])} = " + (
        "missing" if np.isnan(value) else f"{value:.4g}"
    )
