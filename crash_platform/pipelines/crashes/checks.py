"""What is promised about the crash tables; ``check_*.sql`` finds the rows that break it."""

from datetime import UTC, date, datetime, timedelta

import dagster as dg

from crash_platform.lake.contract import Table
from crash_platform.lake.store import Slice
from crash_platform.orchestration.promises import Promise, promise_check, readable_by_bi
from crash_platform.orchestration.resources import LakeResource
from crash_platform.pipelines.crashes import tables as t
from crash_platform.pipelines.crashes.recipes import step
from crash_platform.pipelines.crashes.texts import sql
from crash_platform.settings import load_settings

LAG_DAYS = 10

_RECORDS = ("crash_records", t.CRASH_RECORDS, 0)
_CRASHES = ("crashes", t.CRASHES, 0)
_QUARANTINED = ("quarantined_crashes", t.QUARANTINED_CRASHES, 0)


def promises() -> tuple[Promise, ...]:
    """Every promise of the pipeline that is kept or broken by rows.

    Blocking, unless what lies downstream is right in spite of the broken promise.
    """
    return (
        _versions_once(),
        _one_day(),
        _nothing_lost(),
        _mostly_clean(),
        _boroughs(),
        _coordinates(),
        _readable_values(),
        _totals(),
        _vocabulary(),
        _usual_count(),
        _adds_up(t.DAILY_CRASHES, "daily_crashes_add_up_to_silver"),
        _hours(),
        _adds_up(t.CRASH_HOTSPOTS, "hotspots_add_up_to_silver"),
        _factors(),
        _current_days(),
    )


def _versions_once() -> Promise:
    return Promise(
        "every_version_is_there_once",
        t.CRASH_RECORDS,
        "No version of a record is landed twice.",
        sql("check_every_version_is_there_once"),
        (_RECORDS,),
    )


def _one_day() -> Promise:
    return Promise(
        "every_crash_lives_in_one_day",
        t.CRASHES,
        "A collision id is in silver once, over all days.",
        sql("check_every_crash_lives_in_one_day"),
        (_CRASHES, ("all_crashes", t.CRASHES, None), ("all_records", t.CRASH_RECORDS, None)),
    )


def _nothing_lost() -> Promise:
    return Promise(
        "nothing_is_lost_between_bronze_and_silver",
        t.CRASHES,
        "clean + quarantined + superseded = bronze, for every day and version.",
        sql("check_nothing_is_lost_between_bronze_and_silver"),
        (_RECORDS, _CRASHES, _QUARANTINED),
        steps=(step("latest", "silver_latest"),),
    )


def _mostly_clean() -> Promise:
    return Promise(
        "most_records_are_clean",
        t.CRASHES,
        "At most 1 % of the records are refused, else the source has changed its form.",
        sql("check_most_records_are_clean"),
        (_RECORDS, _QUARANTINED),
        tolerated_share=0.01,
        tolerated_rows=5,
    )


def _boroughs() -> Promise:
    return Promise(
        "every_borough_is_known",
        t.CRASHES,
        "Reported and located boroughs are among the five, or missing.",
        sql("check_every_borough_is_known"),
        (_CRASHES,),
    )


def _coordinates() -> Promise:
    return Promise(
        "every_coordinate_is_inside_the_city",
        t.CRASHES,
        "Coordinates come in pairs, inside the city, or with the reason why there are none.",
        sql("check_every_coordinate_is_inside_the_city"),
        (_CRASHES,),
    )


def _readable_values() -> Promise:
    return Promise(
        "reported_values_are_readable",
        t.CRASHES,
        "At most 1 % of the crashes have a borough, time or coordinates nobody can read.",
        sql("check_reported_values_are_readable"),
        (_CRASHES,),
        is_blocking=False,
        tolerated_share=0.01,
        tolerated_rows=2,
    )


