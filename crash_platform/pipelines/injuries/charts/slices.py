"""For whom: the model's figures by borough, hour and vehicle, with how sure they are."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crash_platform.modelling.bootstrap import Interval, intervals
from crash_platform.modelling.metrics import Labels, Probabilities
from crash_platform.pipelines.injuries.charts import canvas
from crash_platform.pipelines.injuries.charts.canvas import Panel, Sketch
from crash_platform.pipelines.injuries.charts.evaluation import Evaluation, Said
from crash_platform.pipelines.injuries.charts.noise import ece_of_chance
from crash_platform.pipelines.injuries.charts.words import borough, score, share
from crash_platform.pipelines.injuries.encoding import BOROUGHS

FEWEST, RESAMPLES = 100, 100
HOURS = {
    "night, 0-5 h": range(6),
    "morning, 6-9 h": range(6, 10),
    "midday, 10-15 h": range(10, 16),
    "evening, 16-19 h": range(16, 20),
    "late, 20-23 h": range(20, 24),
}
TITLES = (("Had injuries", "share of crashes"), ("Ranking", "AUC"), ("Calibration error", "ECE"))
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Slice:
    """The model on a part of the test crashes; without figures where the part is too small."""

    kind: str
    name: str
    rows: int
    base_rate: float | None
    auc: Interval | None = None
    ece: Interval | None = None
    ece_of_chance: float | None = None


def slices(evaluation: Evaluation) -> Sketch:
    """Base rate, AUC and calibration error of every part, with 95 % intervals."""
    parts = measured(evaluation.product, evaluation.seed)
    lines = _with_headings(parts)
    figure, panels = canvas.row_of_panels(0.9 + 0.225 * len(lines), (0.8, 1, 1))
    for axes, (title, unit) in zip(panels, TITLES, strict=True):
        canvas.style(axes, title, unit, grid="x")
        axes.set_ylim(len(lines) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
    for place, line in enumerate(lines):
        if isinstance(line, Slice):
            _draw(panels, place, line)
    overall = _overall(evaluation.product)
    for axes, value in zip(panels, overall, strict=True):
        axes.axvline(value, color=canvas.SOFT, linewidth=1, linestyle="--")
    canvas.percent(panels[0].xaxis)
    _name_lines(panels, lines)
    return Sketch(
        _title(parts),
        "Dots with 95 % intervals; dashed: all test crashes. Small ticks on the right: the error "
        f"that chance alone makes of so few crashes. Parts under {FEWEST} crashes, or with one "
        "outcome only, are named but not judged.",
        figure,
    )


def measured(said: Said, seed: int) -> list[Slice]:
    """Every part of the test crashes with its figures, the boroughs first."""
    return [
        _measure(kind, name, said.labels[mask], said.probabilities[mask], seed)
        for kind, name, mask in parts_of(said)
    ]


def parts_of(said: Said) -> Iterator[tuple[str, str, Mask]]:
    """(kind, name, rows) of every part; crashes that did not say are a part of their own."""
    for name in (*BOROUGHS, None):
        yield "borough", borough(name), _equal(said.boroughs, name)
    for name, hours in HOURS.items():
        yield "hour", name, np.isin(said.hours.astype(np.float64), list(hours))
    yield "hour", "not given", _equal(said.hours, None)
    named = sorted({name for name in said.vehicle_groups if name is not None})
    for name in (*named, None):
        mask = _equal(said.vehicle_groups, name)
        yield "first vehicle", "not given" if name is None else str(name), mask


def _equal(values: NDArray[np.object_], wanted: str | None) -> Mask:
    mask: Mask = np.array([value == wanted for value in values], np.bool_)
    return mask


def _measure(
    kind: str, name: str, labels: Labels, probabilities: Probabilities, seed: int
) -> Slice:
    rows = len(labels)
    if rows < FEWEST or labels.all() or not labels.any():
        return Slice(kind, name, rows, float(labels.mean()) if rows else None)
    found = intervals(labels, {name: probabilities}, {name: 0.5}, resamples=RESAMPLES, seed=seed)[
        name
    ]
    return Slice(
        kind,
        name,
        rows,
        float(labels.mean()),
        found["auc"],
        found["ece"],
        ece_of_chance(probabilities),
    )


def _with_headings(parts: list[Slice]) -> list[Slice | str]:
    lines: list[Slice | str] = []
    for part in parts:
        if part.rows and (not lines or part.kind != _kind(lines[-1])):
            lines.append(part.kind)
        if part.rows:
            lines.append(part)
    return lines


def _kind(line: Slice | str) -> str:
    return line.kind if isinstance(line, Slice) else line


def _draw(panels: list[Panel], place: int, part: Slice) -> None:
    base, auc, ece = panels
    if part.auc is None or part.ece is None or part.ece_of_chance is None:
        reason = "too small" if part.rows < FEWEST else "one outcome only"
        canvas.note(auc, (0.02, place), reason, frame="y", va="center")
        return
    if part.base_rate is not None:
        base.plot([part.base_rate], [place], marker="o", markersize=5, color=canvas.INK)
    for axes, found, colour in ((auc, part.auc, canvas.BLUE), (ece, part.ece, canvas.VERMILION)):
        axes.plot([found.low, found.high], [place, place], color=colour, linewidth=1.8)
        axes.plot([found.value], [place], marker="o", markersize=5, color=colour)
    ece.plot([part.ece_of_chance], [place], marker="|", markersize=9, color=canvas.SOFT)


def _name_lines(panels: list[Panel], lines: list[Slice | str]) -> None:
    names = [
        f"{line.name} ({line.rows:,})" if isinstance(line, Slice) else f"by {line}"
        for line in lines
    ]
    panels[0].set_yticks(range(len(lines)), names)
    for text, line in zip(panels[0].get_yticklabels(), lines, strict=True):
        text.set_color(canvas.INK)
        text.set_fontweight("normal" if isinstance(line, Slice) else "bold")
    for axes in panels[1:]:
        axes.set_yticks(range(len(lines)), [""] * len(lines))
    panels[2].set_xlim(0.0, None)


def _overall(said: Said) -> tuple[float, float, float]:
    from crash_platform.modelling.metrics import measure

    whole = measure(said.labels, said.probabilities, 0.5)
    return whole.base_rate, whole.auc, whole.ece


def _title(parts: list[Slice]) -> str:
    judged = [(part, part.auc, part.ece, part.ece_of_chance) for part in parts]
    known = [(p, a, e, c) for p, a, e, c in judged if a and e and c is not None]
    if not known:
        return "No part of the test crashes is large enough to be judged by itself."
    low = min(known, key=lambda each: each[1].value)
    high = max(known, key=lambda each: each[1].value)
    worst = max(known, key=lambda each: each[2].value - each[3])
    return (
        f"Over {len(known)} parts AUC lies between {score(low[1].value)} ({_called(low[0])}) and "
        f"{score(high[1].value)} ({_called(high[0])}); calibration is furthest beyond chance for "
        f"{_called(worst[0])}: {score(worst[2].value)}, chance alone {score(worst[3])}, "
        f"{share(worst[0].base_rate or 0.0, 0)} with injuries."
    )


def _called(part: Slice) -> str:
    return f"{part.kind} {part.name}"
