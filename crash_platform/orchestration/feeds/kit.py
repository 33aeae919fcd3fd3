"""A feed's assets, checks and sensor in one call."""

import dagster as dg

from crash_platform.lake.frame import Frame
from crash_platform.orchestration.calendar import run_window
from crash_platform.orchestration.feeds.events import EventsOfDays
from crash_platform.orchestration.feeds.feed import Feed
from crash_platform.orchestration.feeds.landing import bronze_asset
from crash_platform.orchestration.feeds.sensors import feed_sensor
from crash_platform.orchestration.resources import EngineResource, LakeResource
from crash_platform.orchestration.tables import asset_options, daily_asset, key_of, table_asset


def feed_definitions(feed: Feed) -> dg.Definitions:
    """The assets of a stream from bronze to gold, and the sensor that moves them."""
    below = [table_asset(recipe, feed.family) for recipe in feed.recipes]
    assets = [bronze_asset(feed.stream, feed.family), _silver(feed), _quarantine(feed), *below]
    return dg.Definitions(assets=assets, sensors=[feed_sensor(feed)])


def _silver(feed: Feed) -> dg.AssetsDefinition:
    options = asset_options(feed.silver, feed.family)

    @daily_asset(**options, deps=[key_of(feed.stream.table)], io_manager_key="lake_io")
    def silver(
        context: dg.AssetExecutionContext, engine: EngineResource, lake: LakeResource
    ) -> Frame:
        return EventsOfDays(feed, engine.open(), lake.store(), run_window(context)).silver()

    return silver


def _quarantine(feed: Feed) -> dg.AssetsDefinition:
    options = asset_options(feed.quarantine, feed.family)

    @daily_asset(**options, deps=[key_of(feed.stream.table)], io_manager_key="lake_io")
    def quarantine(
        context: dg.AssetExecutionContext, engine: EngineResource, lake: LakeResource
    ) -> Frame:
        window = run_window(context)
        return EventsOfDays(feed, engine.open(), lake.store(), window).quarantine()

    return quarantine
