"""All Dagster definitions of the weather pipeline in one place."""

import dagster as dg

from crash_platform.orchestration.feeds.kit import feed_definitions
from crash_platform.pipelines.weather.checks import checks
from crash_platform.pipelines.weather.feed import weather_feed


def weather_definitions() -> dg.Definitions:
    """Assets, checks and sensor of the weather pipeline."""
    promised = dg.Definitions(asset_checks=checks())
    return dg.Definitions.merge(feed_definitions(weather_feed()), promised)
