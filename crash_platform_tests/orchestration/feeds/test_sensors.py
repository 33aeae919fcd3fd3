from dataclasses import replace
from datetime import timedelta
from typing import Any

import dagster as dg
import pytest

from crash_platform.lake.contract import Window
from crash_platform.lake.frame import Frame
from crash_platform.orchestration.feeds.sensors import FEED as STREAM_TAG
from crash_platform.orchestration.feeds.sensors import LANDING, PART, PATIENCE_SECONDS, TABLES
from crash_platform.orchestration.tables import key_of
from crash_platform.streams.log import LogUnreachableError
from crash_platform_tests.orchestration.feeds.feed_lake import FeedLake
from crash_platform_tests.orchestration.feeds.parcels import (
    DAILY_PARCELS,
    DAY_1,
    DAY_2,
    DAY_9,
    PARCELS,
    RECIPE,
    STREAM,
    parcel,
)

IDLE = "Everything in the hub is landed. Every table is up to date with bronze."


def windows(answer: Any) -> list[str]:
    """The days of each run asked for."""
    tags = [request.tags for request in answer.run_requests]
    start, end = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
    return [t.get("dagster/partition") or f"{t[start]}..{t[end]}" for t in tags]


def start(lake: FeedLake, part: str, status: dg.DagsterRunStatus) -> str:
    """A run of one part that is in some state."""
    job = lake.definitions.resolve_implicit_global_asset_job_def()
    tags = {STREAM_TAG: "parcels", PART: part}
    return lake.instance.create_run_for_job(job, status=status, tags=tags).run_id


def test_without_anything_new_no_run_is_asked_for(parcels: FeedLake) -> None:
    answer = parcels.tick()
    assert (answer.run_requests, answer.skip_message) == ([], IDLE)


def test_one_run_is_asked_for_with_exactly_the_new_ranges(parcels: FeedLake) -> None:
    parcels.publish(parcel("a"), parcel("b"), b"junk")
    [request] = parcels.tick().run_requests
    assert request.run_config == {
        "ops": {
            "bronze__parcels": {
                "config": {
                    "generation": 1,
                    "ranges": [{"partition_id": "1", "after": -1, "until": 2, "ahead": 3}],
                }
            }
        }
    }
    assert request.asset_selection == [key_of(STREAM.table)]
    assert windows(parcels.tick()) == ["2024-03-10"]


def test_ranges_begin_where_bronze_ends_and_name_every_partition_with_news(
    parcels: FeedLake,
) -> None:
    parcels.publish(parcel("a"))
    parcels.land()
    parcels.publish(parcel("b"))
    parcels.publish(parcel("c"), key="other")
    [landing, _] = parcels.tick().run_requests
    ranges = landing.run_config["ops"]["bronze__parcels"]["config"]["ranges"]
    assert ranges == [
        {"partition_id": "0", "after": -1, "until": 0, "ahead": 1},
        {"partition_id": "1", "after": 0, "until": 1, "ahead": 1},
    ]


def test_a_run_lands_its_ranges_and_not_what_came_since(parcels: FeedLake) -> None:
    parcels.publish(parcel("a"))
    [request] = parcels.tick().run_requests
    parcels.publish(parcel("b"))
    assert parcels.carry_out(request).success
    assert parcels.rows(STREAM.table, "event_id") == [("a",)]


def test_the_days_that_follow_from_bronze_are_asked_for_in_stretches(parcels: FeedLake) -> None:
    parcels.publish(parcel("a", DAY_1), parcel("b", DAY_2), parcel("c", DAY_9))
    parcels.land()
    answer = parcels.tick()
    assert windows(answer) == ["2024-03-01..2024-03-02", "2024-03-09"]
    silver, quarantine, gold = "parcels", "quarantined_parcels", "daily_parcels"
    for request in answer.run_requests:
        assert [key.path[-1] for key in request.asset_selection] == [silver, quarantine, gold]


