"""The borough of one point is that which the tables' SQL text gives it."""

import numpy as np

from crash_platform.pipelines.crashes.places import load_borough_edges, load_borough_grid
from crash_platform_tests.pipelines.crashes.places.conftest import Point, locate_in
from crash_platform_tests.pipelines.reports.live.newsroom import located

CITY_HALL, HUDSON, NEWARK = (40.7128, -74.0060), (40.75, -74.02), (40.7357, -74.1724)


def by_sql(points: list[Point]) -> list[str | None]:
    return locate_in(load_borough_grid(), load_borough_edges(), points)


def by_hand(points: list[Point]) -> list[str | None]:
    return [located()(*point) for point in points]


def test_well_known_places() -> None:
    assert by_hand([CITY_HALL, HUDSON, NEWARK, (0.0, 0.0)]) == ["MANHATTAN", None, None, None]


def test_points_everywhere_in_and_around_the_city() -> None:
    draw = np.random.default_rng(1)
    latitudes, longitudes = draw.uniform(40.45, 40.95, 4000), draw.uniform(-74.3, -73.65, 4000)
    points = list(zip(latitudes.tolist(), longitudes.tolist(), strict=True))
    assert by_hand(points) == by_sql(points)


def test_points_on_and_beside_the_outlines() -> None:
    edges = load_borough_edges().to_pylist()[::7]
    corners = [(edge["y1"], edge["x1"]) for edge in edges]
    middles = [((e["y1"] + e["y2"]) / 2, (e["x1"] + e["x2"]) / 2) for e in edges]
    beside = [(latitude + 1e-5, longitude - 1e-5) for latitude, longitude in corners]
    points = [*corners, *middles, *beside]
    assert by_hand(points) == by_sql(points)
    assert len({place for place in by_hand(points) if place}) == 5
