from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crash_platform.lake.contract import Window
from crash_platform.lake.store import Store
from crash_platform.pipelines.crashes.bronze import (
    Delivery,
    Landing,
    LandingError,
    MassChangeError,
    land,
)
from crash_platform.pipelines.crashes.tables import CRASH_RECORDS
from crash_platform_tests.pipelines.crashes.built_days import lake_in, live, rows, versions
from crash_platform_tests.pipelines.crashes.raw_crashes import PULLED_AT, bare, delivery

KEY = "4700001"
FIRST, SECOND, THIRD = "2024-03-05", "2024-03-06", "2024-03-07"
MARCH = Window(date(2024, 3, 1), date(2024, 3, 31))
PULL_DAY = "2024-12-01"
Record = Mapping[str, str]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return lake_in(tmp_path)


def at(day: str, number: int = 1, **fields: str) -> Record:
    return bare(number, crash_date=f"{day}T00:00:00.000", **fields)


def counted(landing: Landing) -> dict[str, int]:
    assert sum(landing.counts.values()) - landing.counts["disappeared"] == landing.read
    return {name: count for name, count in landing.counts.items() if count}


def landed(store: Store, *deliveries: Sequence[Record], **options: Any) -> dict[str, int]:
    """The counts of the last of these deliveries, an hour apart."""
    for number, records in enumerate(deliveries):
        landing = land(store, delivery(records, number, **options))
    return counted(landing)


def places(store: Store) -> dict[str, tuple[str, str | None]]:
    return {
        key: (str(row["filed_date"]), row["crash_time"]) for key, row in sorted(live(store).items())
    }


def test_new_records_become_version_1_under_their_days(store: Store) -> None:
    records = [at(FIRST, 1), at(FIRST, 2), at(SECOND, 3), at(THIRD, 4), at("2012-07-01", 5)]
    landing = land(store, delivery(records))
    assert counted(landing) == {"inserted": 5}
    assert (landing.number, landing.added) == (1, 5)
    assert {str(day) for day in landing.days} == {FIRST, SECOND, THIRD, "2012-07-01"}
    assert {(row["version"], row["change"]) for row in rows(store, CRASH_RECORDS)} == {
        (1, "inserted")
    }


def test_a_delivery_says_a_thing_once(store: Store) -> None:
    records = [at(FIRST, n) for n in range(1, 6)]
    assert landed(store, records, records) == {"unchanged": 5}
    again = land(store, delivery(records, 2))
    assert (again.number, again.days) == (None, frozenset())
    assert store.last_number(CRASH_RECORDS, "landing") == 1


def test_a_corrected_record_gets_one_more_version_in_its_day(store: Store) -> None:
    others = [at(FIRST, n) for n in range(2, 6)]
    counts = landed(store, [at(FIRST), *others], [at(FIRST, crash_time="9:05"), *others])
    assert counts == {"corrected": 1, "unchanged": 4}
    assert versions(store, KEY) == [(1, "inserted", FIRST), (2, "corrected", FIRST)]
    assert places(store)[KEY] == (FIRST, "9:05")


def test_a_moved_record_leaves_a_tombstone_and_may_come_back_to_its_old_day(store: Store) -> None:
    assert landed(store, [at(FIRST)], [at(SECOND)], [at(FIRST)]) == {"moved": 1}
    assert versions(store, KEY) == [
        (1, "inserted", FIRST),
        (2, "moved", SECOND),
        (2, "moved_away", FIRST),
        (3, "moved", FIRST),
        (3, "moved_away", SECOND),
    ]
    assert places(store) == {KEY: (FIRST, None)}


def test_a_record_that_disappeared_may_reappear_elsewhere(store: Store) -> None:
    land(store, delivery([at(FIRST, n) for n in range(1, 6)]))
    gone = land(store, delivery([at(FIRST, n) for n in range(2, 6)], 1, complete=MARCH))
    assert counted(gone) == {"unchanged": 4, "disappeared": 1}
    assert KEY not in places(store)
    back = land(store, delivery([at(SECOND)], 2))
    assert counted(back) == {"reappeared": 1}
    assert places(store)[KEY] == (SECOND, None)
    assert versions(store, KEY)[1:] == [(2, "disappeared", FIRST), (3, "reappeared", SECOND)]


def test_what_arrives_late_is_kept_but_never_wins(store: Store) -> None:
    new = [at(FIRST, n, crash_time="9:00") for n in range(1, 6)]
    old = [at(FIRST, 1, crash_time="8:00"), at(SECOND, 2), *new[2:]]
    land(store, delivery(new, 5))
    late = land(store, delivery(old, 1))
    assert counted(late) == {"older": 2, "unchanged": 3}
    assert late.added == 0
    assert set(places(store).values()) == {(FIRST, "9:00")}
    assert versions(store, KEY) == [
        (1, "inserted", FIRST),
        (2, "older", FIRST),
        (3, "restated", FIRST),
    ]
    assert versions(store, "4700002") == [
        (1, "inserted", FIRST),
        (2, "older", SECOND),
        (3, "moved_away", SECOND),
        (3, "restated", FIRST),
    ]
    assert land(store, delivery(old, 1)).number is None
    restated = next(row for row in rows(store, CRASH_RECORDS) if row["change"] == "restated")
    assert restated["pulled_at"] == PULLED_AT + timedelta(hours=5)


