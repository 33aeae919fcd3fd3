"""Turns borough outlines into two lookup tables; nothing here reads or writes a file.

The plane is cut into square cells of 1/512 degree. A power of two, so that ``floor(degrees * 512)``
is exact in every engine and a point on the border of two cells is in the same cell everywhere. A
cell that no outline touches lies in one borough or in none, and the cell alone answers. Where an
outline passes, the point is compared with the edges of its latitude band (even-odd rule).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from math import ceil, floor
from typing import Any, NamedTuple

import pyarrow as pa

from crash_platform.errors import PlatformError

CELLS_PER_DEGREE = 512
MARGIN = 1e-9
"""Degrees (a tenth of a millimetre) by which a cell counts as touched, far above rounding."""

GRID_SCHEMA = pa.schema(
    [("cell_row", pa.int32()), ("cell_column", pa.int32()), ("borough", pa.string())]
)
EDGE_SCHEMA = pa.schema(
    [
        ("cell_row", pa.int32()),
        ("borough", pa.string()),
        *((name, pa.float64()) for name in ("x1", "y1", "x2", "y2")),
    ]
)

Cell = tuple[int, int]
"""Row (from the latitude) and column (from the longitude)."""


class OutlineError(PlatformError):
    """An outline file that cannot be cut into a grid."""


class Edge(NamedTuple):
    """One side of an outline, x longitude and y latitude in degrees, with ``y1 <= y2``."""

    borough: str
    x1: float
    y1: float
    x2: float
    y2: float

    def x_at(self, y: float) -> float:
        """Longitude of the edge at a latitude; the edge must not be horizontal."""
        return self.x1 + (y - self.y1) * (self.x2 - self.x1) / (self.y2 - self.y1)


def outline_edges(outlines: Mapping[str, Any]) -> list[Edge]:
    """All sides of all rings of a GeoJSON collection of MultiPolygons with a property ``name``.

    Raises:
        OutlineError: A ring does not end where it starts.
    """
    return [
        edge
        for feature in outlines["features"]
        for polygon in feature["geometry"]["coordinates"]
        for ring in polygon
        for edge in _ring_edges(feature["properties"]["name"].upper(), ring)
    ]


def _ring_edges(borough: str, ring: Sequence[Sequence[float]]) -> Iterator[Edge]:
    if ring[0] != ring[-1]:
        raise OutlineError(
            f"A ring of {borough} starts at {ring[0]} and ends at {ring[-1]}: "
            "close it by repeating its first point."
        )
    for (ax, ay), (bx, by) in pairwise(ring):
        # One direction for every edge: a border that two boroughs share is computed alike for both.
        (y1, x1), (y2, x2) = sorted(((ay, ax), (by, bx)))
        yield Edge(borough, x1, y1, x2, y2)


def borough_grid(edges: Sequence[Edge]) -> pa.Table:
    """One row per cell that is in the city or on an outline, sorted by row and column.

    ``borough`` is null in a cell that an outline touches; cells outside all outlines are absent.
    """
    crossed = {cell for edge in edges for cell in _touched_cells(edge)}
    cells: dict[Cell, str | None] = dict(_inner_cells(edges))
    cells.update(dict.fromkeys(crossed))
    rows = [(row, column, cells[row, column]) for row, column in sorted(cells)]
    return _table(rows, GRID_SCHEMA)


def borough_edges(edges: Iterable[Edge]) -> pa.Table:
    """Every edge once per latitude band it touches, with ``y1 <= y2``, sorted.

    Horizontal edges are kept: the even-odd rule (``y1 <= y < y2``) never counts them, but a point
    may lie on one.
    """
    rows = sorted((row, *edge) for edge in edges for row in _bands(edge.y1, edge.y2))
    return _table(rows, EDGE_SCHEMA)


def _bands(y1: float, y2: float) -> range:
    return range(floor(y1 * CELLS_PER_DEGREE), floor(y2 * CELLS_PER_DEGREE) + 1)


def _span(low: float, high: float) -> range:
    """Cell numbers that the closed interval touches, the margin included."""
    first = floor((low - MARGIN) * CELLS_PER_DEGREE)
    return range(first, floor((high + MARGIN) * CELLS_PER_DEGREE) + 1)


def _touched_cells(edge: Edge) -> Iterator[Cell]:
    for row in _span(edge.y1, edge.y2):
        ends = [edge.x1, edge.x2]
        if edge.y1 < edge.y2:
            south = max(edge.y1, row / CELLS_PER_DEGREE - MARGIN)
            north = min(edge.y2, (row + 1) / CELLS_PER_DEGREE + MARGIN)
            ends = [edge.x_at(south), edge.x_at(north)]
        for column in _span(min(ends), max(ends)):
            yield row, column


def _inner_cells(edges: Sequence[Edge]) -> Iterator[tuple[Cell, str]]:
    """Cells whose centre is in a borough; those that an outline touches are among them."""
    crossings: dict[tuple[str, int], list[float]] = {}
    for edge in edges:
        for row in _bands(edge.y1, edge.y2):
            y = (row + 0.5) / CELLS_PER_DEGREE
            if edge.y1 <= y < edge.y2:
                crossings.setdefault((edge.borough, row), []).append(edge.x_at(y))
    for (borough, row), longitudes in crossings.items():
        ordered = sorted(longitudes)
        for west, east in zip(ordered[::2], ordered[1::2], strict=True):
            first = ceil(west * CELLS_PER_DEGREE - 0.5)
            for column in range(first, floor(east * CELLS_PER_DEGREE - 0.5) + 1):
                yield (row, column), borough


def _table(rows: Sequence[Sequence[object]], schema: pa.Schema) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    return pa.table([list(column) for column in columns], schema=schema)
