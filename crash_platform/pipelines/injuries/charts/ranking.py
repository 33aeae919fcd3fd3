"""How well the candidates put the crashes in order: ROC, precision-recall, gain and lift."""

import numpy as np
from numpy.typing import NDArray

from crash_platform.modelling.metrics import (
    Probabilities,
    gain_points,
    measure,
    precision_recall_points,
    roc_points,
)
from crash_platform.modelling.ranking import Ranking
from crash_platform.pipelines.injuries.charts import canvas
from crash_platform.pipelines.injuries.charts.canvas import Panel, Sketch
from crash_platform.pipelines.injuries.charts.evaluation import PRODUCT, Evaluation, Said
from crash_platform.pipelines.injuries.charts.words import (
    candidate,
    gain,
    opening,
    score,
    share,
    with_interval,
)

COLOURS = {
    "logistic": canvas.ORANGE,
    "random_forest": canvas.GREEN,
    "hist_boosting": canvas.PURPLE,
    PRODUCT: canvas.BLUE,
}
MAJORITY, BASELINE = "majority", "logistic"
DECILES = np.linspace(0.0, 1.0, 11)


def curves(evaluation: Evaluation) -> Sketch:
    """ROC and precision-recall curves of every kind of model."""
    said = {name: evaluation.said("models", name) for name in evaluation.candidates("models")}
    scores = {name: measure(each.labels, each.probabilities, 0.5) for name, each in said.items()}
    drawn = sorted(set(said) - {MAJORITY}, key=lambda name: -scores[name].auc)
    figure, (left, right) = canvas.row_of_panels(4.1, (1, 1))
    left.plot([0, 1], [0, 1], color=canvas.SOFT, linewidth=1, linestyle="--")
    canvas.note(left, (0.47, 0.41), "chance", rotation=45)
    base = scores[PRODUCT].base_rate
    right.axhline(base, color=canvas.SOFT, linewidth=1, linestyle="--")
    canvas.note(right, (0.99, base - 0.012), f"base rate {share(base)}", ha="right", va="top")
    for name in drawn:
        roc = roc_points(said[name].labels, said[name].probabilities)
        precision = precision_recall_points(said[name].labels, said[name].probabilities)
        _draw(left, name, roc["false_positive_rate"], roc["true_positive_rate"], scores[name].auc)
        average = scores[name].average_precision
        _draw(right, name, precision["recall"], precision["precision"], average)
    _finish(left, "ROC, with the area under it", "harmless crashes flagged", "injury crashes found")
    x, y = "injury crashes found (recall)", "flagged ones with injuries (precision)"
    _finish(right, "Precision-recall, with its average", x, y)
    canvas.legend(left, "lower right")
    canvas.legend(right, "lower left")
    return Sketch(
        _who_is_best(evaluation, {name: each.auc for name, each in scores.items()}),
        "Left: how many injury crashes are found for how many harmless ones flagged; further up "
        "and left is better. Right: how many of those flagged had injuries; never flagging better "
        "than chance is the dashed base rate.",
        figure,
    )


def lift(evaluation: Evaluation) -> Sketch:
    """How much of the injury crashes the highest ranked crashes hold."""
    said = evaluation.product
    base, found = float(said.labels.mean()), found_by_decile(said)
    figure, (left, right) = canvas.row_of_panels(3.7, (1, 1))
    _draw_gain(left, said, base, float(found[0]))
    rates = found * base * 10.0
    tenth = range(1, 11)
    bars = right.bar(tenth, rates, color=[canvas.BLUE] + [canvas.SKY] * 9, width=0.8)
    canvas.label_bars(right, bars, [f"{100 * rate:.0f}" for rate in rates])
    right.axhline(base, color=canvas.SOFT, linewidth=1, linestyle="--", zorder=0.9)
    right.margins(y=0.12)
    canvas.note(right, (10.45, base), f"base rate {share(base)}", ha="right", va="bottom")
    right.set_xticks(list(tenth))
    canvas.style(right, "Injury share by tenth", "tenth, from the highest ranked", "had injuries")
    canvas.percent(right.yaxis)
    return Sketch(
        f"The tenth of crashes ranked highest holds {share(float(found[0]))} of the injury "
        f"crashes, {found[0] * 10:.2f} times as many as chance: {share(float(rates[0]))} of it had "
        "injuries.",
        "Left: the share of injury crashes found when only the highest ranked crashes are looked "
        "at; dashed is chance, dotted a perfect order. Right: the share with injuries in each "
        "tenth, which falls from left to right if the order is right.",
        figure,
    )


def found_by_decile(said: Said) -> NDArray[np.float64]:
    """The share of injury crashes that each tenth of the crashes holds, highest ranked first.

    A tie across two tenths is shared between them.
    """
    tally = Ranking.of(said.labels, said.probabilities).tally()
    flagged = np.append(0.0, tally.rows / tally.total)
    found = np.append(0.0, tally.positives / tally.positive)
    by_decile: NDArray[np.float64] = np.diff(np.interp(DECILES, flagged, found))
    return by_decile


def _draw_gain(axes: Panel, said: Said, base: float, top: float) -> None:
    points = gain_points(said.labels, said.probabilities)
    flagged = np.append(0.0, points["flagged_share"])
    axes.plot(flagged, np.append(0.0, points["found_share"]), color=canvas.BLUE, linewidth=2)
    axes.plot([0, 1], [0, 1], color=canvas.SOFT, linewidth=1, linestyle="--")
    axes.plot([0, base, 1], [0, 1, 1], color=canvas.SOFT, linewidth=1, linestyle=":")
    axes.plot([0.1], [top], marker="o", color=canvas.VERMILION)
    canvas.note(axes, (0.2, 0.04), f"top tenth: {share(top)} found", canvas.VERMILION)
    _finish(axes, "Gain", "crashes looked at, highest ranked first", "injury crashes found")


def _finish(axes: Panel, title: str, x: str, y: str) -> None:
    axes.set_xlim(0.0, 1.0)
    axes.set_ylim(0.0, 1.02)
    canvas.style(axes, title, x, y, grid="both")
    canvas.percent(axes.xaxis)
    canvas.percent(axes.yaxis)


def _draw(axes: Panel, name: str, x: Probabilities, y: Probabilities, metric: float) -> None:
    is_product = name == PRODUCT
    axes.plot(
        x,
        y,
        label=f"{candidate(name)} {score(metric)}",
        color=COLOURS.get(name, canvas.SKY),
        linewidth=2.2 if is_product else 1.2,
        zorder=3 if is_product else 2,
    )


def _who_is_best(evaluation: Evaluation, aucs: dict[str, float]) -> str:
    best = max(aucs, key=lambda name: aucs[name])
    row = evaluation.row("models", PRODUCT)
    ours = with_interval(row, "auc") if row else score(aucs[PRODUCT])
    if best != PRODUCT:
        return (
            f"{opening(candidate(best))} ranks best of {len(aucs)} (AUC {score(aucs[best])}); "
            f"{candidate(PRODUCT)}, the model in use, has {ours}."
        )
    above = ""
    if BASELINE in aucs and len(aucs) > 1:
        above = f", {gain(aucs[PRODUCT] - aucs[BASELINE])} against {candidate(BASELINE)}"
    return f"{candidate(PRODUCT)} ranks best of {len(aucs)}: AUC {ours}{above}."
