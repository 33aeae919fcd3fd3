"""The boroughs as a small drawing on which a point can be chosen. Nothing of crashes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import cos, radians
from typing import Any, Final

WIDTH: Final = 600
Ring = Sequence[Sequence[float]]


@dataclass(frozen=True)
class Outline:
    """A borough's shape, as the ``d`` of an SVG path."""

    name: str
    path: str


@dataclass(frozen=True)
class City:
    """A drawing, and how its units become degrees again.

    Attributes:
        width: units from west to east.
        height: units from north to south.
        west: degrees at x = 0.
        north: degrees at y = 0.
        x_units: per degree of longitude.
        y_units: per degree of latitude.
    """

    width: int
    height: int
    west: float
    north: float
    x_units: float
    y_units: float
    outlines: tuple[Outline, ...]


def draw(outlines: Mapping[str, Any]) -> City:
    """The drawing of GeoJSON outlines: features with a ``name`` and a multipolygon."""
    features: list[Mapping[str, Any]] = outlines["features"]
    points = [point for each in features for ring in _rings(each) for point in ring]
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    x_units = WIDTH / (east - west)
    # A degree of latitude is longer than one of longitude: by this much in the middle of the city.
    y_units = x_units / cos(radians((south + north) / 2))
    height = round((north - south) * y_units)

    def placed(point: Sequence[float]) -> tuple[int, int]:
        return round((point[0] - west) * x_units), round((north - point[1]) * y_units)

    shapes = (
        Outline(each["properties"]["name"], _path([map(placed, ring) for ring in _rings(each)]))
        for each in features
    )
    return City(WIDTH, height, west, north, x_units, y_units, tuple(shapes))


def _rings(feature: Mapping[str, Any]) -> list[Ring]:
    return [ring for polygon in feature["geometry"]["coordinates"] for ring in polygon]


def _path(rings: Iterable[Iterable[tuple[int, int]]]) -> str:
    drawn = (_closed(list(ring)) for ring in rings)
    return "".join(each for each in drawn if each)


def _closed(points: Sequence[tuple[int, int]]) -> str:
    """One ring; what is smaller than a unit is left out."""
    kept = [at for at, before in zip(points[1:], points, strict=False) if at != before]
    if len(kept) < 3:  # noqa: PLR2004
        return ""
    (x, y), steps = kept[-1], []
    for next_x, next_y in kept[:-1]:
        steps.append(f"{next_x - x} {next_y - y}")
        x, y = next_x, next_y
    return f"M{kept[-1][0]} {kept[-1][1]}l{' '.join(steps)}z"
