from datetime import date, timedelta
from typing import Any

import pytest

from crash_platform.orchestration.feeds.landing import (
    LandingConfig,
    PartConfig,
    config_of,
    land,
    planned_of,
)
from crash_platform.orchestration.tables import key_of
from crash_platform.streams.landing import StalePlanError
from crash_platform.streams.log import LogUnreachableError, Range
from crash_platform.streams.planning import EventsLostError, HubReplacedError, Plan
from crash_platform.streams.tables import DEAD_LETTERS
from crash_platform_tests.orchestration.feeds.feed_lake import FeedLake
from crash_platform_tests.orchestration.feeds.parcels import DAY_1, STREAM, parcel

MISSED = timedelta(days=2)


def bronze(lake: FeedLake) -> list[tuple[Any, ...]]:
    return lake.rows(STREAM.table, "sequence_number", "event_id", "landing")


def whole(after: int, until: int) -> dict[str, Any]:
    """The range of the partition that the parcels go to."""
    return {"generation": 1, "ranges": [PartConfig(partition_id="1", after=after, until=until)]}


def test_each_landing_takes_what_is_new(parcels: FeedLake) -> None:
    parcels.publish(parcel("a"), parcel("b"))
    assert parcels.land().landing.events == 2
    parcels.publish(parcel("c"))
    assert parcels.land().landing.events == 1
    assert parcels.land().landing.events == 0
    assert bronze(parcels) == [(0, "a", 1), (1, "b", 1), (2, "c", 2)]


def test_landing_the_same_ranges_again_changes_nothing(parcels: FeedLake) -> None:
    parcels.publish(parcel("a"), b"junk", parcel("b"))
    parcels.land(**whole(-1, 2))
    before, version = bronze(parcels), parcels.store.version(STREAM.table)
    again = parcels.land(**whole(-1, 2))
    assert (again.landing.events, again.landing.dead_letters) == (0, 0)
    assert bronze(parcels) == before == [(0, "a", 1), (2, "b", 1)]
    assert parcels.store.version(STREAM.table) == version
    assert len(parcels.rows(DEAD_LETTERS, "sequence_number")) == 1


def test_a_range_that_was_landed_in_part_is_completed(parcels: FeedLake) -> None:
    parcels.publish(parcel("a"), parcel("b"), parcel("c"))
    parcels.land(**whole(-1, 1))
    assert parcels.land(**whole(-1, 2)).landing.events == 1
    assert bronze(parcels) == [(0, "a", 1), (1, "b", 1), (2, "c", 2)]


def test_a_range_that_would_skip_events_is_refused(parcels: FeedLake) -> None:
    parcels.publish(parcel("a"), parcel("b"), parcel("c"))
    parcels.land(**whole(-1, 0))
    with pytest.raises(StalePlanError, match="ends at 0, so events would be skipped"):
        parcels.land(**whole(1, 2))


def test_what_is_no_event_goes_to_dead_letters_and_blocks_nothing(parcels: FeedLake) -> None:
    poison = [b"junk", b"", b"\xff", b"[]", b'{"event_schema": "other"}']
    parcels.publish(parcel("a"), *poison, parcel("b"))
    account = parcels.land()
    assert (account.landing.events, account.landing.dead_letters) == (2, 5)
    rows = parcels.rows(DEAD_LETTERS, "sequence_number", "stream", "error_class", "body")
    assert rows == [
        (1, "parcels", "not_json", b"junk"),
        (2, "parcels", "empty", b""),
        (3, "parcels", "not_utf8", b"\xff"),
        (4, "parcels", "not_an_object", b"[]"),
        (5, "parcels", "unknown_schema", b'{"event_schema": "other"}'),
    ]


def test_a_limit_leaves_the_rest_for_later_and_says_so(parcels: FeedLake) -> None:
    parcels.publish(*(parcel(str(number)) for number in range(5)))
    account = parcels.land(limit=2)
    assert account.landing.events == 2
    assert account.lag == {"0": 0, "1": 3}
    assert parcels.land().lag == {"0": 0, "1": 0}
    assert len(bronze(parcels)) == 5


def test_a_config_is_a_plan(parcels: FeedLake) -> None:
    plan = planned_of(LandingConfig(**whole(3, 9)))
    assert (plan.generation, plan.ranges, plan.lost) == (1, (Range("1", 3, 9),), ())
    assert plan.lag == {"1": 6}


def test_a_plan_keeps_its_lag_as_a_config(parcels: FeedLake) -> None:
    plan = Plan(1, (Range("1", 3, 9),), (), {"0": 0, "1": 50})
    assert planned_of(LandingConfig(**config_of(plan))).lag == {"1": 50}


def test_events_lost_to_retention_stop_the_landing_until_the_loss_is_accepted(
    parcels: FeedLake,
) -> None:
    parcels.publish(parcel("a"))
    parcels.land()
    parcels.publish(parcel("b"), parcel("c"))
    parcels.log.remove_before("1", 2)
    with pytest.raises(EventsLostError, match="1 to 1 of partition 1"):
        parcels.land()
    account = parcels.land(accept_loss=True)
    assert (account.landing.events, account.landing.lost) == (1, 1)
    assert parcels.rows(DEAD_LETTERS, "sequence_number", "lost_count", "body") == [(1, 1, None)]


def test_a_hub_made_anew_is_read_from_its_start_once_that_is_accepted(parcels: FeedLake) -> None:
    parcels.publish(parcel("a"))
    parcels.land()
    parcels.log.recreate()
    parcels.publish(parcel("b"))
    with pytest.raises(HubReplacedError, match="made anew"):
        parcels.land()
    parcels.land(accept_new_hub=True)
    assert parcels.rows(STREAM.table, "hub_generation", "sequence_number", "event_id") == [
        (1, 0, "a"),
        (2, 0, "b"),
    ]


def test_a_landing_without_its_hub_says_which(parcels: FeedLake) -> None:
    parcels.log.fail_next(LogUnreachableError("The hub parcels does not answer."))
    with pytest.raises(LogUnreachableError, match="The hub parcels does not answer"):
        land(STREAM, LandingConfig(), parcels.store, parcels.hub)
    assert parcels.store.version(STREAM.table) is None


def test_a_run_is_of_every_day_on_which_something_came(parcels: FeedLake) -> None:
    parcels.now -= MISSED
    parcels.publish(parcel("a"), b"junk")
    parcels.now += MISSED
    parcels.publish(parcel("b"))
    outcome = parcels.run_landing()
    assert outcome.broken == ()
    days = {"2024-03-08", "2024-03-10"}
    assert made(parcels, STREAM.table) == days
    assert made(parcels, DEAD_LETTERS) == {"2024-03-08"}


def test_a_run_shows_what_it_landed(parcels: FeedLake) -> None:
    parcels.publish(parcel("a"), parcel("b", DAY_1), b"junk")
    parcels.run_landing()
    event = parcels.instance.get_latest_materialization_event(key_of(STREAM.table))
    assert event is not None
    assert event.asset_materialization is not None
    told = {name: value.value for name, value in event.asset_materialization.metadata.items()}
    assert float(str(told.pop("seconds"))) >= 0
    assert told == {
        "rows": 2,
        "dead_letters": 1,
        "lost_to_retention": 0,
        "batch_size": 3,
        "landing": 1,
        "lag": 0,
        "lag_by_partition": {"0": 0, "1": 0},
        "positions": {"1": 2},
        "window": str(date(2024, 3, 10)),
    }


def made(lake: FeedLake, table: Any) -> set[str]:
    return set(lake.instance.get_materialized_partitions(key_of(table)))
