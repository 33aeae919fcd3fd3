"""From a dashboard's answer to what its template names: texts and addresses, nothing to decide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

import pyarrow as pa

from crash_platform.serving.dashboards.drawing import drawing
from crash_platform.serving.dashboards.figure import Asked, Dashboard, Field, Figure
from crash_platform.serving.dashboards.formats import layout, said
from crash_platform.serving.dashboards.query import Offer, unparse
from crash_platform.serving.dashboards.reading import Answer

MOST_ROWS: Final = 200
"""Of a table in a page; its download has all."""
SPANS: Final = ((30, "30 days"), (90, "90 days"), (365, "A year"), (0, "All days"))
"""Days up to the newest one that a link asks; 0 for all there are."""


@dataclass(frozen=True)
class Link:
    """An address of the same dashboard."""

    address: str
    label: str
    is_current: bool = False


@dataclass(frozen=True)
class Tile:
    """A headline number, and what is said below it."""

    label: str
    value: str
    beside: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class ShownFigure:
    """A figure as its template names it.

    Attributes:
        figure: the declaration.
        nothing: why there is nothing to see; "" if there is.
        note: what is said beside it.
        tiles: if it has such.
        drawn: what ``charts.js`` draws, if it does.
        heads: of the table: label, and ``number``, ``moment`` or ``text``, as which it is laid out.
        rows: of the table, as people read them.
        row_count: how many rows there are, shown or not.
        links: its downloads.
    """

    figure: Figure
    nothing: str = ""
    note: str = ""
    tiles: Sequence[Tile] = ()
    drawn: Mapping[str, Any] | None = None
    heads: Sequence[tuple[str, str]] = ()
    rows: Sequence[Sequence[str]] = ()
    row_count: int = 0
    links: Sequence[Link] = ()


@dataclass(frozen=True)
class ShownControl:
    """A filter as its template names it.

    Attributes:
        offer: the control and what can be chosen.
        value: of a day, its ISO text; of choices the list; of a choice the text.
        summary: of choices, in words.
    """

    offer: Offer
    value: Any
    summary: str = ""


@dataclass(frozen=True)
class ShownDashboard:
    """A page of figures as its template names it."""

    dashboard: Dashboard
    controls: Sequence[ShownControl]
    spans: Sequence[Link]
    figures: Sequence[ShownFigure]
    has_charts: bool = field(default=False)


def show(dashboard: Dashboard, answer: Answer) -> ShownDashboard:
    """Everything a page of the dashboard shows."""
    figures = [
        show_figure(dashboard, figure, answer.asked, answer.rows[figure.name])
        for figure in dashboard.figures
    ]
    controls = [_control(offer, answer.asked[offer.control.name]) for offer in answer.offers]
    return ShownDashboard(
        dashboard,
        controls,
        spans(dashboard.path, answer),
        figures,
        any(figure.drawn for figure in figures),
    )


def show_figure(
    dashboard: Dashboard, figure: Figure, asked: Asked, rows: pa.Table | None
) -> ShownFigure:
    """A figure with its numbers, or why it has none."""
    if rows is None:
        return ShownFigure(figure, nothing=f"Nothing yet: {_filled_by(figure)}.")
    note = figure.note(rows)
    if rows.num_rows == 0:
        return ShownFigure(figure, nothing=note or "Nothing for these filters.")
    is_tiles = figure.chart is not None and figure.chart.kind == "tiles"
    return ShownFigure(
        figure,
        note=note,
        tiles=tiles(figure, rows.slice(0, 1).to_pylist()[0]) if is_tiles else (),
        drawn=drawing(figure, rows),
        heads=[(each.label, layout(each.format)) for each in figure.fields],
        rows=_texts(figure, rows.slice(0, MOST_ROWS)),
        row_count=rows.num_rows,
        links=_downloads(dashboard, figure, asked),
    )


def tiles(figure: Figure, row: Mapping[str, Any]) -> list[Tile]:
    """The headline numbers of one row, each with what stands beside it, as far as it is known."""
    beside: dict[str, list[tuple[str, str]]] = {}
    for each in figure.fields:
        if each.beside and row[each.name] is not None:
            beside.setdefault(each.beside, []).append((each.label, _said(each, row)))
    return [
        Tile(each.label, _said(each, row), beside.get(each.name, ()))
        for each in figure.fields
        if not each.beside
    ]


def spans(path: str, answer: Answer) -> list[Link]:
    """Links to the same page over the last days there are; none where days are no filter."""
    days = {offer.control.name: offer for offer in answer.offers if offer.control.kind == "day"}
    if set(days) != {"first_day", "last_day"} or days["last_day"].bounds is None:
        return []
    oldest, newest = days["last_day"].bounds
    return [_span(path, answer.asked, (oldest, newest), *span) for span in SPANS]


def _span(path: str, asked: Asked, bounds: tuple[date, date], length: int, label: str) -> Link:
    oldest, newest = bounds
    first = max(oldest, newest - timedelta(days=length - 1)) if length else oldest
    is_current = (asked["first_day"], asked["last_day"]) == (first, newest)
    query = unparse({**asked, "first_day": first, "last_day": newest})
    return Link(f"{path}?{query}", label, is_current)


def _control(offer: Offer, value: Any) -> ShownControl:
    if offer.control.kind == "day":
        return ShownControl(offer, value.isoformat())
    if offer.control.kind == "choice":
        return ShownControl(offer, value)
    labels = dict(offer.options)
    chosen = "all" if not value else ", ".join(labels[each] for each in value)
    return ShownControl(offer, value, chosen)


def _filled_by(figure: Figure) -> str:
    tables = " or ".join(table.path for table in figure.sources)
    return f"it is filled by {figure.filled_by}" if figure.filled_by else f"{tables} is empty"


def _texts(figure: Figure, rows: pa.Table) -> list[list[str]]:
    columns = [
        [said(value, each.format) for value in rows[each.name].to_pylist()]
        for each in figure.fields
    ]
    return [list(row) for row in zip(*columns, strict=True)]


def _said(each: Field, row: Mapping[str, Any]) -> str:
    return said(row[each.name], each.format)


def _downloads(dashboard: Dashboard, figure: Figure, asked: Asked) -> list[Link]:
    query = unparse(asked)
    return [
        Link(f"{dashboard.path}/{figure.name}.{kind}" + (f"?{query}" if query else ""), label)
        for kind, label in (("csv", "CSV"), ("parquet", "Parquet"))
    ]
