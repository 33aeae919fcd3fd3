"""How much data is enough: AUC by the number of crashes, and by the length of history."""

from collections.abc import Sequence

from crash_platform.pipelines.injuries.charts import canvas
from crash_platform.pipelines.injuries.charts.canvas import Panel, Sketch
from crash_platform.pipelines.injuries.charts.evaluation import Evaluation, Row
from crash_platform.pipelines.injuries.charts.parameters import parameter
from crash_platform.pipelines.injuries.charts.words import score


def learning(evaluation: Evaluation) -> Sketch:
    """AUC by rows and by months of history; a panel is left out if its experiment was not run."""
    rows = sorted(evaluation.rows("rows"), key=lambda row: int(row["train_count"]))
    windows = sorted(evaluation.rows("window"), key=lambda row: parameter(row, "months"))
    figure, panels = canvas.row_of_panels(3.5, [1] * (bool(rows) + bool(windows)))
    said = []
    if rows:
        said.append(_draw_rows(panels[0], rows))
    if windows:
        said.append(_draw_windows(panels[-1], windows))
    _same_height(panels)
    return Sketch(
        " ".join(said),
        "AUC on the same test crashes, with 95 % intervals. Left to right: more crashes to learn "
        "from, and a longer history; older crashes were recorded under other rules, so longer is "
        "not always better."
        if rows and windows
        else "AUC on the same test crashes, with 95 % intervals.",
        figure,
    )


def _draw_rows(axes: Panel, rows: list[Row]) -> str:
    counts = [float(row["train_count"]) for row in rows]
    _draw(axes, counts, rows, canvas.BLUE)
    canvas.doubling(axes, counts)
    canvas.style(axes, "By crashes to learn from", "crashes (log scale)", "AUC")
    first, last = rows[0], rows[-1]
    if len(rows) == 1:
        return f"{counts[0]:,.0f} crashes give an AUC of {score(first['auc'])}."
    return (
        f"From {counts[0]:,.0f} to {counts[-1]:,.0f} crashes AUC goes from {score(first['auc'])} "
        f"to {score(last['auc'])}, {score(last['auc'] - rows[-2]['auc'])} of it in the last step."
    )


def _draw_windows(axes: Panel, rows: list[Row]) -> str:
    months = [parameter(row, "months") for row in rows]
    _draw(axes, months, rows, canvas.GREEN)
    canvas.doubling(axes, months)
    canvas.style(axes, "By length of history", "months before calibration (log scale)", "AUC")
    best = max(rows, key=lambda row: float(row["auc"]))
    longest = rows[-1]
    text = f"{parameter(best, 'months'):g} months of history do best ({score(best['auc'])})"
    if best is longest:
        return f"{text}, the longest tried."
    return f"{text}; {months[-1]:g} give {score(longest['auc'])}."


def _draw(axes: Panel, places: Sequence[float], rows: list[Row], colour: str) -> None:
    aucs = [row["auc"] for row in rows]
    axes.plot(places, aucs, color=colour, marker="o", markersize=4.5, linewidth=1.8)
    low = [row["auc"] if row["auc_low"] is None else row["auc_low"] for row in rows]
    high = [row["auc"] if row["auc_high"] is None else row["auc_high"] for row in rows]
    axes.fill_between(places, low, high, color=colour, alpha=0.18, linewidth=0)


def _same_height(panels: Sequence[Panel]) -> None:
    limits = [axes.get_ylim() for axes in panels]
    for axes in panels:
        axes.set_ylim(min(low for low, _ in limits), max(high for _, high in limits))