def _totals() -> Promise:
    return Promise(
        "totals_cover_their_kinds",
        t.CRASHES,
        "Persons are at least the three kinds together, but for at most 0.1 % of the crashes.",
        sql("check_totals_cover_their_kinds"),
        (_CRASHES,),
        is_blocking=False,
        tolerated_share=0.001,
        tolerated_rows=2,
    )


def _vocabulary() -> Promise:
    return Promise(
        "the_vocabulary_covers_the_data",
        t.CRASHES,
        "At most 1 % of the crashes spell a vehicle or factor in a way the vocabulary lacks.",
        sql("check_the_vocabulary_covers_the_data"),
        (_CRASHES,),
        is_blocking=False,
        tolerated_share=0.01,
        tolerated_rows=5,
    )


def _usual_count() -> Promise:
    return Promise(
        "the_row_count_is_usual",
        t.DAILY_CRASHES,
        "A day has 0.4 to 2.5 times the median of the 28 days before it; 1 in 50 may not.",
        sql("check_the_row_count_is_usual"),
        (("recent", t.DAILY_CRASHES, 28),),
        is_blocking=False,
        tolerated_share=0.02,
        subject="run_days",
    )


def _hours() -> Promise:
    return Promise(
        "hours_add_up_to_the_day",
        t.HOURLY_CRASHES,
        "The hours of a day and borough, and its unknown hours, are all of silver's crashes.",
        sql("check_hours_add_up_to_the_day"),
        (("hourly_crashes", t.HOURLY_CRASHES, 0), _CRASHES),
    )


def _factors() -> Promise:
    return Promise(
        "factors_hold_every_crash",
        t.CRASH_FACTORS,
        "The days are those of silver, and no combination has more crashes than its day.",
        sql("check_factors_hold_every_crash"),
        (("crash_factors", t.CRASH_FACTORS, 0), _CRASHES),
    )


def _current_days() -> Promise:
    return Promise(
        "every_day_is_current",
        t.CRASH_COVERAGE,
        "Silver and gold hold exactly what bronze says, and every version is accounted for.",
        sql("check_every_day_is_current"),
        (("crash_coverage", t.CRASH_COVERAGE, 0),),
    )


def _adds_up(table: Table, name: str) -> Promise:
    return Promise(
        name,
        table,
        "Crashes, injury crashes and casualties of every day are those of silver.",
        sql("check_gold_adds_up_to_silver"),
        (("gold_rows", table, 0), _CRASHES),
    )


def checks() -> list[dg.AssetChecksDefinition]:
    """Every asset check of the pipeline."""
    readable = [readable_by_bi(table) for table in t.TABLES if table.layer == "gold"]
    return [*(promise_check(promise) for promise in promises()), *readable, _newest_day()]


def _newest_day() -> dg.AssetChecksDefinition:
    @dg.asset_check(
        name="the_newest_day_is_recent",
        asset=dg.AssetKey([t.CRASHES.layer, t.CRASHES.name]),
        description="Silver reaches as far as its source should: freshness by the data's own time.",
        blocking=False,
    )
    def check(lake: LakeResource) -> dg.AssetCheckResult:
        newest = newest_day(lake.store().slice(t.CRASHES))
        return recent_enough(newest, load_settings().source, datetime.now(UTC).date())

    return check


def newest_day(crashes: Slice) -> date | None:
    """The newest day that has a crash."""
    return max(crashes.distinct_days(), default=None)


def recent_enough(newest: date | None, source: str, today: date) -> dg.AssetCheckResult:
    """Whether the newest day is what the source should have by now.

    NYC Open Data publishes a crash about four days later; the packaged year and the files that
    people load promise nothing.
    """
    expected = today - timedelta(days=LAG_DAYS) if source == "nyc" else None
    passed = newest is not None and (expected is None or newest >= expected)
    return dg.AssetCheckResult(
        passed=passed,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"The newest day is {newest}; {source} promises {expected or 'nothing'}.",
        metadata={"newest_day": str(newest), "expected": str(expected)},
    )
