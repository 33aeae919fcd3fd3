"""A window is replaced: all of it, nothing else, in one commit, and never emptied by accident."""

from datetime import date, datetime

import pyarrow as pa
import pytest

from crash_platform.lake.contract import Column, Table, Window
from crash_platform.lake.frame import ContractError, Frame
from crash_platform.lake.store import EmptyDayError, Store
from crash_platform_tests.lake.things import DAILY, THINGS, day, days, frame, held, things


def test_the_first_write_makes_the_table(store: Store) -> None:
    commit = store.replace(THINGS, days(0), frame((0, 1), (0, 2)))
    assert (commit.table, commit.rows, commit.window) == ("silver/things", 2, days(0))
    assert commit.version == store.version(THINGS) == 1
    assert commit.preview == things((0, 1), (0, 2))
    assert held(store) == {day(0): [1, 2]}


def test_one_day_is_replaced_and_its_neighbours_stay(store: Store) -> None:
    store.replace(THINGS, days(0, 3), frame((0, 1), (1, 2), (2, 3), (3, 4)))
    store.replace(THINGS, days(1), frame((1, 20), (1, 21)))
    assert held(store) == {day(0): [1], day(1): [20, 21], day(2): [3], day(3): [4]}


def test_a_range_over_two_months_is_replaced_in_one_commit(store: Store) -> None:
    store.replace(THINGS, days(0, 5), frame(*((n, n) for n in range(6))))
    commit = store.replace(THINGS, days(1, 4), frame(*((n, 100 + n) for n in range(1, 5))))
    assert commit.version == 2
    assert held(store) == {day(n): [n if n in (0, 5) else 100 + n] for n in range(6)}


def test_e2_the_same_range_can_be_replaced_again(store: Store) -> None:
    for _ in range(2):
        store.replace(THINGS, days(0, 4), frame(*((n, n) for n in range(5))))
    assert held(store) == {day(n): [n] for n in range(5)}


def test_e9_a_row_outside_the_window_is_refused_and_nothing_is_written(store: Store) -> None:
    store.replace(THINGS, days(0, 1), frame((0, 1), (1, 2)))
    with pytest.raises(ContractError, match=rf"a row of {day(2)} lies outside {day(1)}"):
        store.replace(THINGS, days(1), frame((1, 3), (2, 4)))
    assert held(store) == {day(0): [1], day(1): [2]}


def test_e8_an_empty_frame_over_rows_is_refused(store: Store) -> None:
    store.replace(THINGS, days(0), frame((0, 1)))
    with pytest.raises(EmptyDayError, match=f"{day(0)} has rows and would have none"):
        store.replace(THINGS, days(0), frame())
    assert held(store) == {day(0): [1]}


def test_e8_a_day_that_would_vanish_inside_a_range_is_refused(store: Store) -> None:
    store.replace(THINGS, days(0, 2), frame((0, 1), (1, 2), (2, 3)))
    with pytest.raises(EmptyDayError, match=f"{day(1)} has rows"):
        store.replace(THINGS, days(0, 2), frame((0, 1), (2, 3), empty=[2]))
    assert held(store) == {day(0): [1], day(1): [2], day(2): [3]}


def test_a_day_confirmed_empty_is_emptied(store: Store) -> None:
    store.replace(THINGS, days(0, 2), frame((0, 1), (1, 2), (2, 3)))
    commit = store.replace(THINGS, days(0, 2), frame((0, 9), (2, 3), empty=[1]))
    assert (commit.rows, held(store)) == (2, {day(0): [9], day(2): [3]})


def test_an_empty_frame_over_an_empty_day_is_no_error(store: Store) -> None:
    store.replace(THINGS, days(0), frame((0, 1)))
    commit = store.replace(THINGS, days(1), frame())
    assert (commit.rows, commit.preview, held(store)) == (0, None, {day(0): [1]})


def test_naive_times_lists_and_nulls_come_back_as_they_were(store: Store) -> None:
    gap = datetime.fromisoformat("2022-03-13T02:30")
    row = {"thing_id": 1, "thing_date": day(0), "noted_at": gap}
    rows = pa.Table.from_pylist(
        [
            {**row, "tags": ["a", None, "ü'%"], "note": "it's | 100 %"},
            {**row, "thing_id": 2, "noted_at": None, "tags": [], "note": ""},
            {**row, "thing_id": 3, "tags": None, "note": None},
        ],
        schema=THINGS.schema,
    )
    store.replace(THINGS, days(0), Frame.of(rows))
    assert store.slice(THINGS).read().sort_by("thing_id") == rows


@pytest.mark.parametrize("number", [3.7, "2"])
def test_e10_a_number_is_never_guessed(store: Store, number: object) -> None:
    rows = things((0, 1)).set_column(0, "thing_id", pa.array([number]))
    with pytest.raises(ContractError, match="thing_id takes int64"):
        store.replace(THINGS, days(0), Frame.of(rows))
    assert held(store) == {}


def test_a_missing_and_an_unexpected_column_are_refused(store: Store) -> None:
    rows = things((0, 1)).rename_columns(["thing_id", "thing_date", "noted_at", "tags", "notes"])
    with pytest.raises(ContractError, match=r"missing \['note'\], unexpected \['notes'\]"):
        store.replace(THINGS, days(0), Frame.of(rows))


def test_an_error_of_the_rows_own_source_comes_through_unchanged(store: Store) -> None:
    def broken() -> pa.RecordBatchReader:
        def batches() -> object:
            yield things((0, 1)).to_batches()[0]
            raise OSError("the source hung up")

        return pa.RecordBatchReader.from_batches(THINGS.schema, batches())

    with pytest.raises(OSError, match="the source hung up"):
        store.replace(THINGS, days(0), Frame(THINGS.schema, broken))
    assert held(store) == {}


def test_an_interruption_comes_through_unchanged(store: Store) -> None:
    def interrupted() -> pa.RecordBatchReader:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.replace(THINGS, days(0), Frame(THINGS.schema, interrupted))


def test_a_gold_table_can_be_read_by_reader_version_one(store: Store) -> None:
    rows = pa.Table.from_pylist(
        [{"thing_date": day(0), "thing_count": 1, "made_at": None}], schema=DAILY.schema
    )
    store.replace(DAILY, days(0, 400), Frame.of(rows))
    delta = store.delta(DAILY)
    assert delta
    assert delta.protocol().min_reader_version == 1


def test_values_with_blanks_and_quotes_do_not_disturb_a_replacement(store: Store) -> None:
    places = Table(
        layer="gold",
        name="places",
        description="Free text beside the day.",
        columns=(
            Column("thing_date", pa.date32(), "Day.", False),
            Column("place", pa.string(), "Place.", False),
        ),
        key=("thing_date", "place"),
        day_column="thing_date",
        filtered=("place",),
    )
    names = ["STATEN ISLAND", "O'Hare", "50% off", ""]
    for _ in range(2):
        rows = pa.table({"thing_date": [date(2022, 1, 1)] * 4, "place": names}, places.schema)
        store.replace(places, Window(date(2022, 1, 1), date(2022, 1, 1)), Frame.of(rows))
    assert sorted(store.slice(places).read()["place"].to_pylist()) == sorted(names)


def test_many_batches_are_one_commit(store: Store) -> None:
    rows = things(*((n % 60, n) for n in range(3_000)))
    small = Frame(THINGS.schema, lambda: rows.to_reader(max_chunksize=100))
    commit = store.replace(THINGS, days(0, 59), small)
    assert (commit.rows, commit.version, len(held(store))) == (3_000, 1, 60)
