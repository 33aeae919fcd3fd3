"""From a figure and its rows to what ``charts.js`` draws: plain values for JSON. No pixel here."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa

from crash_platform.serving.dashboards.figure import Figure

DIGITS: Final = 5
"""Of the degrees of an outline: about a metre."""


def drawing(figure: Figure, rows: pa.Table) -> dict[str, Any] | None:
    """The data of a chart, column by column; None where a table or tiles say all there is.

    A chart without a single value is none.

    Hexagons get the outline of each cell, ``[longitude, latitude, longitude, ...]``, or None for a
    text that is no H3 cell.
    """
    chart = figure.chart
    if chart is None or chart.kind == "tiles" or rows.num_rows == 0:
        return None
    columns = {
        field.name: [plain(value) for value in rows[field.name].to_pylist()]
        for field in figure.fields
    }
    if all(value is None for name in chart.y for value in columns[name]):
        return None
    drawn: dict[str, Any] = {
        "title": figure.title,
        **asdict(chart),
        "fields": [asdict(field) for field in figure.fields],
        "columns": columns,
    }
    if chart.kind == "hexagons":
        drawn["outlines"] = outlines(columns[chart.x])
    return drawn


def plain(value: object) -> object:
    """A value as JSON can say it; what is no finite number is nothing."""
    if isinstance(value, datetime):
        return value.isoformat() if value.tzinfo is None else _utc(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def outlines(cells: Sequence[Any]) -> list[list[float] | None]:
    """The corners of H3 cells."""
    import h3

    return [
        [
            round(degrees, DIGITS)
            for latitude, longitude in h3.cell_to_boundary(cell)
            for degrees in (longitude, latitude)
        ]
        if h3.is_valid_cell(str(cell))
        else None
        for cell in cells
    ]


def _utc(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
