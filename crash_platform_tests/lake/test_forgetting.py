"""What a contract wants forgotten is emptied once it is old, and nothing else is touched."""

from dataclasses import replace
from datetime import timedelta

import pytest

from crash_platform.lake.frame import Frame
from crash_platform.lake.maintenance import maintain
from crash_platform.lake.store import Store
from crash_platform.orchestration.maintenance import in_words
from crash_platform_tests.lake.things import THINGS, day, days, things

NOTES = replace(THINGS, forgotten=("note",), forgotten_after_days=30)


@pytest.fixture
def noted(store: Store) -> Store:
    """A thing with a note on each of ten days."""
    for n in range(10):
        store.replace(NOTES, days(n), Frame.of(things((n, n), note="told")))
    return store


def notes(store: Store) -> dict[int, bool]:
    """Which things have a note."""
    rows = store.slice(NOTES).read(["thing_id", "note", "tags"]).to_pylist()
    assert all(row["tags"] is not None for row in rows)
    return {row["thing_id"]: row["note"] is not None for row in rows}


def test_old_rows_lose_their_note_and_keep_everything_else(noted: Store) -> None:
    assert notes(noted) == dict.fromkeys(range(10), True)
    report = maintain(noted, NOTES, today=day(34))
    assert report.forgotten_rows == 4
    assert notes(noted) == {n: n >= 4 for n in range(10)}
    assert "4 old rows emptied of what was told" in in_words(report)


def test_what_was_forgotten_is_not_written_again(noted: Store) -> None:
    maintain(noted, NOTES, today=day(34))
    assert maintain(noted, NOTES, today=day(34)).forgotten_rows == 0


def test_a_dry_run_counts_and_changes_nothing(noted: Store) -> None:
    report = maintain(noted, NOTES, today=day(34), dry_run=True)
    assert (report.forgotten_rows, "would be emptied" in in_words(report)) == (4, True)
    assert notes(noted) == dict.fromkeys(range(10), True)


def test_a_table_without_such_columns_is_left_alone(noted: Store) -> None:
    assert maintain(noted, THINGS, today=day(400)).forgotten_rows == 0
    assert all(notes(noted).values())


def test_a_column_that_is_never_null_cannot_be_forgotten() -> None:
    with pytest.raises(ValueError, match="cannot be forgotten"):
        replace(THINGS, forgotten=("thing_id",))
    with pytest.raises(ValueError, match="absent names"):
        replace(THINGS, forgotten=("nothing",))


def test_a_row_of_the_last_day_of_grace_is_kept(noted: Store) -> None:
    assert maintain(noted, NOTES, today=day(0) + timedelta(days=30)).forgotten_rows == 0
