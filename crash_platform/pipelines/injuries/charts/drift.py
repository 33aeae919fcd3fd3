"""How the model holds from week to week, and which features move away from those it learnt."""

from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from crash_platform.pipelines.injuries.charts import canvas
from crash_platform.pipelines.injuries.charts.canvas import Panel, Sketch
from crash_platform.pipelines.injuries.charts.evaluation import Evaluation
from crash_platform.pipelines.injuries.charts.noise import ece_of_chance_by_count
from crash_platform.pipelines.injuries.charts.words import column, day, score

SHOWN = 25
MODERATE, LARGE = 0.1, 0.25
"""The customary lines; neither knows how many rows there are, which the calibrated line does."""
CLASSES = {
    "within noise": "#eef1f5",
    "beyond noise": "#a9cfe8",
    f"and above {MODERATE}": canvas.BLUE,
    f"and above {LARGE}": canvas.VERMILION,
}
Numbers = NDArray[np.float64]


def by_week(evaluation: Evaluation) -> Sketch:
    """Base rate, mean probability, calibration error and AUC of every week."""
    weeks, told = _weeks(evaluation)
    figure, (rates, errors, ranks) = canvas.column_of_panels((2.4, 1.7, 1.9))
    rates.plot(weeks, told["base_rate"], color=canvas.INK, linewidth=1.8, marker=".")
    rates.plot(weeks, told["mean_probability"], color=canvas.BLUE, linewidth=1.8, marker=".")
    chance = ece_of_chance_by_count(told["rows"], told["mean_probability"])
    errors.plot(weeks, told["ece"], color=canvas.VERMILION, linewidth=1.8, marker=".")
    errors.plot(weeks, chance, color=canvas.SOFT, linewidth=1.2, linestyle="--")
    errors.set_ylim(0.0, None)
    ranks.plot(weeks, told["auc"], color=canvas.GREEN, linewidth=1.8, marker=".")
    ranks.axhline(evaluation.number("auc"), color=canvas.SOFT, linewidth=1, linestyle="--")
    canvas.style(rates, "Share with injuries", y="share of crashes")
    canvas.percent(rates.yaxis, None)
    canvas.style(errors, "Calibration error", y="ECE")
    canvas.style(ranks, "Ranking", "week of the crash (its first day)", "AUC")
    canvas.dates(ranks.xaxis)
    rates.margins(y=0.2)
    _mark_test(rates, evaluation)
    for axes in (errors, ranks):
        axes.axvline(canvas.place(evaluation.day("tested_from")), color=canvas.SOFT, linewidth=1)
    said, happened = told["mean_probability"][-1], told["base_rate"][-1]
    ends = [(happened, "happened", canvas.INK), (said, "said (mean)", canvas.BLUE)]
    canvas.label_ends(rates, ends, 0.11)
    ends = [(told["ece"][-1], "measured", canvas.VERMILION)]
    canvas.label_ends(errors, [*ends, (chance[-1], "chance alone", canvas.SOFT)], 0.16)
    ends = [(_last(told["auc"]), "by week", canvas.GREEN)]
    ends.append((evaluation.number("auc"), "whole test", canvas.SOFT))
    canvas.label_ends(ranks, ends, 0.14)
    return Sketch(
        _title(weeks, told, chance),
        "Calibration goes before ranking does: watch the two upper lines part. A week is too "
        "small for its calibration error to be near 0; dashed is what chance alone would make of "
        "it. Left of the vertical line: days the model was calibrated on.",
        figure,
    )


