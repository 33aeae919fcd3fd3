"""When: the share of injury crashes over all years, and which days the model has seen."""

from datetime import date, timedelta

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from crash_platform.pipelines.injuries.charts import canvas
from crash_platform.pipelines.injuries.charts.canvas import Panel, Sketch
from crash_platform.pipelines.injuries.charts.evaluation import Evaluation
from crash_platform.pipelines.injuries.charts.words import day, share

PILOT, CITYWIDE = date(2019, 3, 18), date(2020, 4, 6)
"""Since when the police no longer attend crashes with damage only: Staten Island, then all."""

NEWEST = 12
"""Months that the title sums up."""

Months = NDArray[np.datetime64]
Numbers = NDArray[np.float64]


def base_rate(evaluation: Evaluation) -> Sketch:
    """The share of crashes with injuries, and the number of crashes, by month."""
    months, counts, shares = _by_month(evaluation)
    figure, (above, below) = canvas.column_of_panels((2.9, 1.5))
    above.plot(months, shares, color=canvas.BLUE, linewidth=1.6, marker=".", markersize=4)
    above.set_ylim(0.0, 1.28 * float(np.nanmax(shares)))
    _mark_policy(above, months)
    _mark_model(above, evaluation)
    above.set_xlim(months[0], months[-1] + np.timedelta64(31, "D"))
    canvas.style(above, "Crashes with anyone injured or killed", y="share of crashes")
    canvas.percent(above.yaxis)
    below.fill_between(months, counts, step="mid", color=canvas.SKY, alpha=0.6, linewidth=0)
    below.set_ylim(0.0, None)
    canvas.style(below, "Crashes", x="month of the crash", y="crashes a month")
    canvas.counts(below.yaxis, 4)
    canvas.dates(below.xaxis)
    return Sketch(
        _title(months, counts, shares),
        "Each point is a calendar month; the dashed lines are the days from which the police no "
        "longer attended crashes with damage only, so a higher share means fewer harmless crashes "
        "on record, not more dangerous streets. Shaded: the days this model was made from.",
        figure,
    )


def split_strip(evaluation: Evaluation) -> Sketch:
    """Which days the model was fitted, calibrated and judged on, on one time line."""
    spans = _spans(evaluation)
    figure, (axes,) = canvas.row_of_panels(2.3, (1,))
    start, end = spans[0][1], evaluation.as_of
    for number, (_, first, last, what, colour) in enumerate(spans):
        length = (last - first).days + 1
        axes.barh(number, length, left=canvas.place(first), color=colour, height=0.55)
        is_late = (first - start) > (end - start) / 2
        at = first - timedelta(days=4) if is_late else first + timedelta(days=4)
        look = {"ha": "right" if is_late else "left", "va": "center"}
        text, ink = f"{day(first)} to {day(last)}: {what}", canvas.INK if is_late else "white"
        canvas.note(axes, (canvas.place(at), number), text, ink, **look)
    canvas.style(axes, "What the model has seen when", x="day of the crash", grid=None)
    canvas.name_rows(axes, [name for name, *_ in spans])
    canvas.dates(axes.xaxis)
    return Sketch(
        f"The model was fitted up to {day(evaluation.day('trained_to'))} and judged on "
        f"{evaluation.number('test_count'):,.0f} crashes from "
        f"{day(evaluation.day('tested_from'))} on, when {share(evaluation.number('base_rate'))} "
        f"had injuries against {share(evaluation.number('train_base_rate'))} before.",
        "Nothing to the right of a bar was known when it was used. The newest days are left out "
        "because their records are still being filed and corrected.",
        figure,
    )


def _by_month(evaluation: Evaluation) -> tuple[Months, Numbers, Numbers]:
    """Every month from the first to the last; NaN where there are no crashes."""
    table = evaluation.months.filter(pc.greater(evaluation.months["crash_count"], 0))
    given = table["month"].to_numpy().astype("datetime64[M]")
    months = np.arange(given.min(), given.max() + 1)
    counts, shares = np.zeros(len(months)), np.full(len(months), np.nan)
    places = (given - months[0]).astype(np.intp)
    counts[places] = table["crash_count"].to_numpy()
    shares[places] = table["injury_share"].to_numpy()
    return months.astype("datetime64[D]"), counts, shares


def _title(months: Months, counts: Numbers, shares: Numbers) -> str:
    is_new = np.arange(len(months)) >= len(months) - NEWEST
    is_old = months < np.datetime64(PILOT, "M").astype("datetime64[D]")
    newest = share(_mean(counts, shares, is_new))
    now = f"{newest} of crashes in the {is_new.sum()} months to {_month(months[-1])}"
    if counts[is_old].any():
        before = share(_mean(counts, shares, is_old))
        return f"Injuries are on record for {now}, against {before} before reporting changed."
    lowest, highest = share(float(np.nanmin(shares))), share(float(np.nanmax(shares)))
    return f"Injuries are on record for {now}; by month between {lowest} and {highest}."


def _month(when: np.datetime64) -> str:
    return f"{when.astype(object):%b %Y}"


def _mean(counts: Numbers, shares: Numbers, mask: NDArray[np.bool_]) -> float:
    mask = mask & ~np.isnan(shares)
    return float(np.average(shares[mask], weights=counts[mask]))


def _mark_policy(axes: Panel, months: Months) -> None:
    for when, text, side in (
        (PILOT, f"Staten Island \n{day(PILOT)} ", "right"),
        (CITYWIDE, f" whole city\n {day(CITYWIDE)}", "left"),
    ):
        if months[0] <= np.datetime64(when) <= months[-1]:
            at = canvas.place(when)
            axes.axvline(at, color=canvas.VERMILION, linewidth=1.1, linestyle="--")
            look = {"frame": "x", "ha": side, "va": "top"}
            canvas.note(axes, (at, 0.99), text, canvas.VERMILION, **look)


def _mark_model(axes: Panel, evaluation: Evaluation) -> None:
    first, last = evaluation.day("trained_from"), evaluation.day("tested_to")
    axes.axvspan(
        canvas.place(first), canvas.place(last), color=canvas.ORANGE, alpha=0.18, linewidth=0
    )
    text = "this model's days "
    canvas.note(axes, (canvas.place(last), 0.02), text, frame="x", ha="right", clip_on=True)


def _spans(evaluation: Evaluation) -> list[tuple[str, date, date, str, str]]:
    """(name, first day, last day, what of it, colour) of every span, in order."""
    spans = []
    for name, what, count, colour in (
        ("fitted", "trained", "train_count", canvas.BLUE),
        ("calibrated", "calibrated", "calibrate_count", canvas.GREEN),
        ("judged", "tested", "test_count", canvas.ORANGE),
    ):
        first, last = evaluation.day(f"{what}_from"), evaluation.day(f"{what}_to")
        crashes = f"{evaluation.number(count):,.0f} crashes"
        spans.append((name, first, last, crashes, colour))
    after = evaluation.day("tested_to") + timedelta(days=1)
    if after <= evaluation.as_of:
        spans.append(("immature", after, evaluation.as_of, "left out", canvas.FAINT))
    return spans
