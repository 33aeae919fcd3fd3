"""The lookup tables: small outlines by hand, then the shipped files against the outlines."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest
import shapely

from crash_platform.pipelines.crashes.places import (
    load_borough_edges,
    load_borough_grid,
    load_borough_outlines,
)
from crash_platform.pipelines.crashes.places.files import EDGES, GRID, rebuild
from crash_platform.pipelines.crashes.places.grid import (
    CELLS_PER_DEGREE,
    Edge,
    OutlineError,
    borough_edges,
    borough_grid,
    outline_edges,
)
from crash_platform_tests.pipelines.crashes.places.conftest import locate_in

CELL = 1 / CELLS_PER_DEGREE
NAMES = {"MANHATTAN", "BRONX", "BROOKLYN", "QUEENS", "STATEN ISLAND"}


def _outline(name: str, *rings: list[tuple[float, float]]) -> dict[str, object]:
    closed = [[*ring, ring[0]] for ring in rings]
    geometry = {"type": "MultiPolygon", "coordinates": [closed]}
    return {"properties": {"name": name}, "geometry": geometry}


def _square(west: float, south: float, size: float) -> list[tuple[float, float]]:
    east, north = west + size, south + size
    return [(west, south), (east, south), (east, north), (west, north)]


def test_an_edge_runs_northward_whichever_way_its_ring_goes() -> None:
    triangle = [(0.0, 0.0), (1.0, 2.0), (0.0, 2.0)]
    wanted = {
        Edge("A", 0.0, 0.0, 1.0, 2.0),
        Edge("A", 0.0, 2.0, 1.0, 2.0),
        Edge("A", 0.0, 0.0, 0.0, 2.0),
    }
    for ring in (triangle, triangle[::-1]):
        assert set(outline_edges({"features": [_outline("a", ring)]})) == wanted


def test_an_open_ring_is_refused_with_its_ends() -> None:
    feature = _outline("Queens", [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0)])
    feature["geometry"]["coordinates"][0][0].pop()  # type: ignore[index]
    with pytest.raises(
        OutlineError, match=r"QUEENS starts at \(0.0, 0.0\) and ends at \(1.0, 1.0\)"
    ):
        outline_edges({"features": [feature]})


def test_a_square_of_three_cells_has_one_inner_cell_and_a_rim_without_a_name() -> None:
    square = _square(CELL / 2, CELL / 2, 2 * CELL)
    grid = borough_grid(outline_edges({"features": [_outline("A", square)]})).to_pylist()
    assert [tuple(row.values()) for row in grid] == [
        (row, column, "A" if (row, column) == (1, 1) else None)
        for row in range(3)
        for column in range(3)
    ]


def test_an_edge_is_listed_in_every_band_it_touches() -> None:
    edges = [Edge("A", 0.0, CELL / 2, 1.0, 2 * CELL), Edge("A", 0.0, CELL, 1.0, CELL)]
    rows = borough_edges(edges).to_pylist()
    assert [(row["cell_row"], row["y1"]) for row in rows] == [
        (0, CELL / 2),
        (1, CELL / 2),
        (1, CELL),
        (2, CELL / 2),
    ]


def test_a_hole_and_a_shared_border_are_told_apart() -> None:
    size = 4 * CELL
    features = [
        _outline("East", _square(size, 0.0, size), _square(size * 1.4, size * 0.4, size * 0.2)),
        _outline("West", _square(0.0, 0.0, size)),
    ]
    edges = outline_edges({"features": features})
    points = {
        (size / 2, size / 2): "WEST",
        (size * 0.2, size * 1.2): "EAST",
        (size / 2, size * 1.5): None,
        (size / 2, size): "EAST",
        (size, size): "EAST",
        (0.0, 0.0): "WEST",
        (size, size / 3): "WEST",
        (size, size * 2): "EAST",
        (size * 0.4, size * 1.5): "EAST",
        (-1e-12, size / 2): None,
        (size / 2, -1e-12): None,
    }
    found = locate_in(borough_grid(edges), borough_edges(edges), list(points))
    assert dict(zip(points, found, strict=True)) == points


def test_the_shipped_tables_are_what_the_outlines_give(tmp_path: Path) -> None:
    rebuild(tmp_path)
    assert load_borough_grid().equals(pq.ParquetFile(tmp_path / GRID).read())
    assert load_borough_edges().equals(pq.ParquetFile(tmp_path / EDGES).read())


def test_the_city_has_five_boroughs_and_few_cells_on_an_outline() -> None:
    boroughs = load_borough_grid().column("borough")
    assert set(boroughs.unique().to_pylist()) == NAMES | {None}
    assert boroughs.null_count < len(boroughs) / 5
    assert set(load_borough_edges().column("borough").unique().to_pylist()) == NAMES
    assert len(load_borough_outlines()["features"]) == 5


def test_a_named_cell_lies_wholly_in_its_borough(shapes: dict[str, shapely.MultiPolygon]) -> None:
    rows = [row for row in load_borough_grid().to_pylist() if row["borough"]]
    for name, shape in shapes.items():
        cells = [row for row in rows if row["borough"] == name]
        south = [row["cell_row"] * CELL for row in cells]
        west = [row["cell_column"] * CELL for row in cells]
        boxes = shapely.box(west, south, [x + CELL for x in west], [y + CELL for y in south])
        assert shapely.contains_properly(shape, boxes).all()


def test_a_cell_that_is_absent_touches_no_borough(shapes: dict[str, shapely.MultiPolygon]) -> None:
    present = {(row["cell_row"], row["cell_column"]) for row in load_borough_grid().to_pylist()}
    city = shapely.union_all(list(shapes.values()))
    shapely.prepare(city)
    west, south, east, north = (round(bound * CELLS_PER_DEGREE) for bound in city.bounds)
    absent = [
        (row, column)
        for row in range(south - 2, north + 2)
        for column in range(west - 2, east + 2)
        if (row, column) not in present
    ]
    rows, columns = ([cell[axis] * CELL for cell in absent] for axis in (0, 1))
    boxes = shapely.box(columns, rows, [x + CELL for x in columns], [y + CELL for y in rows])
    assert not shapely.intersects(city, boxes).any()
