"""What is promised about the weather tables, besides what every feed promises."""

import dagster as dg

from crash_platform.orchestration.feeds.checks import feed_promises
from crash_platform.orchestration.feeds.recomputed import recomputation_changes_nothing
from crash_platform.orchestration.promises import Promise, promise_check, readable_by_bi
from crash_platform.orchestration.tables import Recipe
from crash_platform.pipelines.weather.feed import weather_feed
from crash_platform.pipelines.weather.tables import WEATHER_READINGS
from crash_platform.pipelines.weather.texts import sql


def promises() -> tuple[Promise, ...]:
    """Every promise of the pipeline that is kept or broken by rows."""
    feed = weather_feed()
    made = (promise for recipe in feed.recipes for promise in _of_gold(recipe))
    return (*feed_promises(feed), *made)


def checks() -> list[dg.AssetChecksDefinition]:
    """Every asset check of the pipeline."""
    readable = [readable_by_bi(recipe.table) for recipe in weather_feed().recipes]
    return [*(promise_check(promise) for promise in promises()), *readable]


def _of_gold(recipe: Recipe) -> tuple[Promise, Promise]:
    adds_up = Promise(
        "it_adds_up_to_silver",
        recipe.table,
        "The readings of every day are those of silver.",
        sql("check_gold_adds_up_to_silver"),
        (("gold_rows", recipe.table, 0), ("weather_readings", WEATHER_READINGS, 0)),
    )
    return adds_up, recomputation_changes_nothing(recipe)
