"""The streams of every pipeline, and what is promised about its tables, as people read them."""

import dagster as dg

from crash_platform.orchestration.feeds.feed import Feed
from crash_platform.orchestration.promises import Promise
from crash_platform.pipelines.crashes import checks as crash_checks
from crash_platform.pipelines.injuries import checks as injury_checks
from crash_platform.pipelines.reports import checks as report_checks
from crash_platform.pipelines.reports.feed import report_feed
from crash_platform.pipelines.served import checks as served_checks
from crash_platform.pipelines.weather import checks as weather_checks
from crash_platform.pipelines.weather.feed import weather_feed


def feeds() -> dict[str, Feed]:
    """Every stream, by what people call it."""
    return {"crashes": report_feed(), "weather": weather_feed()}


def promises() -> tuple[Promise, ...]:
    """Every promise that is kept or broken by rows."""
    return tuple(promise for part in _PARTS for promise in part.promises())


def checks() -> list[dg.AssetChecksDefinition]:
    """Every asset check, promises and others."""
    return [check for part in _PARTS for check in part.checks()]


_PARTS = (crash_checks, injury_checks, report_checks, served_checks, weather_checks)
