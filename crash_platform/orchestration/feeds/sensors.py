"""The sensor of a stream: plans what to land, and which days below bronze to make anew.

It only plans. What is behind is read from the hub and the tables, so that neither a failed tick nor
a failed run loses anything; the cursor only remembers in which state of the tables nothing was.
"""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import dagster as dg

from crash_platform.lake.contract import Window
from crash_platform.lake.store import Store
from crash_platform.orchestration.calendar import run_tags, stretches
from crash_platform.orchestration.feeds.events import days_behind
from crash_platform.orchestration.feeds.feed import Feed
from crash_platform.orchestration.feeds.hubs import HubResource
from crash_platform.orchestration.feeds.landing import config_of
from crash_platform.orchestration.resources import EngineResource, LakeResource
from crash_platform.orchestration.tables import key_of
from crash_platform.settings import load_settings
from crash_platform.streams.landing import Lander
from crash_platform.streams.planning import Plan

FEED, PART = "crash_platform/stream", "crash_platform/part"
LANDING, TABLES = "landing", "tables"
UP_TO_DATE = "Every table is up to date with bronze."
SECONDS = 10
PATIENCE_SECONDS = 300
UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def feed_sensor(feed: Feed, clock: Callable[[], float] = time.time) -> dg.SensorDefinition:
    """The sensor of a stream."""
    bronze = feed.stream.table
    tables = (bronze, *feed.made)

    @dg.sensor(
        name=f"{feed.stream.name}_stream",
        target=dg.AssetSelection.assets(*(key_of(table) for table in tables)),
        minimum_interval_seconds=SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Lands what is new in the hub, and makes anew the days that follow from it.",
    )
    def sensor(
        context: dg.SensorEvaluationContext,
        lake: LakeResource,
        engine: EngineResource,
        hubs: HubResource,
    ) -> dg.SensorResult:
        store, now = lake.store(), clock()
        state = json.dumps({table.path: store.version(table) for table in (*tables, *feed.watched)})
        told = [_landing(context.instance, feed, store, hubs, now)]
        if state == context.cursor:
            told.append(UP_TO_DATE)
        else:
            told.append(_tables(context.instance, feed, store, engine, now))
        requests = [each for answer in told if not isinstance(answer, str) for each in answer]
        skip = " ".join(answer for answer in told if isinstance(answer, str))
        return dg.SensorResult(
            run_requests=requests,
            skip_reason=None if requests else skip,
            cursor=state if told[1] == UP_TO_DATE else context.cursor,
        )

    return sensor


Answer = list[dg.RunRequest] | str


def _landing(
    instance: dg.DagsterInstance, feed: Feed, store: Store, hubs: HubResource, now: float
) -> Answer:
    why = waiting(instance, feed.stream.name, LANDING, now)
    if why:
        return why
    planned = _plan(feed, store, hubs)
    if not planned.ranges:
        return "Everything in the hub is landed."
    today = datetime.fromtimestamp(now, UTC).date()
    bronze = key_of(feed.stream.table)
    return [
        dg.RunRequest(
            run_config={"ops": {bronze.to_python_identifier(): {"config": config_of(planned)}}},
            asset_selection=[bronze],
            tags={**run_tags(Window(today, today)), FEED: feed.stream.name, PART: LANDING},
        )
    ]


def _plan(feed: Feed, store: Store, hubs: HubResource) -> Plan:
    log = hubs.open(feed.stream)
    try:
        lander = Lander(store, feed.stream, log, lambda: datetime.now(UTC))
        return lander.plan(load_settings().landing_limit)
    finally:
        log.close()


def _tables(
    instance: dg.DagsterInstance, feed: Feed, store: Store, engine: EngineResource, now: float
) -> Answer:
    why = waiting(instance, feed.stream.name, TABLES, now)
    if why:
        return why
    days = days_behind(feed, engine.open(), store)
    if not days:
        return UP_TO_DATE
    today = datetime.fromtimestamp(now, UTC).date()
    # An event may be of the day after its arrival, which Dagster's calendar does not have yet.
    due = [day for day in days if day <= today]
    if not due:
        return f"Events of {days[0]} wait for their day."
    return list(_requests(feed, stretches(due)))


def _requests(feed: Feed, windows: list[Window]) -> Iterator[dg.RunRequest]:
    for window in windows:
        yield dg.RunRequest(
            asset_selection=[key_of(table) for table in feed.made],
            tags={**run_tags(window), FEED: feed.stream.name, PART: TABLES},
        )


def waiting(instance: dg.DagsterInstance, stream: str, part: str, now: float) -> str | None:
    """Why no further run is asked for now: one is under way, or one has just failed.

    Of several runs asked for together the failed one may not be the last.
    """
    tags = {FEED: stream, PART: part}
    under_way = instance.get_runs(dg.RunsFilter(tags=tags, statuses=UNFINISHED), limit=1)
    if under_way:
        return f"Run {under_way[0].run_id} for its {part} is under way."
    failures = dg.RunsFilter(tags=tags, statuses=[dg.DagsterRunStatus.FAILURE])
    failed = instance.get_run_records(failures, limit=1)
    rest = (failed[0].end_time or now) + PATIENCE_SECONDS - now if failed else 0
    if rest <= 0:
        return None
    return (
        f"Run {failed[0].dagster_run.run_id} for its {part} failed; the next try is in {rest:.0f} "
        "seconds."
    )
