"""The dashboard of places: hexagons of the city by what was recorded in them.

Time and boroughs are in ``overview``. No outline is computed here, only which cell has how much.
"""

from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from crash_platform.pipelines.crashes.tables import CRASH_HOTSPOTS
from crash_platform.serving.dashboards.controls import days
from crash_platform.serving.dashboards.figure import (
    Asked,
    Chart,
    Control,
    Dashboard,
    Field,
    Figure,
    Options,
)
from crash_platform.serving.dashboards.texts import from_sql

if TYPE_CHECKING:
    import duckdb

UNLOCATED: Final = "UNLOCATED"
FINEST: Final = "9"
"""The resolution of the table; coarser cells are made of its cells."""
TOP: Final = 20
MEASURES: Final[Options] = (
    ("crash_count", "Crashes"),
    ("injury_crash_count", "Crashes with injuries"),
    ("persons_injured", "People injured"),
    ("persons_killed", "People killed"),
)
RESOLUTIONS: Final[Options] = (
    ("8", "0.7 square km"),
    (FINEST, "0.1 square km"),
)
CELLS: Final[Options] = (
    ("2000", "2,000 highest"),
    ("500", "500 highest"),
    ("100", "100 highest"),
    ("all", "All"),
)
"""The city has about 1,100 of the coarse cells and 7,000 of the fine ones."""

_COUNTS = (
    Field("crash_count", "Crashes", "count"),
    Field("injury_crash_count", "Crashes with injuries", "count"),
    Field("persons_injured", "People injured", "count"),
    Field("persons_killed", "People killed", "count"),
)


def hotspots() -> Dashboard:
    """Where crashes are, as hexagons and as a list of the highest."""
    return Dashboard(
        path="/hotspots",
        label="Hotspots",
        group="Crashes",
        title="Where crashes happen",
        lead=(
            "Crashes by hexagon, as located in the official records. A dark hexagon has many "
            "crashes; it may also have much traffic, which nobody counts here."
        ),
        controls=(
            *days(),
            _choice("measure", "Colour by", MEASURES),
            _choice("resolution", "Hexagons", RESOLUTIONS),
            _choice("cells", "Show", CELLS),
        ),
        figures=(hexagons(), highest()),
        tables=(CRASH_HOTSPOTS,),
    )


def _choice(name: str, label: str, options: Options) -> Control:
    return Control(name, label, "choice", lambda _: options)


def hexagons() -> Figure:
    """The map."""
    return Figure(
        name="map",
        title="Hotspots",
        definition=(
            "Sums of the days asked for in H3 hexagons, where the chosen number is not zero. "
            "Crashes without usable coordinates are on no map; the note counts them."
        ),
        fields=(
            Field("h3_cell", "H3 cell"),
            Field("measure", "Chosen number", "count"),
            *_COUNTS,
        ),
        rows=drawn_cells,
        chart=Chart("hexagons", "h3_cell", ("measure",)),
        sources=(CRASH_HOTSPOTS,),
        note=unlocated,
    )


def highest() -> Figure:
    """The highest cells, with the place where each is."""
    return Figure(
        name="highest",
        title=f"The {TOP} highest hexagons",
        definition=(
            "By the number that colours the map; among equals, more crashes come first. The centre "
            "is the middle of the hexagon, not of its crashes."
        ),
        fields=(
            Field("rank", "Rank", "count"),
            Field("latitude", "Centre, degrees north", "number"),
            Field("longitude", "Centre, degrees east", "number"),
            *_COUNTS,
            Field("injury_share", "Share with injuries", "share"),
            Field("h3_cell", "H3 cell"),
        ),
        rows=highest_cells,
        sources=(CRASH_HOTSPOTS,),
    )


