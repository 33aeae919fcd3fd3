"""The borough that holds a point, for one report at a time; the tables of crashes ask in SQL.

Same lookup tables and same arithmetic as ``silver_places.sql``, so both give the same answer.
"""

from collections.abc import Callable, Iterable
from math import floor

from crash_platform.pipelines.crashes.places.grid import CELLS_PER_DEGREE, Edge

Locate = Callable[[float, float], str | None]


def locator() -> Locate:
    """The lookup, latitude and longitude in degrees to borough, with its tables in memory (5 MB).

    A point on an outline is held by it; of two boroughs that share a border the alphabetically
    first one wins; a point in no borough has none.
    """
    from crash_platform.pipelines.crashes.places import load_borough_edges, load_borough_grid

    grid, bands = load_borough_grid().to_pylist(), dict[int, list[Edge]]()
    cells = {(cell["cell_row"], cell["cell_column"]): cell["borough"] for cell in grid}
    for row in load_borough_edges().to_pylist():
        band = row.pop("cell_row")
        bands.setdefault(band, []).append(Edge(**row))

    def locate(latitude: float, longitude: float) -> str | None:
        cell = floor(latitude * CELLS_PER_DEGREE), floor(longitude * CELLS_PER_DEGREE)
        if cell not in cells:
            return None
        return cells[cell] or _among(bands.get(cell[0], ()), latitude, longitude)

    return locate


def _among(edges: Iterable[Edge], latitude: float, longitude: float) -> str | None:
    """The first borough whose outline has an odd number of edges east of a point, or holds it."""
    crossings, held = dict[str, int](), set[str]()
    for edge in edges:
        if not edge.y1 <= latitude <= edge.y2:
            continue
        side = (longitude - edge.x1) * (edge.y2 - edge.y1) - (latitude - edge.y1) * (
            edge.x2 - edge.x1
        )
        if side < 0 and latitude < edge.y2:
            crossings[edge.borough] = crossings.get(edge.borough, 0) + 1
        if side == 0 and min(edge.x1, edge.x2) <= longitude <= max(edge.x1, edge.x2):
            held.add(edge.borough)
    held |= {borough for borough, count in crossings.items() if count % 2}
    return min(held, default=None)
