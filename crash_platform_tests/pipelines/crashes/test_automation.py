import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest

from crash_platform.orchestration.resources import LakeResource
from crash_platform.pipelines.crashes.automation import (
    BRONZE,
    ask_portal,
    automation,
    first_look,
    landed_days,
)
from crash_platform.pipelines.crashes.tables import CRASHES, DAILY_CRASHES
from crash_platform.pipelines.crashes.watch import State, TooManyChangesError
from crash_platform.settings import Settings, load_settings
from crash_platform.sources.socrata import Changes
from crash_platform.sources.socrata.errors import SocrataRefusedError, SocrataUnavailableError
from crash_platform_tests.pipelines.crashes.crash_lake import CrashLake, broken
from crash_platform_tests.pipelines.crashes.raw_crashes import PULLED_AT, Row, raw
from crash_platform_tests.sources.socrata_server import SocrataServer, published, refusing

NOW = datetime(2026, 4, 14, 12, 0, tzinfo=UTC)
MORNING = "2026-04-14T09:00:00.000Z"
NOON = "2026-04-14T11:30:00.000Z"
BEFORE = State(datetime(2026, 4, 14, 8, 59, tzinfo=UTC)).text()
MAY_1, MAY_2, MAY_9 = date(2022, 5, 1), date(2022, 5, 2), date(2022, 5, 9)


def on(day: date, number: int, **fields: str | None) -> Row:
    return raw(number, crash_date=f"{day}T00:00:00.000", **fields)


@pytest.fixture
def portal(crash_lake: CrashLake, monkeypatch: pytest.MonkeyPatch) -> Iterator[SocrataServer]:
    """The city's portal with four crashes, and the platform set to follow it."""
    del crash_lake
    rows = published([on(MAY_1, 1), on(MAY_2, 2), on(MAY_2, 3), on(MAY_9, 4)], MORNING)
    with SocrataServer(rows) as server:
        monkeypatch.setenv("CRASH_PLATFORM_SOURCE", "nyc")
        monkeypatch.setenv("CRASH_PLATFORM_SOCRATA_URL", server.url)
        yield server


@dataclass
class Sensor:
    """The sensor with a clock of ours, keeping its cursor as Dagster does."""

    lake: CrashLake
    ask: Callable[[Settings, datetime], Changes] = ask_portal
    now: datetime = NOW
    cursor: str | None = None
    requests: list[dg.RunRequest] = field(default_factory=list)

    def tick(self, minutes: int = 0) -> list[str]:
        """One tick, so many minutes later: the windows asked for, or why none was."""
        self.now += timedelta(minutes=minutes)
        sensor = next(
            sensor
            for sensor in automation(self.ask, lambda: self.now).sensors or []
            if sensor.name == "changed_crashes"
        )
        context = dg.build_sensor_context(
            instance=self.lake.instance,
            cursor=self.cursor,
            definitions=self.lake.definitions,
            resources={"lake": LakeResource(root=load_settings().lake_root)},
        )
        answer = sensor.evaluate_tick(context)
        self.cursor = answer.cursor
        self.requests = list(answer.run_requests or [])
        return [window_of(request) for request in self.requests] or [str(answer.skip_message)]

    @property
    def waiting(self) -> list[str]:
        """The days that wait for a run."""
        return sorted(json.loads(self.cursor or "")["waiting"])


def window_of(request: dg.RunRequest) -> str:
    tags = request.tags
    day = tags.get("dagster/partition")
    start = tags.get("dagster/asset_partition_range_start")
    return day or f"{start}..{tags['dagster/asset_partition_range_end']}"


def pulled(lake: CrashLake, *days: date, source: str = "nyc") -> None:
    """Report that bronze was made for these days."""
    for day in days:
        event = dg.AssetMaterialization(
            BRONZE, partition=day.isoformat(), metadata={"source": source}
        )
        lake.instance.report_runless_asset_event(event)


def test_the_first_tick_only_remembers_from_when_to_look(
    crash_lake: CrashLake, portal: SocrataServer
) -> None:
    sensor = Sensor(crash_lake)
    assert sensor.tick() == [f"No changes after {NOW}; days waiting for a run: 0."]
    assert State.read(sensor.cursor or "") == State(NOW)
    assert not any(asked.has_token for asked in portal.requests)