@pytest.mark.slow
def test_followed_to_the_end_a_tick_has_nothing_to_ask_for(parcels: FeedLake) -> None:
    parcels.publish(parcel("a", DAY_1), parcel("b", DAY_9), parcel("c", DAY_9, weight=0))
    for _ in range(2):
        for request in parcels.tick().run_requests:
            outcome = parcels.carry_out(request)
            assert outcome.success
            assert all(each.passed for each in outcome.get_asset_check_evaluations())
    assert parcels.tick().skip_message == IDLE
    assert parcels.rows(DAILY_PARCELS, "sent_date", "weight") == [(DAY_1, 100), (DAY_9, 100)]


@pytest.mark.slow
def test_an_event_that_moves_is_promised_to_be_there_once_in_whatever_order_days_are_made(
    parcels: FeedLake,
) -> None:
    parcels.publish(parcel("a", DAY_1))
    parcels.land()
    parcels.make()
    parcels.publish(parcel("a", DAY_9, version=2))
    parcels.land()
    requests = parcels.tick().run_requests
    for request in reversed(requests):
        outcome = parcels.carry_out(request)
        assert outcome.success
        assert all(each.passed for each in outcome.get_asset_check_evaluations())
    assert parcels.rows(PARCELS, "event_id", "sent_date") == [("a", DAY_9)]
    assert parcels.rows(DAILY_PARCELS, "sent_date") == [(DAY_9,)]


def test_in_the_state_in_which_nothing_was_behind_nobody_looks_again(parcels: FeedLake) -> None:
    def never(engine: Any, store: Any) -> list[Any]:
        raise AssertionError("nobody should ask")

    parcels.publish(parcel("a"))
    parcels.land()
    parcels.make()
    assert parcels.tick().skip_message == IDLE
    parcels.feed = replace(parcels.feed, behind=never)
    assert parcels.tick().skip_message == IDLE
    parcels.cursor = None
    with pytest.raises(AssertionError, match="nobody should ask"):
        parcels.tick()


def test_a_lost_cursor_loses_nothing(parcels: FeedLake) -> None:
    parcels.publish(parcel("a"))
    parcels.land()
    parcels.cursor = "of another time"
    assert windows(parcels.tick()) == ["2024-03-01"]


@pytest.mark.slow
def test_gold_that_a_failed_run_left_behind_is_made_by_the_next(parcels: FeedLake) -> None:
    parcels.publish(parcel("a"))
    parcels.land()
    parcels.make()
    parcels.tick()
    nothing = Frame.of(DAILY_PARCELS.schema.empty_table(), frozenset({DAY_1}))
    parcels.store.replace(DAILY_PARCELS, Window(DAY_1, DAY_1), nothing)
    [request] = parcels.tick().run_requests
    assert parcels.carry_out(request).success
    assert parcels.rows(DAILY_PARCELS, "sent_date", "weight") == [(DAY_1, 100)]


def test_a_run_that_failed_after_silver_is_asked_for_again_when_it_has_waited(
    parcels: FeedLake,
) -> None:
    parcels.publish(parcel("a"))
    parcels.land()
    [request] = parcels.tick().run_requests
    wrong = (replace(RECIPE, steps=lambda: ()),)
    healthy, parcels.feed = parcels.feed, replace(parcels.feed, recipes=wrong)
    del parcels.definitions
    assert not parcels.carry_out(request).success
    assert parcels.rows(PARCELS, "event_id") == [("a",)]
    parcels.feed = healthy
    later = parcels.instance.get_run_records(limit=1)[0].end_time or 0
    assert windows(parcels.tick(later + PATIENCE_SECONDS)) == ["2024-03-01"]