def test_what_arrives_late_of_a_disappeared_record_does_not_bring_it_back(store: Store) -> None:
    land(store, delivery([at(FIRST), at(FIRST, 2)], 1))
    land(store, delivery([at(FIRST, 2)], 5, complete=MARCH))
    late = land(store, delivery([at(SECOND, crash_time="8:00")], 3))
    assert counted(late) == {"older": 1}
    assert list(places(store)) == ["4700002"]
    assert counted(land(store, delivery([at(FIRST)], 6))) == {"reappeared": 1}
    assert places(store)[KEY] == (FIRST, None)
    assert max(versions(store, KEY))[0] == 5


def test_several_late_contents_leave_no_day_with_a_ghost(store: Store) -> None:
    land(store, delivery([at(FIRST, crash_time="9:00")], 5))
    words = [at(SECOND), at(THIRD), at(FIRST, crash_time="8:00"), at(SECOND, crash_time="7:00")]
    assert counted(land(store, delivery(words, 1))) == {"older": 1, "repeated": 3}
    assert places(store) == {KEY: (FIRST, "9:00")}
    assert [name for _, name, _ in versions(store, KEY)].count("older") == 4
    assert land(store, delivery(words, 1)).number is None


def test_the_source_s_own_moment_outranks_the_moment_of_the_pull(store: Store) -> None:
    new, old = "2024-06-02T09:58:51.123Z", "2024-06-02T09:58:51.122"
    land(store, delivery([at(FIRST, crash_time="9:00", source_updated_at=new)]))
    stale = land(store, delivery([at(FIRST, crash_time="8:00", source_updated_at=old)], 5))
    assert counted(stale) == {"older": 1}
    assert places(store) == {KEY: (FIRST, "9:00")}
    [first, *_] = rows(store, CRASH_RECORDS)
    assert first["source_updated_at"] == datetime(2024, 6, 2, 9, 58, 51, 123000, tzinfo=UTC)


def test_repeats_in_one_input_count_once_and_the_last_word_holds(store: Store) -> None:
    records = [at(FIRST), at(SECOND), at(FIRST), at(FIRST, crash_time="9:00"), at(FIRST, 2)]
    assert landed(store, records) == {"inserted": 2, "repeated": 3}
    assert places(store)[KEY] == (FIRST, "9:00")
    assert [name for _, name, _ in versions(store, KEY)] == [
        "inserted",
        "moved",
        "moved_away",
        "corrected",
    ]
    assert land(store, delivery(records, 1)).number is None


def test_the_word_that_the_source_dates_last_holds_wherever_it_stands(store: Store) -> None:
    words = [
        at(FIRST, crash_time="9:00", source_updated_at="2024-06-02T09:00:00.000Z"),
        at(FIRST, crash_time="8:00", source_updated_at="2024-06-01T09:00:00.000Z"),
        at(FIRST, crash_time="7:00"),
    ]
    assert landed(store, words) == {"inserted": 1, "repeated": 2}
    assert places(store) == {KEY: (FIRST, "9:00")}
    assert len(versions(store, KEY)) == 3


def test_news_beside_an_unchanged_last_word_is_kept(store: Store) -> None:
    counts = landed(store, [at(FIRST)], [at(FIRST, crash_time="9:00"), at(FIRST)])
    assert counts == {"unchanged": 1, "repeated": 1}
    assert [name for _, name, _ in versions(store, KEY)] == ["inserted", "older", "restated"]
    assert places(store) == {KEY: (FIRST, None)}


def test_ids_are_compared_as_numbers_but_leading_zeros_are_another_id(store: Store) -> None:
    ids = ["123", " 123 ", "123.0", "0123", "123.00"]
    records = [{**at(FIRST), "collision_id": text} for text in ids]
    assert landed(store, records) == {"inserted": 2, "repeated": 3}
    assert sorted(places(store)) == ["0123", "123"]


@pytest.mark.slow
def test_records_without_a_usable_id_stay_apart_by_what_they_say(store: Store) -> None:
    nobody = {"crash_date": f"{FIRST}T00:00:00.000"}
    junk = ["N/A", "N/A", "0", ".0", "-5"]
    records = [
        nobody,
        {**nobody, "crash_time": "9:00"},
        nobody,
        *({**nobody, "collision_id": text, "crash_time": f"{n}:00"} for n, text in enumerate(junk)),
    ]
    assert landed(store, records) == {"inserted": 7, "repeated": 1}
    assert all(key.startswith("digest:") for key in places(store))
    assert landed(store, records, records) == {"unchanged": 7, "repeated": 1}