def test_a_first_look_starts_at_the_portals_last_word_in_bronze(
    crash_lake: CrashLake, portal: SocrataServer
) -> None:
    crash_lake.land([on(MAY_1, 1)])
    assert first_look(crash_lake.store, load_settings(), NOW) == NOW
    host = portal.url.removeprefix("http://")
    crash_lake.land([on(MAY_2, 2)], source=f"{host}/{portal.dataset_id}")
    crash_lake.land([on(MAY_2, 3)])
    assert first_look(crash_lake.store, load_settings(), NOW) == PULLED_AT + timedelta(hours=2)


def test_changed_days_are_asked_for_as_they_lie_and_only_once(
    crash_lake: CrashLake, portal: SocrataServer
) -> None:
    sensor = Sensor(crash_lake)
    sensor.tick()
    portal.rows = published(
        [
            on(MAY_1, 1, crash_time="9:00"),
            on(MAY_2, 2),
            on(MAY_2, 3, zip_code="1"),
            on(MAY_9, 4),
            on(MAY_9, 5),
        ],
        NOON,
        before=portal.rows,
    )
    assert sensor.tick(15) == ["2022-05-01..2022-05-02", "2022-05-09"]
    first = sensor.requests[0]
    assert first.run_config == {"ops": {"bronze__crash_records": {"config": {"source": "nyc"}}}}
    assert len({request.run_key for request in sensor.requests}) == 2
    for _ in range(3):
        assert "days waiting for a run: 3" in sensor.tick(15)[0]


def test_a_day_waits_until_it_was_pulled_from_the_portal(
    crash_lake: CrashLake, portal: SocrataServer
) -> None:
    pulled(crash_lake, MAY_1)
    sensor = Sensor(crash_lake, now=datetime.now(UTC), cursor=BEFORE)
    assert sensor.tick() == ["2022-05-01..2022-05-02", "2022-05-09"]
    sensor.tick()
    assert sensor.waiting == ["2022-05-01", "2022-05-02", "2022-05-09"]
    pulled(crash_lake, MAY_1, MAY_9)
    pulled(crash_lake, MAY_2, source="landed")
    sensor.tick(1)
    assert sensor.waiting == ["2022-05-02"]
    before = sensor.requests
    assert sensor.tick(6 * 60) == ["2022-05-02"]
    assert not before
    assert portal.requests


def test_a_tick_that_dies_asks_for_the_same_runs_again(
    crash_lake: CrashLake, portal: SocrataServer
) -> None:
    dead, alive = Sensor(crash_lake, cursor=BEFORE), Sensor(crash_lake, cursor=BEFORE)
    dead.tick()
    alive.tick(15)
    keys = [[request.run_key for request in sensor.requests] for sensor in (dead, alive)]
    assert keys[0] == keys[1]
    assert len(keys[0]) == 2
    assert portal.requests


def test_a_portal_that_cannot_be_asked_fails_the_tick_and_keeps_the_cursor(
    crash_lake: CrashLake, portal: SocrataServer
) -> None:
    sensor = Sensor(crash_lake)
    sensor.tick()
    before = sensor.cursor
    portal.faults.append(refusing(403))
    with pytest.raises(SocrataRefusedError):
        sensor.tick(15)
    assert sensor.cursor == before

    def silent(settings: Settings, since: datetime) -> Changes:
        raise SocrataUnavailableError(f"{settings.socrata_url} said nothing since {since}.")

    sensor.ask = silent
    with pytest.raises(SocrataUnavailableError):
        sensor.tick(15)
    assert sensor.cursor == before


def test_a_mass_change_fails_the_tick_until_a_person_decides(
    crash_lake: CrashLake, portal: SocrataServer
) -> None:
    everything = Changes({MAY_1: 50_000}, NOW, 2_200_000, is_truncated=True)
    sensor = Sensor(crash_lake, ask=lambda settings, since: everything)
    with pytest.raises(TooManyChangesError, match="2,200,000 records changed"):
        sensor.tick()
    assert sensor.cursor is None
    assert portal.requests == []


