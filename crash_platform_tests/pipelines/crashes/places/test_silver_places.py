"""Borough of a point: the SQL text against shapely, on made-up points and on the real year."""

from itertools import pairwise
from math import inf, nan
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crash_platform.pipelines.crashes.places import load_borough_edges, load_borough_outlines
from crash_platform_tests.pipelines.crashes.places.conftest import Locate, Point

TOLERANCE = 1e-9
EDGES = load_borough_edges().select(["x1", "y1", "x2", "y2"]).to_pylist()

anywhere = st.tuples(st.floats(40.45, 40.95), st.floats(-74.3, -73.65))


@st.composite
def beside_an_outline(draw: st.DrawFn) -> Point:
    edge = draw(st.sampled_from(EDGES))
    along = draw(st.floats(0, 1))
    away = draw(st.sampled_from([1e-8, 1e-6, 1e-4, 1e-3]))
    angle = draw(st.floats(0, 6.3))
    x = edge["x1"] + along * (edge["x2"] - edge["x1"]) + away * float(np.cos(angle))
    y = edge["y1"] + along * (edge["y2"] - edge["y1"]) + away * float(np.sin(angle))
    return y, x


@pytest.mark.slow
@given(points=st.lists(anywhere | beside_an_outline(), min_size=1, max_size=200))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_point_off_the_outlines_is_where_shapely_says(
    points: list[Point],
    locate: Locate,
    oracle: Locate,
    shapes: dict[str, shapely.MultiPolygon],
) -> None:
    outlines = shapely.union_all([shape.boundary for shape in shapes.values()])
    places = shapely.points([(x, y) for y, x in points])
    clear = shapely.distance(outlines, places) > TOLERANCE
    for point, found, wanted, is_clear in zip(
        points, locate(points), oracle(points), clear, strict=True
    ):
        assert found == wanted or not is_clear, point


def test_every_corner_of_an_outline_belongs_to_the_first_borough_that_has_it(
    locate: Locate, oracle: Locate
) -> None:
    corners = [
        (y, x)
        for feature in load_borough_outlines()["features"]
        for polygon in feature["geometry"]["coordinates"]
        for ring in polygon
        for x, y in ring
    ]
    found = locate(corners)
    assert None not in found
    assert found == oracle(corners)


def test_a_shared_border_has_no_gap_and_no_double(locate: Locate) -> None:
    holders: dict[tuple[tuple[float, float], ...], set[str]] = {}
    for feature in load_borough_outlines()["features"]:
        for polygon in feature["geometry"]["coordinates"]:
            for a, b in pairwise(polygon[0]):
                edge = tuple(sorted((tuple(a), tuple(b))))
                holders.setdefault(edge, set()).add(feature["properties"]["name"].upper())
    shared = {edge: names for edge, names in holders.items() if len(names) > 1}
    assert len(shared) == 65
    middles = [((a[1] + b[1]) / 2, (a[0] + b[0]) / 2) for a, b in shared]
    for found, names in zip(locate(middles), shared.values(), strict=True):
        assert found in names


@pytest.mark.parametrize(
    ("point", "borough"),
    [
        ((40.7484, -73.9857), "MANHATTAN"),
        ((40.8296, -73.9262), "BRONX"),
        ((40.6602, -73.9690), "BROOKLYN"),
        ((40.7571, -73.8458), "QUEENS"),
        ((40.5795, -74.1502), "STATEN ISLAND"),
        ((40.7178, -74.0431), None),
        ((0.0, 0.0), None),
        ((40.7, -201.23706), None),
        ((1e300, -74.0), None),
        ((40.7, -inf), None),
        ((nan, nan), None),
    ],
)
def test_a_known_place_is_in_its_borough_and_an_absurd_one_in_none(
    point: Point, borough: str | None, locate: Locate
) -> None:
    assert locate([point]) == [borough]


@pytest.mark.real_data
def test_the_real_year_agrees_with_shapely_and_nearly_always_with_the_report(
    real_data: Path, locate: Locate, oracle: Locate
) -> None:
    columns = ["latitude", "longitude", "borough"]
    year = pq.ParquetFile(real_data / "crashes" / "nyc_2022_api_shape.parquet").read(columns)
    rows = [row for row in year.to_pylist() if row["latitude"] is not None]
    points = [(float(row["latitude"]), float(row["longitude"])) for row in rows]
    found = locate(points)
    assert found == oracle(points)
    reported = [
        (row["borough"], name) for row, name in zip(rows, found, strict=True) if row["borough"]
    ]
    assert sum(said == name for said, name in reported) > 0.997 * len(reported)
    assert sum(name is not None for name in found) > 0.998 * len(found)
