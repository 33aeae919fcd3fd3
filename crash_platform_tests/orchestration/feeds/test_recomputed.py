from dataclasses import replace

import pytest

from crash_platform.engine.duckdb_engine import DuckDBEngine
from crash_platform.lake.contract import Window
from crash_platform.lake.frame import Frame
from crash_platform.orchestration.feeds.recomputed import recomputation_changes_nothing, stale_days
from crash_platform_tests.orchestration.feeds.examined import Case, Row, assert_broken_by, look_at
from crash_platform_tests.orchestration.feeds.feed_lake import FeedLake
from crash_platform_tests.orchestration.feeds.parcels import (
    DAILY_PARCELS,
    DAY_1,
    DAY_2,
    DAY_9,
    RECIPE,
    parcel,
)

PROMISE = recomputation_changes_nothing(RECIPE)


def daily(count: int, weight: int, fault: str | None = None) -> Row:
    row = {"sent_date": DAY_1, "parcel_count": count, "weight": weight}
    return row if fault is None else {"fault": fault, **row}


CASE = Case(
    {
        "parcels": [{"sent_date": DAY_1, "weight": 1}, {"sent_date": DAY_1, "weight": 2}],
        "held_rows": [daily(2, 3)],
    },
    (
        ({"held_rows": []}, [daily(2, 3, "missing")]),
        ({"parcels": []}, [daily(2, 3, "superfluous")]),
        ({"held_rows": [daily(2, 3), daily(2, 3)]}, [daily(2, 3, "superfluous")]),
        ({"held_rows": [daily(2, 4)]}, [daily(2, 3, "missing"), daily(2, 4, "superfluous")]),
    ),
)


def test_a_table_that_is_what_its_recipe_makes_keeps_the_promise() -> None:
    assert PROMISE.is_blocking
    assert look_at(PROMISE, CASE.kept, [DAY_1]).is_kept


@pytest.mark.parametrize("number", range(len(CASE.broken)))
def test_each_difference_breaks_it_and_is_told(number: int) -> None:
    assert_broken_by(PROMISE, CASE, number, [DAY_1])


def test_stale_days_are_those_in_which_rows_differ(parcels: FeedLake) -> None:
    engine, store = DuckDBEngine(), parcels.store
    assert stale_days([RECIPE], engine, store) == []
    parcels.publish(parcel("a"), parcel("b", DAY_2), parcel("c", DAY_9))
    parcels.land()
    parcels.make()
    assert stale_days([RECIPE], engine, store) == []
    wrong = DAILY_PARCELS.schema.empty_table().from_pylist(
        [{"sent_date": DAY_2, "parcel_count": 1, "weight": 7}], schema=DAILY_PARCELS.schema
    )
    gone = frozenset({DAY_1})
    store.replace(DAILY_PARCELS, Window(DAY_1, DAY_2), Frame.of(wrong, gone))
    assert stale_days([RECIPE], engine, store) == [DAY_1, DAY_2]
    assert parcels.behind() == [DAY_1, DAY_2]
    parcels.make([DAY_2])
    assert parcels.behind() == [DAY_1]


def test_a_recipe_that_reads_more_than_tables_of_the_lake_is_refused(parcels: FeedLake) -> None:
    more = replace(RECIPE, lookups=lambda: {"words": DAILY_PARCELS.schema.empty_table()})
    with pytest.raises(ValueError, match="made from more than tables"):
        recomputation_changes_nothing(more)
    with pytest.raises(ValueError, match="gold/daily_parcels"):
        stale_days([more], DuckDBEngine(), parcels.store)