def test_an_event_of_tomorrow_waits_for_its_day(parcels: FeedLake) -> None:
    tomorrow = parcels.now.date() + timedelta(days=1)
    parcels.publish(parcel("a", tomorrow), parcel("b"))
    parcels.land()
    assert windows(parcels.tick()) == ["2024-03-01"]
    parcels.make([DAY_1])
    waiting = "Everything in the hub is landed. Events of 2024-03-11 wait for their day."
    assert parcels.tick().skip_message == waiting
    assert parcels.tick().skip_message == waiting
    parcels.now += timedelta(days=1)
    assert windows(parcels.tick()) == ["2024-03-11"]


@pytest.mark.parametrize(
    "status",
    [
        dg.DagsterRunStatus.NOT_STARTED,
        dg.DagsterRunStatus.STARTED,
        dg.DagsterRunStatus.CANCELING,
    ],
)
def test_while_a_run_is_under_way_no_other_is_asked_for(
    parcels: FeedLake, status: dg.DagsterRunStatus
) -> None:
    parcels.publish(parcel("a"))
    run_id = start(parcels, LANDING, status)
    answer = parcels.tick()
    assert answer.run_requests == []
    assert answer.skip_message == (
        f"Run {run_id} for its landing is under way. Every table is up to date with bronze."
    )


def test_a_landing_under_way_does_not_keep_tables_from_being_made(parcels: FeedLake) -> None:
    parcels.publish(parcel("a"))
    parcels.land()
    parcels.publish(parcel("b"))
    start(parcels, LANDING, dg.DagsterRunStatus.STARTED)
    assert windows(parcels.tick()) == ["2024-03-01"]
    start(parcels, TABLES, dg.DagsterRunStatus.STARTED)
    assert "for its tables is under way" in str(parcels.tick().skip_message)


def test_runs_of_another_stream_hold_nothing_up(parcels: FeedLake) -> None:
    job = parcels.definitions.resolve_implicit_global_asset_job_def()
    tags = {STREAM_TAG: "letters", PART: LANDING}
    parcels.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED, tags=tags)
    parcels.publish(parcel("a"))
    assert len(parcels.tick().run_requests) == 1


def test_after_a_failed_run_the_next_try_waits(parcels: FeedLake) -> None:
    parcels.publish(parcel("a"))
    [request] = parcels.tick().run_requests
    parcels.log.fail_next(LogUnreachableError("The hub parcels does not answer."))
    outcome = parcels.carry_out(request)
    assert not outcome.success
    ended = parcels.instance.get_run_records(limit=1)[0].end_time or 0
    waits = f"Run {outcome.run_id} for its landing failed; the next try is in 240 seconds."
    assert str(parcels.tick(ended + 60).skip_message).startswith(waits)
    [again] = parcels.tick(ended + PATIENCE_SECONDS).run_requests
    assert again.run_config == request.run_config


@pytest.mark.slow
def test_a_run_that_succeeds_does_not_hide_the_failure_of_another_day(parcels: FeedLake) -> None:
    parcels.publish(parcel("a", DAY_1), parcel("b", DAY_9))
    parcels.land()
    first, second = parcels.tick().run_requests
    before_the_calendar = {**first.tags, "dagster/partition": "2012-06-30"}
    failing = dg.RunRequest(asset_selection=first.asset_selection, tags=before_the_calendar)
    assert not parcels.carry_out(failing).success
    assert parcels.carry_out(second).success
    ended = max(each.end_time or 0 for each in parcels.instance.get_run_records())
    assert "for its tables failed; the next try is in" in str(parcels.tick(ended + 1).skip_message)
    assert windows(parcels.tick(ended + PATIENCE_SECONDS + 1)) == ["2024-03-01"]


def test_a_hub_that_does_not_answer_fails_the_tick_with_its_sentence(parcels: FeedLake) -> None:
    parcels.publish(parcel("a"))
    parcels.log.fail_next(LogUnreachableError("The hub parcels does not answer."))
    with pytest.raises(LogUnreachableError, match="The hub parcels does not answer"):
        parcels.tick()
    assert len(parcels.tick().run_requests) == 1