def test_a_platform_that_does_not_follow_the_city_asks_nobody(
    crash_lake: CrashLake, portal: SocrataServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRASH_PLATFORM_SOURCE", "sample")
    assert "CRASH_PLATFORM_SOURCE=nyc" in Sensor(crash_lake).tick()[0]
    assert portal.requests == []


@pytest.mark.slow
def test_a_requested_run_brings_the_changed_day_from_the_portal_to_gold(
    crash_lake: CrashLake, portal: SocrataServer
) -> None:
    sensor = Sensor(crash_lake, now=datetime.now(UTC), cursor=BEFORE)
    sensor.tick()
    job = crash_lake.definitions.resolve_implicit_global_asset_job_def()
    for request in sensor.requests:
        outcome = job.execute_in_process(
            instance=crash_lake.instance,
            tags=dict(request.tags),
            run_config=request.run_config,
            asset_selection=crash_lake.chosen(),
        )
        assert broken(outcome) == {"the_newest_day_is_recent"}
    assert crash_lake.rows(CRASHES, "collision_id", "crash_date") == [
        (4700001, MAY_1),
        (4700002, MAY_2),
        (4700003, MAY_2),
        (4700004, MAY_9),
    ]
    assert len(crash_lake.rows(DAILY_CRASHES, "crash_date")) == 3
    sensor.tick(15)
    assert sensor.waiting == []
    assert portal.requests


def test_landed_days_are_read_page_by_page(crash_lake: CrashLake) -> None:
    days = [MAY_1 + timedelta(days=number) for number in range(5)]
    pulled(crash_lake, *days)
    asked = dict.fromkeys([*days, MAY_9], datetime.now(UTC) - timedelta(minutes=1))
    assert landed_days(crash_lake.instance, asked, 2) == set(days)
    assert landed_days(crash_lake.instance, {MAY_1: datetime.now(UTC)}) == set()
    assert landed_days(crash_lake.instance, {}) == set()


def scheduled(lake: CrashLake, moment: datetime) -> list[dg.RunRequest] | str:
    """What the daily schedule asks for at a moment."""
    [schedule] = automation().schedules or []
    assert isinstance(schedule, dg.ScheduleDefinition)
    context = dg.build_schedule_context(
        instance=lake.instance,
        scheduled_execution_time=moment,
        repository_def=lake.definitions.get_repository_def(),
    )
    answer = schedule.evaluate_tick(context)
    return list(answer.run_requests or []) or str(answer.skip_message)


def test_the_schedule_pulls_two_weeks_again_once_a_day(
    crash_lake: CrashLake, portal: SocrataServer
) -> None:
    requests = scheduled(crash_lake, datetime(2026, 4, 20, 10, 30, tzinfo=UTC))
    assert isinstance(requests, list)
    [request] = requests
    assert window_of(request) == "2026-04-06..2026-04-19"
    assert request.run_key == "daily 2026-04-20"
    assert request.run_config["ops"]["bronze__crash_records"]["config"] == {"source": "nyc"}
    assert portal.requests == []


def test_the_schedule_skips_where_nothing_new_can_come(crash_lake: CrashLake) -> None:
    skipped = scheduled(crash_lake, datetime(2026, 4, 20, 10, 30, tzinfo=UTC))
    assert isinstance(skipped, str)
    assert "CRASH_PLATFORM_SOURCE=nyc" in skipped


# Dagster's own tester of automation conditions uses this parameter of Dagster's.
@pytest.mark.filterwarnings("ignore:Parameter `include_sources`:dagster.BetaWarning")
def test_a_changed_day_of_any_age_moves_silver_and_gold_of_exactly_that_day(
    crash_lake: CrashLake,
) -> None:
    definitions, instance = crash_lake.definitions, crash_lake.instance
    tables = [
        spec.key
        for spec in definitions.resolve_all_asset_specs()
        if spec.key.path[0] in ("bronze", "silver", "gold")
        and spec.group_name in ("crashes", "injuries")
    ]
    for key in tables:
        for day in (MAY_1, MAY_2, MAY_9):
            event = dg.AssetMaterialization(key, partition=day.isoformat())
            instance.report_runless_asset_event(event)
    quiet = dg.evaluate_automation_conditions(definitions, instance, evaluation_time=NOW)
    assert {key: quiet.get_num_requested(key) for key in tables} == dict.fromkeys(tables, 0)
    pulled(crash_lake, MAY_2)
    moved = dg.evaluate_automation_conditions(
        definitions, instance, cursor=quiet.cursor, evaluation_time=NOW
    )
    expected = {key: set() if key == BRONZE else {"2022-05-02"} for key in tables}
    assert {key: moved.get_requested_partitions(key) for key in tables} == expected
