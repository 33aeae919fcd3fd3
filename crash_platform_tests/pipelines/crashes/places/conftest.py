"""The lookup as the engines run it, and shapely as the oracle."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
import shapely

from crash_platform.pipelines import crashes
from crash_platform.pipelines.crashes.places import (
    load_borough_edges,
    load_borough_grid,
    load_borough_outlines,
)

Point = tuple[float, float]
"""Latitude and longitude."""
Locate = Callable[[list[Point]], list[str | None]]

SQL = (Path(next(iter(crashes.__path__))) / "silver_places.sql").read_text(encoding="utf-8")


def locate_in(grid: pa.Table, edges: pa.Table, points: list[Point]) -> list[str | None]:
    """The borough of every point, in order, by the SQL text on DuckDB."""
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.register("borough_grid", grid)
        connection.register("borough_edges", edges)
        columns = {
            "record_key": [str(number) for number in range(len(points))],
            "latitude": pa.array([point[0] for point in points], pa.float64()),
            "longitude": pa.array([point[1] for point in points], pa.float64()),
        }
        connection.register("crash_points", pa.table(columns))
        rows = connection.execute(SQL).fetchall()
    found = dict(rows)
    assert len(found) == len(rows), "a point is in the answer twice"
    return [found.get(str(number)) for number in range(len(points))]


@pytest.fixture(scope="session")
def locate() -> Locate:
    grid, edges = load_borough_grid(), load_borough_edges()
    return lambda points: locate_in(grid, edges, points)


@pytest.fixture(scope="session")
def shapes() -> dict[str, shapely.MultiPolygon]:
    features = load_borough_outlines()["features"]
    found = {
        feature["properties"]["name"].upper(): shapely.geometry.shape(feature["geometry"])
        for feature in features
    }
    for shape in found.values():
        shapely.prepare(shape)
    return found


@pytest.fixture(scope="session")
def oracle(shapes: dict[str, shapely.MultiPolygon]) -> Locate:
    """The alphabetically first borough that covers a point, outline included."""

    def answer(points: list[Point]) -> list[str | None]:
        latitudes, longitudes = np.array(points).T
        places = shapely.points(longitudes, latitudes)
        names = np.full(len(points), None, dtype=object)
        for name in sorted(shapes, reverse=True):
            names[shapely.covers(shapes[name], places)] = name
        return list(names)

    return answer
