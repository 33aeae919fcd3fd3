"""From features to the numbers a model sees: one row of floats, its columns named.

The vocabulary is fixed when a model is trained and travels with it; a type or factor outside it
still counts in its group or total. What nobody said is NaN, for the whole block it belongs to.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from crash_platform.errors import PlatformError
from crash_platform.pipelines.injuries.features import FEATURE_SETS, STREET_KINDS, Features
from crash_platform.pipelines.injuries.words import Words

Matrix = NDArray[np.float32]

BOROUGHS = ("BRONX", "BROOKLYN", "MANHATTAN", "QUEENS", "STATEN ISLAND")
GROUPS = (
    "bicycle",
    "bus",
    "car",
    "emergency",
    "micromobility",
    "motorcycle",
    "other",
    "taxi",
    "truck",
    "unknown",
    "van",
)
CALENDAR_COLUMNS = (
    "hour",
    "hour_sin",
    "hour_cos",
    "weekday",
    "is_weekend",
    "is_holiday",
)
CHUNK = 10_000


class EncodingError(PlatformError):
    """A vocabulary or a feature set that this code does not know."""


@dataclass(frozen=True)
class Vocabulary:
    """The words that get a column of their own, in the order of their columns."""

    vehicle_types: tuple[str, ...]
    factors: tuple[str, ...]


@dataclass(frozen=True)
class Encoder:
    """Encodes the features of one feature set, in the same way for one row and for many.

    Attributes:
        feature_set: ``first_report`` or ``full_report``.
        vocabulary: words with a column of their own.
        words: the reviewed vocabularies, for the groups.

    Raises:
        EncodingError: the feature set is unknown.
    """

    feature_set: str
    vocabulary: Vocabulary
    words: Words = field(repr=False)

    def __post_init__(self) -> None:
        if self.feature_set not in FEATURE_SETS:
            known = ", ".join(FEATURE_SETS)
            raise EncodingError(f"There is no feature set {self.feature_set!r}, only {known}.")

    @cached_property
    def blocks(self) -> dict[str, tuple[str, ...]]:
        """The columns, by what they are about; a block is missing as a whole or not at all."""
        blocks = {
            "calendar": CALENDAR_COLUMNS,
            "coordinates": ("latitude", "longitude"),
            "borough": tuple(f"borough={name}" for name in BOROUGHS),
            "street": tuple(f"street={kind}" for kind in STREET_KINDS),
            "vehicles": (
                "vehicle_count",
                *(f"group={group}" for group in GROUPS),
                *(f"vehicle={name}" for name in self.vocabulary.vehicle_types),
            ),
        }
        if "contributing_factors" in FEATURE_SETS[self.feature_set]:
            factors = (f"factor={name}" for name in self.vocabulary.factors)
            blocks["factors"] = ("factor_count", *factors)
        return blocks

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The names of the numbers, in order."""
        return tuple(name for block in self.blocks.values() for name in block)

    @cached_property
    def _starts(self) -> dict[str, int]:
        position, starts = 0, {}
        for name, block in self.blocks.items():
            starts[name] = position
            position += len(block)
        return starts

    @cached_property
    def _vehicle_columns(self) -> Mapping[str, tuple[int, ...]]:
        start = self._starts["vehicles"] + 1
        own = {n: start + len(GROUPS) + i for i, n in enumerate(self.vocabulary.vehicle_types)}
        group = {name: start + i for i, name in enumerate(GROUPS)}
        known = {*self.words.vehicle_groups, *own}
        columns = {}
        for name in known:
            in_group = group[self.words.vehicle_group(name)]
            columns[name] = (in_group, own[name]) if name in own else (in_group,)
        return columns

    @cached_property
    def _factor_columns(self) -> Mapping[str, int]:
        start = self._starts.get("factors", 0) + 1
        return {name: start + i for i, name in enumerate(self.vocabulary.factors)}

    def row(self, features: Features) -> list[float]:
        """The numbers of one crash, in the order of ``columns``."""
        row = [0.0] * len(self.columns)
        _calendar(row, features)
        starts = self._starts
        if features.latitude is None or features.longitude is None:
            self._miss(row, "coordinates")
        else:
            row[starts["coordinates"]] = features.latitude
            row[starts["coordinates"] + 1] = features.longitude
        self._mark(row, "borough", BOROUGHS, features.borough)
        self._mark(row, "street", STREET_KINDS, features.street_kind)
        self._count_vehicles(row, features.vehicle_types)
        if "factors" in starts:
            self._count_factors(row, features.contributing_factors)
        return row

    def matrix(self, rows: Iterable[Features], count: int) -> Matrix:
        """The numbers of many crashes: ``count`` rows, one column per name."""
        matrix = np.empty((count, len(self.columns)), np.float32)
        remaining, start = iter(rows), 0
        while chunk := [self.row(features) for features in islice(remaining, CHUNK)]:
            matrix[start : start + len(chunk)] = chunk
            start += len(chunk)
        if start != count:
            raise ValueError(f"{count} rows were announced, {start} came")
        return matrix

    def _miss(self, row: list[float], block: str) -> None:
        start = self._starts[block]
        for position in range(start, start + len(self.blocks[block])):
            row[position] = math.nan

    def _mark(self, row: list[float], block: str, names: Sequence[str], name: str | None) -> None:
        if name is None:
            self._miss(row, block)
        elif name in names:
            row[self._starts[block] + names.index(name)] = 1.0

    def _count_vehicles(self, row: list[float], vehicle_types: Sequence[str]) -> None:
        if not vehicle_types:
            self._miss(row, "vehicles")
            return
        row[self._starts["vehicles"]] = len(vehicle_types)
        for name in vehicle_types:
            for position in self._vehicle_columns.get(name, ()):
                row[position] += 1.0

    def _count_factors(self, row: list[float], factors: Sequence[str]) -> None:
        if not factors:
            self._miss(row, "factors")
            return
        row[self._starts["factors"]] = len(factors)
        for name in factors:
            position = self._factor_columns.get(name)
            if position is not None:
                row[position] += 1.0


def _calendar(row: list[float], features: Features) -> None:
    hour = math.nan if features.hour is None else float(features.hour)
    angle = 2 * math.pi * hour / 24
    row[: len(CALENDAR_COLUMNS)] = (
        hour,
        math.sin(angle),
        math.cos(angle),
        float(features.weekday),
        float(features.weekday >= 5),  # noqa: PLR2004  Saturday
        float(features.is_holiday),
    )