def test_an_unreadable_date_is_filed_under_the_pull_and_stays_there(store: Store) -> None:
    dates = ["", "soon", "2024-02-30", "2011-01-01", "2024-12-02T00:00:00.000"]
    records = [bare(n, crash_date=text) for n, text in enumerate(dates, start=1)]
    assert landed(store, records) == {"inserted": 5}
    assert {day for day, _ in places(store).values()} == {PULL_DAY}
    changed = [dict(records[0], crash_time="9:00"), *records[1:4]]
    assert counted(land(store, delivery(changed, 48))) == {"corrected": 1, "unchanged": 3}
    assert places(store)[KEY] == (PULL_DAY, "9:00")
    assert counted(land(store, delivery(records[4:], 48))) == {"moved": 1}
    assert places(store)["4700005"] == ("2024-12-02", None)


def test_a_record_whose_date_becomes_unreadable_stays_in_its_day(store: Store) -> None:
    assert landed(store, [at(FIRST)], [bare(crash_date="soon")]) == {"corrected": 1}
    assert places(store) == {KEY: (FIRST, None)}


def test_formatting_is_no_change_but_text_is(store: Store) -> None:
    said = at(FIRST, latitude="40.70", borough="bronx", on_street_name="EAST   14 STREET    ")
    same = at(FIRST, latitude="40.7", borough="BRONX ", on_street_name="EAST 14 STREET")
    same["crash_date"] = "03/05/2024"  # type: ignore[index]
    same["location"] = "(40.7, -73.9)"  # type: ignore[index]
    assert landed(store, [said], [same]) == {"unchanged": 1}
    assert landed(store, [said], [dict(same, on_street_name="EAST 15 STREET")]) == {"corrected": 1}
    assert rows(store, CRASH_RECORDS)[0]["on_street_name"] == "EAST   14 STREET    "


def test_a_snapshot_ends_only_records_of_days_it_speaks_for(store: Store) -> None:
    known = [at(FIRST, 1), at(FIRST, 2), at(SECOND, 3), at(THIRD, 4), bare(5, crash_date="soon")]
    land(store, delivery(known))
    records = [at(FIRST, 1), at(SECOND, 6), bare(7, crash_date="later")]
    landing = land(store, delivery(records, 1, complete="spanned"))
    assert counted(landing) == {"inserted": 2, "unchanged": 1, "disappeared": 2}
    assert sorted(places(store)) == [f"470000{n}" for n in (1, 4, 5, 6, 7)]
    pull_day = Window(date(2024, 12, 1), date(2024, 12, 1))
    nothing = land(store, delivery([], 2, complete=pull_day))
    assert (nothing.number, nothing.counts["disappeared"]) == (None, 0)


def test_a_snapshot_older_than_a_record_does_not_end_it(store: Store) -> None:
    land(store, delivery([at(FIRST, n) for n in range(1, 6)], 5))
    late = land(store, delivery([at(FIRST, 1)], 1, complete=MARCH))
    same_moment = land(store, delivery([at(FIRST, 1)], 5, complete=MARCH))
    assert (late.number, same_moment.number) == (None, None)
    assert len(places(store)) == 5


def test_more_disappearances_than_are_believable_land_nothing(store: Store) -> None:
    land(store, delivery([at(FIRST, n) for n in range(1, 301)]))
    most = delivery([at(FIRST, n) for n in range(1, 200)], 1, complete=MARCH)
    with pytest.raises(MassChangeError, match=r"101 of the 300 .* a test: nothing was landed"):
        land(store, most)
    assert store.last_number(CRASH_RECORDS, "landing") == 1
    fewer = delivery([at(FIRST, n) for n in range(1, 201)], 1, complete=MARCH)
    assert land(store, fewer).counts["disappeared"] == 100
    assert land(store, most, accept_mass_change=True).counts["disappeared"] == 1


@pytest.mark.parametrize("date_text", ["2024-05-03", "31/03/2024"])
def test_more_changed_dates_than_are_believable_land_nothing(store: Store, date_text: str) -> None:
    land(store, delivery([at(FIRST, n) for n in range(1, 301)]))
    shifted = delivery([bare(n, crash_date=date_text) for n in range(1, 102)], 1)
    with pytest.raises(MassChangeError, match=r"101 of the 101 .* how its dates are written"):
        land(store, shifted)
    assert land(store, shifted, accept_mass_change=True).added == 101


def test_a_delivery_must_say_when_it_was_made() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Delivery([], datetime(2024, 1, 1), "x")  # noqa: DTZ001
    with pytest.raises(LandingError, match="before the calendar starts"):
        Delivery([], datetime(1980, 1, 1, tzinfo=UTC), "x")


def test_an_empty_delivery_is_no_news(store: Store) -> None:
    landing = land(store, delivery([]))
    assert (landing.number, landing.read, landing.added) == (None, 0, 0)
    assert store.version(CRASH_RECORDS) is None
