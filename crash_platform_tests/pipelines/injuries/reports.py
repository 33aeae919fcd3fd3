"""Reports of crashes for tests, with what they leave out said by name."""

from datetime import date
from typing import Any

from crash_platform.pipelines.injuries.features import Report

DAY = date(2022, 3, 16)


def report(**changes: Any) -> Report:
    """A Wednesday afternoon in Brooklyn: a sedan and a bicycle, one of them unspecified."""
    told = Report(
        collision_id=4_500_001,
        crash_date=DAY,
        hour=17,
        borough="BROOKLYN",
        borough_located="BROOKLYN",
        latitude=40.68,
        longitude=-73.94,
        streets=("FULTON STREET", None),
        vehicle_types=("Sedan", "Bike"),
        contributing_factors=("Unspecified", "Failure to Yield Right-of-Way"),
    )
    return told._replace(**changes)
