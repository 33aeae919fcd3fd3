"""Rows and the numbers they depend on move in one commit, or not at all."""

import pytest
from deltalake.exceptions import CommitFailedError

from crash_platform.lake.store import Store
from crash_platform_tests.lake.things import THINGS, day, days, frame, held


def test_rows_and_numbers_move_together(store: Store) -> None:
    done = store.append_from(THINGS, frame((0, 1)), {"a": 0, "b": 0}, {"a": 5, "b": 3})
    assert (done.rows, held(store)) == (1, {day(0): [1]})
    assert store.numbers(THINGS, ["a", "b", "c"]) == {"a": 5, "b": 3, "c": 0}


def test_numbers_move_without_rows(store: Store) -> None:
    store.append_from(THINGS, frame(), {"a": 0}, {"a": 5})
    assert (held(store), store.numbers(THINGS, ["a"])) == ({}, {"a": 5})


def test_a_number_that_was_only_read_stays(store: Store) -> None:
    store.append_from(THINGS, frame((0, 1)), {"a": 0, "b": 0}, {"a": 5})
    store.append_from(THINGS, frame((0, 2)), {"a": 5, "b": 0}, {"b": 7})
    assert store.numbers(THINGS, ["a", "b"]) == {"a": 5, "b": 7}


@pytest.mark.parametrize("read_at", [{"a": 0, "b": 0}, {"a": 5, "b": 1}])
def test_nothing_is_written_where_a_number_is_not_as_read(
    store: Store, read_at: dict[str, int]
) -> None:
    store.append_from(THINGS, frame((0, 1)), {"a": 0}, {"a": 5})
    with pytest.raises(CommitFailedError, match="moved by another"):
        store.append_from(THINGS, frame((0, 2)), read_at, {"a": 9})
    assert (held(store), store.numbers(THINGS, ["a"])) == ({day(0): [1]}, {"a": 5})


@pytest.mark.parametrize("moved_to", [{"b": 1}, {"a": 0}])
def test_only_numbers_that_were_read_move_and_only_from_one_on(
    store: Store, moved_to: dict[str, int]
) -> None:
    with pytest.raises(ValueError, match="cannot move"):
        store.append_from(THINGS, frame((0, 1)), {"a": 0}, moved_to)


def test_a_table_nobody_wrote_has_no_numbers(store: Store) -> None:
    assert store.numbers(THINGS, ["a"]) == {"a": 0}


def test_files_put_together_hold_the_same_rows_and_numbers(store: Store) -> None:
    for number in range(1, 4):
        store.append_from(THINGS, frame((0, number)), {"a": number - 1}, {"a": number})
    store.append_from(THINGS, frame((1, 9)), {"a": 3}, {"a": 4})
    store.compact(THINGS, days(0))
    assert len(store.slice(THINGS, days(0)).files) == 1
    assert held(store) == {day(0): [1, 2, 3], day(1): [9]}
    assert store.numbers(THINGS, ["a"]) == {"a": 4}
