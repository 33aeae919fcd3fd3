"""What a dashboard is made of, as plain declarations: figures, their columns, how they are drawn.

Nothing is read or rendered here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

from crash_platform.lake.contract import Table

if TYPE_CHECKING:
    import duckdb

Format = Literal["count", "share", "change", "number", "day", "moment", "milliseconds", "text"]
"""How a value is shown: ``share`` is 0-1 and shown in percent, ``change`` too and with its sign,
``number`` with three digits."""
Kind = Literal["tiles", "line", "bar", "heatmap", "dots", "hexagons"]
Asked = Mapping[str, Any]
"""The values of a dashboard's controls by name; in SQL they are ``$name``."""
Rows = Callable[["duckdb.DuckDBPyConnection", Asked], pa.Table]
"""Gives a figure's rows, one column per field, from a session of ``pipelines.views.connect``."""
Options = Sequence[tuple[str, str]]
"""What can be chosen: value in the URL, label."""
Bounds = tuple[date, date] | None
"""The first and the last day there is."""


@dataclass(frozen=True)
class Field:
    """A column of a figure: its name in the answer, and what people call it."""

    name: str
    label: str
    format: Format = "text"
    beside: str = ""
    """Of tiles: the field below whose number this one is said, smaller; "" for its own tile."""


@dataclass(frozen=True)
class Chart:
    """How rows are drawn.

    Attributes:
        kind: tiles (one row; each field a headline number), line or bar (``y`` over ``x``), heatmap
            (``y[0]`` as colour over ``x`` and ``by``), dots (``y[0]`` with an interval, one row per
            ``x``), hexagons (``y[0]`` as colour of the H3 cells in ``x``).
        x: field along the axis.
        y: fields that are drawn, a series each.
        by: field by whose values one series is split into several; then ``y`` is one field.
        low: lower end of the interval of ``y[0]``.
        high: upper end of it.
        is_stacked: series are stacked.
        is_ordered_by_value: categories are drawn across, the first row at the top.
    """

    kind: Kind
    x: str = ""
    y: tuple[str, ...] = ()
    by: str | None = None
    low: str | None = None
    high: str | None = None
    is_stacked: bool = False
    is_ordered_by_value: bool = False


@dataclass(frozen=True)
class Figure:
    """Numbers that answer one question.

    Attributes:
        name: in the address of its download.
        title: what it shows.
        definition: how each number is counted, and what it is not; one to three sentences.
        fields: its columns, in order.
        rows: gives them.
        chart: how they are drawn; a table alone without one.
        sources: the tables they come from, for whoever asks.
        note: said beside it, from the rows (e.g. how many crashes have no place); may be "".
            Columns of the rows that are no field are for it: they are not shown.
        is_kept: whether the rows depend on the tables and on what is asked alone; others (a hub is
            asked) are made anew every time.
        is_half: two such figures lie side by side where there is room.
        filled_by: what would fill it, said while there is nothing, e.g. "crashes that are reported
            on the page"; by default its sources.
    """

    name: str
    title: str
    definition: str
    fields: tuple[Field, ...]
    rows: Rows
    chart: Chart | None = None
    sources: tuple[Table, ...] = ()
    note: Callable[[pa.Table], str] = lambda _: ""
    is_kept: bool = True
    is_half: bool = False
    filled_by: str = ""


@dataclass(frozen=True)
class Control:
    """A filter: in the URL by its name, in SQL ``$name``.

    Attributes:
        name: a Python identifier.
        label: what people call it.
        kind: ``day`` (a ``date`` or None), ``choice`` (a str), ``choices`` (a list of str, empty
            for all).
        options: what can be chosen, from the data; a ``day`` has none.
        default: its value where the URL does not say; by default a choice's first option.
        bounds: of a ``day``: the first and the last day there is; None where there is none.
        tables: what options, default and bounds read, besides the dashboard's own.
    """

    name: str
    label: str
    kind: Literal["day", "choice", "choices"]
    options: Callable[["duckdb.DuckDBPyConnection"], Options] = lambda _: ()
    default: Callable[["duckdb.DuckDBPyConnection"], Any] | None = None
    bounds: Callable[["duckdb.DuckDBPyConnection"], Bounds] = lambda _: None
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True)
class Dashboard:
    """A page of figures.

    Attributes:
        path: e.g. ``/overview``.
        label: in the navigation.
        group: of the navigation.
        title: as a headline.
        lead: one or two sentences below it: what one sees, what one must not read into it.
        controls: its filters, in order.
        figures: in order.
        tables: what its figures read; these, and those of its controls, are views of the session.
        below: a template of a room (``dashboards/pictures.html``) put below the figures; "" for
            none.
        below_values: gives what that template names.
    """

    path: str
    label: str
    group: str
    title: str
    lead: str
    controls: tuple[Control, ...]
    figures: tuple[Figure, ...]
    tables: tuple[Table, ...]
    below: str = ""
    below_values: Callable[["duckdb.DuckDBPyConnection", Asked], Mapping[str, Any]] = lambda *_: {}