def features(evaluation: Evaluation) -> Sketch:
    """The population stability index of every feature and week, against its calibrated line."""
    names, weeks, values, lines = _grid(evaluation)
    classes = _classes(values, lines)
    figure, (axes,) = canvas.row_of_panels(1.35 + 0.24 * len(names), (1,))
    canvas.classed(axes, classes, list(CLASSES.values()))
    for row, line in enumerate(values):
        worst = int(np.nanargmax(np.where(np.isnan(line), -1.0, line)))
        if classes[row, worst] > 0:
            at, middle = (worst + 0.5, row + 0.5), {"ha": "center", "va": "center"}
            colour = "white" if classes[row, worst] > 1 else canvas.INK
            canvas.note(axes, at, f"{line[worst]:.2f}", colour, **middle)
    axes.set_yticks(np.arange(len(names)) + 0.5, [column(name) for name in names])
    step = max(1, len(weeks) // 7)
    shown = np.arange(0, len(weeks), step)
    axes.set_xticks(shown + 0.5, [day(_day(weeks[place]))[:-5] for place in shown])
    axes.invert_yaxis()
    canvas.style(axes, "Population stability index", "week of the crash (its first day)", grid=None)
    axes.tick_params(axis="y", length=0, labelcolor=canvas.INK)
    axes.spines[:].set_visible(False)
    canvas.class_key(figure, CLASSES)
    return Sketch(
        _title_of_features(names, weeks, values, lines),
        "Each cell compares a week with the training window; the number is a feature's largest. "
        "The calibrated line is what 1 in 100 weeks without drift would exceed at that number of "
        "crashes; 0.1 and 0.25 are conventions that know no number of crashes.",
        figure,
    )


def _weeks(evaluation: Evaluation) -> tuple[NDArray[np.datetime64], dict[str, Numbers]]:
    table = evaluation.weeks.filter(pc.greater(evaluation.weeks["rows"], 0)).sort_by("week")
    told = {
        name: table[name].to_numpy().astype(np.float64)
        for name in ("rows", "base_rate", "mean_probability", "ece", "auc")
    }
    return table["week"].to_numpy().astype("datetime64[D]"), told


def _last(values: Numbers) -> float:
    known = values[~np.isnan(values)]
    return float(known[-1]) if len(known) else 0.5


def _mark_test(axes: Panel, evaluation: Evaluation) -> None:
    at = canvas.place(evaluation.day("tested_from"))
    axes.axvline(at, color=canvas.SOFT, linewidth=1)
    for text, side in (("calibration ", "right"), (" test", "left")):
        canvas.note(axes, (at, 0.99), text, frame="x", ha=side, va="top")


def _title(weeks: NDArray[np.datetime64], told: dict[str, Numbers], chance: Numbers) -> str:
    missed = told["mean_probability"] - told["base_rate"]
    worst = int(np.nanargmax(np.abs(missed)))
    beyond = int((told["ece"] > 1.5 * chance).sum())
    aucs = told["auc"][~np.isnan(told["auc"])]
    ranked = f", AUC lay between {score(aucs.min())} and {score(aucs.max())}" if len(aucs) else ""
    return (
        f"Over {len(weeks)} weeks the mean probability missed what happened by at most "
        f"{100 * abs(missed[worst]):.1f} percentage points (week of {day(_day(weeks[worst]))})"
        f"{ranked}, and the calibration error was beyond 1.5 times chance in {beyond} of them."
    )


def _grid(evaluation: Evaluation) -> tuple[list[str], NDArray[np.datetime64], Numbers, Numbers]:
    """Features (those that moved most, largest first) x weeks: the index, and its line."""
    table: list[dict[str, Any]] = evaluation.psi.to_pylist()
    weeks = sorted({row["week"] for row in table})
    names = sorted({row["feature"] for row in table})
    values = np.full((len(names), len(weeks)), np.nan)
    lines = values.copy()
    for row in table:
        at = names.index(row["feature"]), weeks.index(row["week"])
        values[at] = np.nan if row["psi"] is None else row["psi"]
        lines[at] = np.nan if row["line"] is None else row["line"]
    order = np.argsort(-np.nanmax(np.where(np.isnan(values), -1.0, values), axis=1))[:SHOWN]
    days = np.array(weeks, "datetime64[D]")
    return [names[index] for index in order], days, values[order], lines[order]


def _classes(values: Numbers, lines: Numbers) -> Numbers:
    """0 within noise to 3 large; NaN where nothing was measured."""
    beyond = values > lines
    steps = (beyond, beyond & (values > MODERATE), beyond & (values > LARGE))
    classes = np.sum(steps, axis=0, dtype=np.float64)
    return np.where(np.isnan(values), np.nan, classes)


def _day(value: np.datetime64) -> Any:
    return value.astype(object)


def _title_of_features(
    names: list[str], weeks: NDArray[np.datetime64], values: Numbers, lines: Numbers
) -> str:
    known = ~np.isnan(values)
    beyond, large = int((values > lines).sum()), int((values > MODERATE).sum())
    row, week = np.unravel_index(int(np.argmax(np.where(known, values, -1.0))), values.shape)
    return (
        f"{beyond} of {int(known.sum())} comparisons by feature and week are beyond noise and "
        f"{large} above {MODERATE}; {column(names[row])} moved most ({values[row, week]:.3f}, week "
        f"of {day(_day(weeks[week]))})."
    )
