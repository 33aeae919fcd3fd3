"""A numbered batch is appended once, whoever repeats it and whenever."""

from datetime import date
from threading import Barrier, Thread

import pytest
from deltalake.exceptions import CommitFailedError

from crash_platform.lake.frame import ContractError, Frame
from crash_platform.lake.store import Store
from crash_platform_tests.lake.things import THINGS, day, days, frame, held


def test_batches_add_up_in_order(store: Store) -> None:
    first = store.append_once(THINGS, frame((0, 1)), "app", 1)
    second = store.append_once(THINGS, frame((0, 2), (40, 3)), "app", 5)
    assert first
    assert second
    assert (first.rows, second.rows, second.version) == (1, 2, 2)
    assert held(store) == {day(0): [1, 2], day(40): [3]}
    assert store.last_number(THINGS, "app") == 5


@pytest.mark.parametrize("number", [1, 2, 3])
def test_e7_a_batch_that_is_there_is_not_appended_again(store: Store, number: int) -> None:
    store.append_once(THINGS, frame((0, 1)), "app", 3)
    assert store.append_once(THINGS, frame((0, 2)), "app", number) is None
    assert (held(store), store.version(THINGS)) == ({day(0): [1]}, 1)
    assert store.last_number(THINGS, "app") == 3


def test_every_application_counts_for_itself(store: Store) -> None:
    store.append_once(THINGS, frame((0, 1)), "hub-0", 9)
    store.append_once(THINGS, frame((0, 2)), "hub-1", 4)
    assert held(store) == {day(0): [1, 2]}
    assert [store.last_number(THINGS, a) for a in ("hub-0", "hub-1", "hub-2")] == [9, 4, 0]


def test_a_batch_without_rows_is_remembered_too(store: Store) -> None:
    store.append_once(THINGS, frame(), "app", 2)
    assert store.last_number(THINGS, "app") == 2


def test_a_replacement_leaves_the_numbers_alone(store: Store) -> None:
    store.append_once(THINGS, frame((0, 1)), "app", 2)
    store.replace(THINGS, days(0), frame((0, 5)))
    assert store.last_number(THINGS, "app") == 2


def test_a_bad_batch_is_not_remembered(store: Store) -> None:
    bad = Frame.of(frame((0, 1)).read().drop_columns(["note"]))
    with pytest.raises(ContractError):
        store.append_once(THINGS, bad, "app", 1)
    assert (store.last_number(THINGS, "app"), held(store)) == (0, {})


def test_numbers_start_at_one(store: Store) -> None:
    with pytest.raises(ValueError, match="from 1 on"):
        store.append_once(THINGS, frame((0, 1)), "app", 0)


def test_of_two_writers_with_the_same_number_one_wins(store: Store) -> None:
    """Both have looked before either writes; the rows of only one are there afterwards."""
    store.append_once(THINGS, frame((0, 1)), "app", 1)
    meeting, outcomes = Barrier(2), dict[int, object]()

    def write(me: int) -> None:
        rows = frame((0, me))

        def opened():  # type: ignore[no-untyped-def]
            meeting.wait(10)
            return rows.open()

        try:
            outcomes[me] = store.append_once(THINGS, Frame(rows.schema, opened), "app", 2)
        except CommitFailedError as error:
            outcomes[me] = error

    writers = [Thread(target=write, args=(me,)) for me in (10, 20)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    lost = [me for me, outcome in outcomes.items() if isinstance(outcome, CommitFailedError)]
    won = [me for me, outcome in outcomes.items() if me not in lost and outcome is not None]
    assert (len(won), len(lost)) == (1, 1)
    assert held(store) == {day(0): [1, *won]}


def test_days_far_apart_lie_in_their_own_folders(store: Store) -> None:
    store.append_once(THINGS, frame((0, 1), (400, 2)), "app", 1)
    folders = {file.split("thing_month=")[1][:7] for file in store.slice(THINGS).files}
    assert folders == {"2022-01", f"{day(400):%Y-%m}"} == {"2022-01", f"{date(2023, 3, 6):%Y-%m}"}
