"""When the crash tables move: a daily schedule, a sensor on changed records, what follows a change.

The sensor only plans (``watch.py``). A day waits in its cursor until bronze was pulled for it, so
that neither a failed tick nor a failed run loses a change.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pyarrow.compute as pc
import pyarrow.dataset as ds

from crash_platform.lake.contract import Window
from crash_platform.lake.store import Store
from crash_platform.orchestration.calendar import run_tags, stretches
from crash_platform.orchestration.resources import LakeResource
from crash_platform.pipelines.crashes.tables import CRASH_RECORDS
from crash_platform.pipelines.crashes.watch import MOST_CHANGED_RECORDS, Plan, State, look, plan
from crash_platform.settings import Settings, load_settings
from crash_platform.sources.socrata import Changes, SocrataClient, SocrataDataset

CRASHES = dg.AssetSelection.groups("crashes")
BRONZE = dg.AssetKey([CRASH_RECORDS.layer, CRASH_RECORDS.name])
RECENT_DAYS = 14
PORTAL_SECONDS = 10.0
EVENTS_PER_PAGE = 1000

AskPortal = Callable[[Settings, datetime], Changes]
Clock = Callable[[], datetime]


def ask_portal(settings: Settings, since: datetime) -> Changes:
    """The records that changed at the portal at a moment or later."""
    with SocrataClient(_dataset(settings)) as client:
        return client.changed_since(since, date_field="crash_date", limit=MOST_CHANGED_RECORDS)


def _dataset(settings: Settings) -> SocrataDataset:
    return SocrataDataset(
        settings.socrata_url,
        settings.socrata_dataset,
        settings.socrata_app_token,
        settings.socrata_page_size,
        PORTAL_SECONDS,
    )


def _now() -> datetime:
    return datetime.now(UTC)


def automation(ask: AskPortal = ask_portal, clock: Clock = _now) -> dg.Definitions:
    """The schedule and the sensors of the pipeline."""
    follow = dg.AutomationConditionSensorDefinition(
        "crash_automation", target=CRASHES, default_status=dg.DefaultSensorStatus.RUNNING
    )
    return dg.Definitions(schedules=[_daily()], sensors=[_changed(ask, clock), follow])


def _daily() -> dg.ScheduleDefinition:
    @dg.schedule(
        name="daily_crashes",
        target=CRASHES,
        cron_schedule="30 6 * * *",
        execution_timezone="America/New_York",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Pulls the last {RECENT_DAYS} days again: records come late or are corrected.",
    )
    def schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if load_settings().source != "nyc":
            return dg.SkipReason(
                "Nothing new can come: set CRASH_PLATFORM_SOURCE=nyc to follow the city."
            )
        today = context.scheduled_execution_time.date()
        window = Window(today - timedelta(days=RECENT_DAYS), today - timedelta(days=1))
        return _request(window, f"daily {today}")

    return schedule


def _changed(ask: AskPortal, clock: Clock) -> dg.SensorDefinition:
    @dg.sensor(
        name="changed_crashes",
        target=CRASHES,
        minimum_interval_seconds=900,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Asks the portal which records changed, and runs exactly their days.",
    )
    def sensor(
        context: dg.SensorEvaluationContext, lake: LakeResource
    ) -> dg.SensorResult | dg.SkipReason:
        settings = load_settings()
        if settings.source != "nyc":
            return dg.SkipReason(
                "Nothing changes: set CRASH_PLATFORM_SOURCE=nyc to follow the city."
            )
        now = clock()
        cursor = context.cursor or State(first_look(lake.store(), settings, now)).text()
        state = State.read(cursor)
        # A portal that cannot be asked fails the tick, which keeps the cursor.
        found = look(lambda since: ask(settings, since), state)
        landed = landed_days(context.instance, state.asked)
        return answered(plan(state, found, landed, now), cursor)

    return sensor


def first_look(store: Store, settings: Settings, now: datetime) -> datetime:
    """From when a sensor without a cursor looks: the portal's last word in bronze, else now."""
    dataset = _dataset(settings)
    of_portal = ds.field("source") == f"{dataset.host}/{dataset.dataset_id}"
    moments = store.slice(CRASH_RECORDS).read(["pulled_at"], of_portal)["pulled_at"]
    newest: datetime | None = pc.max(moments).as_py()
    return newest.astimezone(UTC) if newest else now


def landed_days(
    instance: dg.DagsterInstance,
    asked: Mapping[date, datetime],
    events_per_page: int = EVENTS_PER_PAGE,
) -> set[date]:
    """The days that bronze was pulled for, from the portal, after a run was asked for."""
    if not asked:
        return set()
    wanted = dg.AssetRecordsFilter(
        BRONZE,
        asset_partitions=[day.isoformat() for day in asked],
        after_timestamp=min(asked.values()).timestamp(),
    )
    landed: set[date] = set()
    cursor, has_more = None, True
    while has_more:
        page = instance.fetch_materializations(wanted, events_per_page, cursor)
        cursor, has_more = page.cursor, page.has_more
        pulled = ((_pulled_day(record), record.timestamp) for record in page.records)
        landed |= {day for day, at in pulled if day and at > asked[day].timestamp()}
    return landed


def _pulled_day(record: dg.EventLogRecord) -> date | None:
    source = record.asset_materialization and record.asset_materialization.metadata.get("source")
    if not source or source.value != "nyc" or record.partition_key is None:
        return None
    return date.fromisoformat(record.partition_key)


def answered(decided: Plan, cursor: str) -> dg.SensorResult:
    """What Dagster is told. Run keys hold the old cursor: a tick that dies repeats its keys."""
    after = decided.state.text()
    if not decided.days:
        waiting = len(decided.state.waiting)
        skip = f"No changes after {decided.state.newest}; days waiting for a run: {waiting}."
        return dg.SensorResult(skip_reason=skip, cursor=after)
    tick = hashlib.sha256(cursor.encode()).hexdigest()[:16]
    requests = [_request(window, f"{window} {tick}") for window in stretches(decided.days)]
    return dg.SensorResult(run_requests=requests, cursor=after)


def _request(window: Window, key: str) -> dg.RunRequest:
    config = {"ops": {BRONZE.to_python_identifier(): {"config": {"source": "nyc"}}}}
    return dg.RunRequest(run_key=key, run_config=config, tags=dict(run_tags(window)))
