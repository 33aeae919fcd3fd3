"""Whether a probability means what it says: reliability before and after, and by borough."""

import numpy as np
from numpy.typing import NDArray

from crash_platform.modelling.metrics import Labels, Probabilities, calibration_bins
from crash_platform.modelling.ranking import Ranking
from crash_platform.pipelines.injuries.charts import canvas
from crash_platform.pipelines.injuries.charts.canvas import Panel, Sketch
from crash_platform.pipelines.injuries.charts.evaluation import Evaluation, Said
from crash_platform.pipelines.injuries.charts.noise import ece_of_chance
from crash_platform.pipelines.injuries.charts.words import borough, score, share
from crash_platform.pipelines.injuries.encoding import BOROUGHS

FEWEST, BINS_OF_A_BOROUGH = 100, 6


def calibration(evaluation: Evaluation) -> Sketch:
    """Forecast against outcome, raw and calibrated, how often each is said, and by borough."""
    said, kind = evaluation.product, str(evaluation.model.get("calibration"))
    figure = canvas.canvas(6.2)
    above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=[1.55, 1])[:, 0]
    left, right = above.subplots(1, 2, width_ratios=[1.35, 1])
    top = _top(said)
    _draw_both(left, said, kind, top)
    _draw_counts(right, said)
    panels = below.subplots(1, len(BOROUGHS), sharex=True, sharey=True)
    drawn = (_draw_borough(*each, said, top) for each in zip(panels, BOROUGHS, strict=True))
    panels[0].set_ylabel("had injuries", fontsize=canvas.LABEL, color=canvas.SOFT)
    below.supxlabel("probability said", fontsize=canvas.LABEL, color=canvas.SOFT)
    worst = max((each for each in drawn if each), default=None)
    return Sketch(
        _title(said, kind)
        + (f" By borough it is furthest beyond chance in {worst[1]}." if worst else ""),
        "A point on the diagonal says what then happens; above it the risk was higher than said. "
        "Each point holds equally many test crashes, the bars are 95 % intervals. Small panels: "
        "the calibrated probability by borough.",
        figure,
    )


def _draw_both(axes: Panel, said: Said, kind: str, top: float) -> None:
    if kind != "none":
        before = calibration_bins(said.labels, said.raw)
        axes.plot(
            before.mean_probability,
            before.observed_rate,
            color=canvas.ORANGE,
            marker="o",
            markersize=4,
            markerfacecolor="white",
            linewidth=1.1,
            label=f"before, ECE {score(error(said.labels, said.raw))}",
        )
    after = calibration_bins(said.labels, said.probabilities)
    name = "as used, never corrected" if kind == "none" else f"after ({kind})"
    axes.errorbar(
        after.mean_probability,
        after.observed_rate,
        yerr=half_widths(after.observed_rate, after.count),
        color=canvas.BLUE,
        marker="o",
        markersize=4.5,
        linewidth=1.4,
        elinewidth=1,
        zorder=3,
        label=f"{name}, ECE {score(error(said.labels, said.probabilities))}",
    )
    _diagonal(axes, top)
    rows = f"{after.count.min():,} to {after.count.max():,}"
    canvas.style(
        axes,
        f"{len(after.count)} bins of {rows} crashes",
        "probability said",
        "had injuries",
        grid="both",
    )
    canvas.percent(axes.xaxis)
    canvas.percent(axes.yaxis)
    canvas.legend(axes, "upper left")


def _draw_counts(axes: Panel, said: Said) -> None:
    counts, edges = np.histogram(said.probabilities, bins=20, range=(0.0, 1.0))
    axes.bar(edges[:-1], counts, width=0.045, align="edge", color=canvas.SKY)
    mean, base = float(said.probabilities.mean()), float(said.labels.mean())
    axes.axvline(mean, color=canvas.BLUE, linewidth=1.2)
    axes.axvline(base, color=canvas.INK, linewidth=1.2, linestyle=":")
    axes.set_ylim(0, 1.25 * counts.max())
    for text, colour, place in (
        (f"mean said {share(mean)}", canvas.BLUE, 0.99),
        (f"had injuries {share(base)}", canvas.INK, 0.92),
    ):
        canvas.note(axes, (max(mean, base) + 0.02, place), text, colour, frame="x", va="top")
    axes.set_xlim(0.0, 1.0)
    canvas.style(axes, "How often each is said", "probability said", "test crashes")
    canvas.percent(axes.xaxis)
    canvas.counts(axes.yaxis)


def _draw_borough(axes: Panel, name: str, said: Said, top: float) -> tuple[float, str] | None:
    """Draw one small panel; its calibration error beyond chance and how to say it, if any."""
    mask = said.boroughs == name
    labels, probabilities = said.labels[mask], said.probabilities[mask]
    _diagonal(axes, top)
    canvas.style(axes, borough(name), grid="both")
    canvas.percent(axes.xaxis)
    canvas.percent(axes.yaxis)
    if len(labels) < FEWEST:
        axes.set_xlabel(f"too few:\n{len(labels)} crashes", fontsize=canvas.SMALL)
        return None
    bins = calibration_bins(labels, probabilities, BINS_OF_A_BOROUGH)
    axes.errorbar(
        bins.mean_probability,
        bins.observed_rate,
        yerr=half_widths(bins.observed_rate, bins.count),
        color=canvas.BLUE,
        marker="o",
        markersize=3.5,
        linewidth=1.2,
        elinewidth=1,
    )
    found = error(labels, probabilities)
    text = f"ECE {score(found)}\n{len(labels):,} crashes"
    axes.set_xlabel(text, fontsize=canvas.SMALL, color=canvas.INK)
    chance = ece_of_chance(probabilities)
    return found - chance, f"{borough(name)}: {score(found)}, chance alone {score(chance)}"


def error(labels: Labels, probabilities: Probabilities) -> float:
    """The expected calibration error; unlike ``measure`` it takes labels of one class too."""
    return Ranking.of(labels, probabilities).tally().ece()


def half_widths(rates: NDArray[np.float64], count: NDArray[np.int64]) -> NDArray[np.float64]:
    """Below and above each rate: its 95 % interval by Wilson, as error bars want it (2 x bins)."""
    z2 = 1.96**2
    middle = (rates + z2 / (2 * count)) / (1 + z2 / count)
    spread = 1.96 / (1 + z2 / count) * np.sqrt(rates * (1 - rates) / count + z2 / (4 * count**2))
    return np.maximum([rates - (middle - spread), middle + spread - rates], 0.0)


def _title(said: Said, kind: str) -> str:
    after, rows = error(said.labels, said.probabilities), len(said.labels)
    if kind == "none":
        return (
            f"Uncorrected probabilities miss by {score(after)} on average (ECE) over {rows:,} "
            f"test crashes, chance alone would by {score(ece_of_chance(said.probabilities))}."
        )
    return (
        f"Calibration ({kind}) took the expected error from {score(error(said.labels, said.raw))} "
        f"to {score(after)} over {rows:,} test crashes (chance alone: "
        f"{score(ece_of_chance(said.probabilities))})."
    )


def _top(said: Said) -> float:
    highest = max(float(np.quantile(each, 0.999)) for each in (said.probabilities, said.raw))
    return min(1.0, 1.08 * highest)


def _diagonal(axes: Panel, top: float) -> None:
    axes.plot([0, 1], [0, 1], color=canvas.SOFT, linewidth=1, linestyle="--")
    axes.set_xlim(0.0, top)
    axes.set_ylim(0.0, 1.0)
