"""The sensor that judges answers anew: of days with new answers, or with other outcomes.

It compares what is held with what a making from scratch would give, so neither a failed tick nor a
failed run loses a day; the cursor only remembers in which state of the tables none was behind.
"""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Final

import dagster as dg

from crash_platform.lake.store import Store
from crash_platform.orchestration.calendar import run_tags, stretches
from crash_platform.orchestration.feeds.sensors import FEED, PART, waiting
from crash_platform.orchestration.resources import EngineResource, LakeResource
from crash_platform.orchestration.tables import key_of
from crash_platform.pipelines.crashes.tables import CRASHES
from crash_platform.pipelines.served import tables as t
from crash_platform.pipelines.served.accuracy import days_behind

SECONDS: Final = 300
STREAM, ACCURACY = "served", "accuracy"
WATCHED = (t.SERVED_PREDICTIONS, CRASHES, t.SERVED_ACCURACY)
UP_TO_DATE: Final = "Every answer is judged as official records say."


def accuracy_sensor(clock: Callable[[], float] = time.time) -> dg.SensorDefinition:
    """The sensor of ``gold/served_accuracy``.

    Not ``eager()``: the server tells Dagster nothing, and an answer belongs to the day it was asked
    on, its accuracy to the day of the crash.
    """

    @dg.sensor(
        name="served_accuracy",
        target=dg.AssetSelection.assets(key_of(t.SERVED_ACCURACY)),
        minimum_interval_seconds=SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Judges served predictions of days with new answers or other outcomes.",
    )
    def sensor(
        context: dg.SensorEvaluationContext, lake: LakeResource, engine: EngineResource
    ) -> dg.SensorResult:
        store, now = lake.store(), clock()
        state = json.dumps({table.path: store.version(table) for table in WATCHED})
        if state == context.cursor:
            return dg.SensorResult(skip_reason=UP_TO_DATE, cursor=state)
        why = waiting(context.instance, STREAM, ACCURACY, now)
        if why:
            return dg.SensorResult(skip_reason=why, cursor=context.cursor)
        return _planned(engine, store, datetime.fromtimestamp(now, UTC).date(), state, context)

    return sensor


def _planned(
    engine: EngineResource,
    store: Store,
    today: date,
    state: str,
    context: dg.SensorEvaluationContext,
) -> dg.SensorResult:
    days = days_behind(engine.open(), store)
    # A crash of tomorrow may be asked about, which Dagster's calendar does not have yet.
    due = [day for day in days if day <= today]
    if due:
        return dg.SensorResult(run_requests=list(_requests(due)), cursor=context.cursor)
    why = f"Answers about {days[0]} wait for their day." if days else UP_TO_DATE
    return dg.SensorResult(skip_reason=why, cursor=context.cursor if days else state)


def _requests(days: list[date]) -> Iterator[dg.RunRequest]:
    for window in stretches(days):
        yield dg.RunRequest(tags={**run_tags(window), FEED: STREAM, PART: ACCURACY})
