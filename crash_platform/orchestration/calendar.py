"""The one calendar every daily asset shares, and how runs of days are written down.

No asset is named here.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

import dagster as dg

from crash_platform.lake.contract import Window
from crash_platform.settings import FIRST_DAY

PARTITION = "dagster/partition"
RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"


def days_definition() -> dg.DailyPartitionsDefinition:
    """Every day since the first, today included: a record without a readable day is filed today."""
    return dg.DailyPartitionsDefinition(start_date=FIRST_DAY.isoformat(), end_offset=1)


def window_of(first_key: str, last_key: str) -> Window:
    """The window between two partition keys."""
    return Window(date.fromisoformat(first_key), date.fromisoformat(last_key))


def run_window(context: dg.AssetExecutionContext | dg.OpExecutionContext) -> Window:
    """The days of the run: of one partition, or of a range."""
    keys = context.partition_key_range
    return window_of(keys.start, keys.end)


def stretches(days: Iterable[date]) -> list[Window]:
    """The fewest windows that hold exactly these days, in order."""
    found: list[Window] = []
    for day in sorted(set(days)):
        if found and day - found[-1].last == timedelta(days=1):
            found[-1] = Window(found[-1].first, day)
        else:
            found.append(Window(day, day))
    return found


def run_tags(window: Window) -> Mapping[str, str]:
    """The tags by which one run covers a window."""
    if window.first == window.last:
        return {PARTITION: window.first.isoformat()}
    return {RANGE_START: window.first.isoformat(), RANGE_END: window.last.isoformat()}


def days_in(window: Window) -> list[date]:
    """Each day of a window, in order."""
    count = (window.last - window.first).days + 1
    return [window.first + timedelta(days=number) for number in range(count)]
