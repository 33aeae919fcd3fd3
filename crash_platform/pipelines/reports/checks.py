"""What is promised about the live half: the view of now is whole, and nothing is scored twice."""

import dagster as dg

from crash_platform.engine.plan import Step
from crash_platform.orchestration.feeds.checks import feed_checks, feed_promises
from crash_platform.orchestration.promises import Promise, promise_check, readable_by_bi
from crash_platform.pipelines.crashes.tables import CRASH_COVERAGE, CRASHES
from crash_platform.pipelines.reports import tables as t
from crash_platform.pipelines.reports.feed import differing, report_feed

_NOW = ("crashes_now", t.CRASHES_NOW, None)
_REPORTS = ("reported_crashes", t.REPORTED_CRASHES, None)
_COVERAGE = ("crash_coverage", CRASH_COVERAGE, None)
_ALL = ("crashes", CRASHES, None)
_OFFICIAL_IDS = Step("official_ids", "SELECT collision_id FROM crashes")


def promises() -> tuple[Promise, ...]:
    """Every promise of the pipeline that is kept or broken by rows."""
    return (
        *feed_promises(report_feed()),
        _as_from_scratch(),
        _once(),
        _not_counted_twice(),
        _scored_once(),
        _scored_at_all(),
    )


def checks() -> list[dg.AssetChecksDefinition]:
    """Every check of the pipeline."""
    gold = (t.CRASHES_NOW, t.LIVE_PREDICTIONS, t.LIVE_ACCURACY)
    own = promises()[len(feed_promises(report_feed())) :]
    return [
        *feed_checks(report_feed()),
        *(promise_check(promise) for promise in own),
        *(readable_by_bi(table) for table in gold),
    ]


def _as_from_scratch() -> Promise:
    return Promise(
        "it_is_what_a_making_from_scratch_gives",
        t.CRASHES_NOW,
        "Official records of covered days and live reports of the others: no gap, nothing beside.",
        "SELECT * FROM differing WHERE crash_date IN (SELECT run_day FROM run_days)",
        (_NOW, _REPORTS, _COVERAGE, _ALL),
        steps=(_OFFICIAL_IDS, *differing()),
    )


def _once() -> Promise:
    return Promise(
        "every_crash_is_there_once",
        t.CRASHES_NOW,
        "A crash key is in the days of the run once; a day that it has left may be made later.",
        "SELECT crash_key, count(*) AS times FROM crashes_now GROUP BY crash_key "
        "HAVING count(*) > 1",
        (("crashes_now", t.CRASHES_NOW, 0),),
    )


def _not_counted_twice() -> Promise:
    return Promise(
        "no_crash_is_both_final_and_preliminary",
        t.CRASHES_NOW,
        "A day shows official records or live reports, never both.",
        "SELECT crash_date FROM crashes_now GROUP BY crash_date "
        "HAVING count(CASE WHEN is_final THEN 1 END) > 0 "
        "AND count(CASE WHEN NOT is_final THEN 1 END) > 0",
        (("crashes_now", t.CRASHES_NOW, 0),),
    )


def _scored_once() -> Promise:
    return Promise(
        "every_report_is_scored_once",
        t.LIVE_PREDICTIONS,
        "A version of a report is scored once, however often it was delivered.",
        "SELECT event_id, event_version, count(*) AS times FROM live_predictions "
        "GROUP BY event_id, event_version HAVING count(*) > 1",
        (("live_predictions", t.LIVE_PREDICTIONS, None),),
    )


def _scored_at_all() -> Promise:
    return Promise(
        "every_report_is_scored",
        t.LIVE_PREDICTIONS,
        "Reports behind the last one that was scored all have a score; withdrawn ones need none.",
        "SELECT reports.event_id, reports.crash_date FROM reported_crashes AS reports "
        "LEFT JOIN live_predictions AS said ON reports.event_id = said.event_id "
        "LEFT JOIN reached ON reports.hub_generation = reached.hub_generation "
        "AND reports.partition_id = reached.partition_id "
        "WHERE said.event_id IS NULL AND NOT reports.is_withdrawn "
        "AND reports.sequence_number BETWEEN reached.first_number AND reached.last_number",
        (
            ("reported_crashes", t.REPORTED_CRASHES, 0),
            ("live_predictions", t.LIVE_PREDICTIONS, None),
        ),
        is_blocking=False,
        steps=(
            Step(
                "reached",
                "SELECT hub_generation, partition_id, min(sequence_number) AS first_number, "
                "max(sequence_number) AS last_number FROM live_predictions "
                "GROUP BY hub_generation, partition_id",
            ),
        ),
    )
