r"""From a crash report as somebody told it to what the feature function reads.

Text and places are cleaned as ``silver/reported_crashes`` and ``silver/crashes`` clean them, so
that a crash gets the same probability from the stream as from the tables. No feature is made here.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Protocol

from crash_platform.pipelines.injuries.encoding import BOROUGHS
from crash_platform.pipelines.injuries.features import Report
from crash_platform.pipelines.reports.event import Placed
from crash_platform.pipelines.reports.live.places import Locate

_BLANKS = re.compile(r"[ \t\n\x0B\f\r]+")
_CAPITALS = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
SOUTH, NORTH, WEST, EAST = 40.45, 40.95, -74.30, -73.65
"""The city, in degrees; coordinates outside are taken for not said."""

NO_ID = 0
"""What a report without NYPD's id is called on its way through the model, which never sees ids."""


class Told(Placed, Protocol):
    """What is read of a report, whoever took it: fields as the event contract has them."""

    @property
    def collision_id(self) -> int | None:
        """NYPD's id."""

    @property
    def crash_date(self) -> date:
        """Local calendar day of the crash."""

    @property
    def crash_time(self) -> str | None:
        """Local time, H:MM or HH:MM."""

    @property
    def borough(self) -> str | None:
        """In any spelling."""

    @property
    def on_street_name(self) -> str | None:
        """Street of the crash."""

    @property
    def cross_street_name(self) -> str | None:
        """Address off a corner."""

    @property
    def vehicle_types(self) -> Sequence[str] | None:
        """In any spelling."""

    @property
    def contributing_factors(self) -> Sequence[str] | None:
        """In any spelling."""


def reader(locate: Locate) -> Callable[[Told], Report]:
    """The reading of reports, over the lookup of boroughs."""

    def read(told: Told) -> Report:
        place = _place(told)
        latitude, longitude = place or (None, None)
        return Report(
            collision_id=told.collision_id or NO_ID,
            crash_date=told.crash_date,
            hour=None if told.crash_time is None else int(told.crash_time.partition(":")[0]),
            borough=known_borough(told.borough),
            borough_located=locate(*place) if place else None,
            latitude=latitude,
            longitude=longitude,
            streets=(clean_text(told.on_street_name), clean_text(told.cross_street_name)),
            vehicle_types=told.vehicle_types,
            contributing_factors=told.contributing_factors,
        )

    return read


def clean_text(text: str | None) -> str | None:
    """Text without blanks around it and with single blanks inside; ``None`` if nothing is left."""
    return None if text is None else _BLANKS.sub(" ", text).strip(" ") or None


def known_borough(told: str | None) -> str | None:
    """The one of the five boroughs that was told, in capitals; ``None`` for anything else."""
    text = (clean_text(told) or "").translate(_CAPITALS)
    return text if text in BOROUGHS else None


def _place(told: Placed) -> tuple[float, float] | None:
    if told.latitude is None or told.longitude is None:
        return None
    is_in_city = SOUTH <= told.latitude <= NORTH and WEST <= told.longitude <= EAST
    return (told.latitude, told.longitude) if is_in_city else None