def drawn_cells(connection: "duckdb.DuckDBPyConnection", asked: Asked) -> pa.Table:
    """The cells of the map, the highest first.

    Beside the fields, each row holds what the note says: the label of the measure, its sum over all
    crashes and over those without a place, the crashes likewise, and how many cells there are.
    """
    found = from_sql("hotspots_cells")(connection, asked)
    cells, measure = ranked(found, asked["measure"], asked["resolution"]), asked["measure"]
    places = pc.not_equal(found["h3_cell"], UNLOCATED)
    shown = cells if asked["cells"] == "all" else cells.slice(0, int(asked["cells"]))
    told = {
        "measure_label": dict(MEASURES)[measure],
        "all_measured": _sum(found[measure]),
        "unlocated_measured": _sum(found.filter(pc.invert(places))[measure]),
        "all_crashes": _sum(found["crash_count"]),
        "unlocated_crashes": _sum(found.filter(pc.invert(places))["crash_count"]),
        "all_cells": cells.num_rows,
    }
    for name, value in told.items():
        shown = shown.append_column(name, pa.repeat(pa.scalar(value), shown.num_rows))
    return shown


def highest_cells(connection: "duckdb.DuckDBPyConnection", asked: Asked) -> pa.Table:
    """The ``TOP`` cells with rank, centre and share of injury crashes."""
    import h3

    found = from_sql("hotspots_cells")(connection, asked)
    top = ranked(found, asked["measure"], asked["resolution"]).slice(0, TOP)
    injuries, crashes = (
        top[f"{name}_count"].cast(pa.float64()) for name in ("injury_crash", "crash")
    )
    centres = [h3.cell_to_latlng(cell) for cell in top["h3_cell"].to_pylist()]
    columns = {
        "rank": pa.array(range(1, top.num_rows + 1), pa.int64()),
        "latitude": pa.array([latitude for latitude, _ in centres], pa.float64()),
        "longitude": pa.array([longitude for _, longitude in centres], pa.float64()),
        "injury_share": pc.divide(injuries, crashes),
    }
    return pa.table({**{name: top[name] for name in top.column_names}, **columns})


def ranked(found: pa.Table, measure: str, resolution: str) -> pa.Table:
    """The located cells with any of a measure, the highest first.

    Args:
        found: cells of resolution 9 with their counts, the unlocated among them.
        measure: one of the counts; it is repeated in the column ``measure``.
        resolution: of the cells that are returned, 9 or coarser.
    """
    cells = found.filter(pc.not_equal(found["h3_cell"], UNLOCATED))
    if resolution != FINEST:
        cells = coarser(cells, int(resolution))
    cells = cells.append_column("measure", cells[measure])
    order = [("measure", "descending"), ("crash_count", "descending"), ("h3_cell", "ascending")]
    return cells.filter(pc.greater(cells["measure"], 0)).sort_by(order)


def coarser(cells: pa.Table, resolution: int) -> pa.Table:
    """The cells summed up by the larger cell each belongs to."""
    import h3

    parents = [h3.cell_to_parent(cell, resolution) for cell in cells["h3_cell"].to_pylist()]
    column = cells.schema.get_field_index("h3_cell")
    moved = cells.set_column(column, "h3_cell", pa.array(parents, pa.string()))
    names = [field.name for field in _COUNTS]
    sums = moved.group_by("h3_cell").aggregate([(name, "sum") for name in names])
    return sums.rename_columns({f"{name}_sum": name for name in names})


def unlocated(rows: pa.Table) -> str:
    """What the map cannot show, and what it leaves out."""
    if not rows.num_rows:
        return ""
    first = rows.slice(0, 1).to_pylist()[0]
    told = f"Coloured by {first['measure_label'].lower()}. Not on the map for lack of coordinates: "
    told += f"{_part(first['unlocated_crashes'], first['all_crashes'])} crashes"
    if first["measure_label"] != "Crashes":
        label = first["measure_label"].lower()
        told += f", {_part(first['unlocated_measured'], first['all_measured'])} {label}"
    told += "."
    if rows.num_rows < first["all_cells"]:
        told += f" Drawn are {rows.num_rows:,} of {first['all_cells']:,} hexagons."
    return told


def _part(part: int, everything: int) -> str:
    share = f" ({part / everything:.1%})" if everything else ""
    return f"{part:,} of {everything:,}{share}"


def _sum(counts: pa.ChunkedArray) -> int:
    return int(pc.sum(counts).as_py() or 0)
