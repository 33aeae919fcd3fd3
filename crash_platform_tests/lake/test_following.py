"""A table that is followed tells each of its files once, and reads them as its contract says."""

import pyarrow.compute as pc
import pyarrow.dataset as ds

from crash_platform.lake.following import REOPEN_SECONDS, Follower
from crash_platform.lake.store import Store
from crash_platform_tests.lake.test_wider_contract import WIDER
from crash_platform_tests.lake.things import THINGS, days, frame


def ids(follower: Follower, where: ds.Expression | None = None) -> list[int]:
    """The things in the files that were not taken yet, newest file first."""
    return [
        number
        for file in follower.look()
        for batch in follower.rows(file, where)
        for number in batch.column("thing_id").to_pylist()
    ]


def test_files_are_told_newest_first_until_they_are_taken(store: Store) -> None:
    follower = Follower(lambda: store, THINGS, lambda: 0.0)
    assert follower.look() == []
    for number in (1, 2):
        store.append_once(THINGS, frame((number, number)), "app", number)
    assert ids(follower) == ids(follower) == [2, 1]
    follower.taken()
    assert follower.look() == []
    store.append_once(THINGS, frame((3, 3), (3, 4)), "app", 3)
    assert ids(follower, pc.field("thing_id") > 3) == [4]


def test_files_put_together_are_new_files(store: Store) -> None:
    follower = Follower(lambda: store, THINGS, lambda: 0.0)
    for number in (1, 2):
        store.append_once(THINGS, frame((1, number)), "app", number)
    assert len(follower.look()) == 2
    follower.taken()
    store.compact(THINGS, days(1))
    assert sorted(ids(follower)) == [1, 2]


def test_what_is_opened_anew_is_not_told_again(store: Store) -> None:
    seconds = iter([0.0, *[REOPEN_SECONDS * 2] * 9])
    opened = list[int]()

    def open_store() -> Store:
        opened.append(1)
        return store

    follower = Follower(open_store, THINGS, lambda: next(seconds))
    store.replace(THINGS, days(1), frame((1, 1)))
    assert ids(follower) == [1]
    follower.taken()
    assert follower.look() == []
    follower.forget()
    assert follower.look() == []
    assert len(opened) == 3


def test_a_far_lake_and_an_older_table_read_the_same(store: Store) -> None:
    store.replace(THINGS, days(1), frame((1, 1)))
    follower = Follower(lambda: store, WIDER, lambda: 0.0)
    (file,) = follower.look()
    near = [batch.to_pylist() for batch in follower.rows(file, None)]
    follower._is_local = False
    assert [batch.to_pylist() for batch in follower.rows(file, None)] == near
    assert near[0][0]["place"] is None
