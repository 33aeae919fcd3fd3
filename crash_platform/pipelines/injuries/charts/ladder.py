"""What the model may know, and how it is judged: two choices that make a number look better."""

from crash_platform.pipelines.injuries.charts import canvas
from crash_platform.pipelines.injuries.charts.canvas import Panel, Sketch
from crash_platform.pipelines.injuries.charts.evaluation import Evaluation, Row
from crash_platform.pipelines.injuries.charts.words import candidate, gain, score

STEPS = {
    "time_place": "time and place",
    "first_report": "first report:\ntime, place, vehicles",
    "full_report": "full report:\nand the officer's factors",
    "artefacts": "first report + traces of\nfiling (minute, fields)",
    "leak": "LEAK (follows\nfrom the outcome)",
}
SPLITS = {"time": "by time", "random": "at random"}
SUSPECT = ("artefacts", "leak", "random")
"""What makes a number better without making the model any better for a new crash."""


def ladder(evaluation: Evaluation) -> Sketch:
    """AUC by what is known, with the leak, and beside it a random against a time split."""
    steps = _in_order(evaluation.rows("ladder"), tuple(STEPS))
    splits = _in_order(evaluation.rows("split"), tuple(SPLITS))
    widths = [1.0 for rows in (steps, splits) if rows]
    figure, panels = canvas.row_of_panels(3.6, widths)
    if steps:
        canvas.style(panels[0], "By what is known", "AUC", grid="x")
        _draw(panels[0], steps, STEPS, evaluation.feature_set)
    if splits:
        canvas.style(panels[-1], "By split", "AUC", grid="x")
        _draw(panels[-1], splits, SPLITS, "time")
    _same_width(panels)
    return Sketch(
        " ".join(_findings(steps, splits)),
        "Blue is the model in use and black what could honestly be had. Red is not skill: the "
        "leak holds what only the outcome tells, traces of filing say how a report was filed, and "
        "a random split is asked about days it has learnt from.",
        figure,
    )


def _in_order(rows: list[Row], names: tuple[str, ...]) -> list[Row]:
    known = {name: place for place, name in enumerate(names)}
    return sorted(rows, key=lambda row: known.get(row["candidate"], len(names)))


def _draw(axes: Panel, rows: list[Row], names: dict[str, str], ours: str) -> None:
    for place, row in enumerate(rows):
        name, auc = row["candidate"], row["auc"]
        colour = canvas.VERMILION if name in SUSPECT else canvas.INK
        colour = canvas.BLUE if name == ours else colour
        if row["auc_low"] is not None and row["auc_high"] is not None:
            axes.plot([row["auc_low"], row["auc_high"]], [place, place], color=colour, linewidth=2)
        axes.plot(
            [auc], [place], marker="X" if name in SUSPECT else "o", markersize=7, color=colour
        )
        axes.annotate(
            score(auc),
            (auc, place),
            (0, 8),
            textcoords="offset points",
            ha="center",
            color=colour,
            fontsize=canvas.SMALL,
        )
    labels = [names.get(row["candidate"], candidate(row["candidate"])) for row in rows]
    canvas.name_rows(axes, labels)


def _same_width(panels: list[Panel]) -> None:
    """One scale for both, so that equal distances are equal gains."""
    limits = [axes.get_xlim() for axes in panels]
    low, high = min(low for low, _ in limits), max(high for _, high in limits)
    for axes in panels:
        axes.set_xlim(low - 0.02, high + 0.02)


def _findings(steps: list[Row], splits: list[Row]) -> list[str]:
    aucs = {row["candidate"]: row["auc"] for row in steps}
    known = [
        f"{score(aucs[name])} with {what}"
        for name, what in (
            ("time_place", "time and place"),
            ("first_report", "the first report"),
            ("full_report", "the full report"),
        )
        if name in aucs
    ]
    said = [f"AUC is {', '.join(known)}."] if known else []
    if "leak" in aucs:
        said.append(f"A leak would make it {score(aucs['leak'])}.")
    judged = {row["candidate"]: row["auc"] for row in splits}
    if "random" in judged and "time" in judged:
        said.append(f"A random split would change it by {gain(judged['random'] - judged['time'])}.")
    if not said:
        said = [
            f"AUC of {candidate(row['candidate'])}: {score(row['auc'])}." for row in steps + splits
        ]
    return said
