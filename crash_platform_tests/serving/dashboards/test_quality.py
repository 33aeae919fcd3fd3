"""The dashboard of data quality: totals, checks, coverage, what was refused and what changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from crash_platform.lake.store import Store
from crash_platform.orchestration.check_history import CheckHistory, Evaluation
from crash_platform.serving.dashboards.check_rows import outcomes
from crash_platform.serving.dashboards.quality import quality
from crash_platform_tests.serving.dashboards.figures import (
    NOW,
    asked_by_default,
    lake,
    note_of,
    rows_of,
    table_of,
)

QUALITY = quality(tuple)
YEAR = {"first_day": date(2022, 1, 1), "last_day": date(2022, 12, 31)}


def held(folder: Path, **tables: Sequence[dict[str, Any]]) -> Store:
    names = {name.replace("__", "/"): rows for name, rows in tables.items()}
    return lake(folder, names, QUALITY.tables)


def day(month: int, number: int, **more: Any) -> dict[str, Any]:
    counts = {"clean_count": 10, "located_count": 8, "is_current": True}
    pulled = {"first_pulled_at": NOW, "last_pulled_at": NOW}
    return {"crash_date": date(2022, month, number), **counts, **pulled, **more}


def test_totals_are_of_all_days(tmp_path: Path) -> None:
    later = datetime(2026, 3, 6, tzinfo=UTC)
    days = [
        day(1, 30, quarantined_count=2, revision_count=3),
        day(1, 31, is_current=False),
        day(2, 3, quarantined_count=1, last_pulled_at=later, clean_count=7),
    ]
    store = held(tmp_path, gold__crash_coverage=days)
    assert rows_of(QUALITY, "totals", store) == [
        {
            "last_pulled_at": later,
            "newest_day": date(2022, 2, 3),
            "day_count": 3,
            "current_count": 2,
            "missing_count": 2,
            "clean_count": 27,
            "quarantined_count": 3,
            "quarantined_share": 0.1,
            "revision_count": 3,
        }
    ]


def test_coverage_counts_the_days_that_are_missing(tmp_path: Path) -> None:
    days = [day(1, 30), day(1, 31, is_current=False), day(2, 3, clean_count=0, located_count=0)]
    boroughs = [
        {"crash_date": date(2022, 1, 30), "borough": "BRONX", "crash_count": 15},
        {"crash_date": date(2022, 1, 31), "borough": "UNKNOWN", "crash_count": 5},
    ]
    store = held(tmp_path, gold__crash_coverage=days, gold__daily_crashes=boroughs)
    assert rows_of(QUALITY, "coverage", store, **YEAR) == [
        {
            "crash_month": "2022-01",
            "day_share": 1.0,
            "located_share": 0.8,
            "borough_share": 0.75,
            "day_count": 2,
            "asked_count": 2,
            "current_count": 1,
            "clean_count": 20,
            "quarantined_share": 0.0,
        },
        {
            "crash_month": "2022-02",
            "day_share": 1 / 3,
            "located_share": None,
            "borough_share": None,
            "day_count": 1,
            "asked_count": 3,
            "current_count": 1,
            "clean_count": 0,
            "quarantined_share": None,
        },
    ]
    assert note_of(QUALITY, "coverage", store, **YEAR) == (
        "2 of 5 days have no records. 1 days are not current: silver or gold is behind bronze."
    )
    asked = {"first_day": date(2022, 1, 31), "last_day": date(2022, 1, 31)}
    assert [row["asked_count"] for row in rows_of(QUALITY, "coverage", store, **asked)] == [1]


def refused(key: str, number: int, rules: str) -> dict[str, Any]:
    filed = {"record_key": key, "filed_date": date(2022, 1, number), "pulled_at": NOW}
    return {**filed, "broken_rules": rules, "latitude": "<script>secret</script>"}


def test_a_record_counts_under_every_rule_it_broke_and_shows_no_value(tmp_path: Path) -> None:
    rows = [
        refused("1", 5, "collision_id_is_a_number,crash_date_is_readable"),
        refused("2", 6, "collision_id_is_a_number"),
    ]
    old = {**refused("3", 7, "collision_id_is_a_number"), "filed_date": date(2021, 1, 7)}
    store = held(tmp_path, silver__quarantined_crashes=[*rows, old])
    shown = table_of(QUALITY, "quarantine", store, **YEAR)
    assert [
        (row["filed_month"], row["rule"], row["record_count"]) for row in shown.to_pylist()
    ] == [
        ("2022-01", "collision id is a number", 2),
        ("2022-01", "crash date is readable", 1),
    ]
    assert "secret" not in str(shown.to_pydict())


def change(key: str, kind: str, field: str | None, **more: Any) -> dict[str, Any]:
    record = {"record_key": key, "filed_date": date(2022, 1, 5), "version": 2, "seen_at": NOW}
    return {**record, "change": kind, "field": field, "old_value": "a", "new_value": "b", **more}


CHANGES = (
    change("1", "corrected", "latitude", old_value=None),
    change("1", "corrected", "borough"),
    change("1", "corrected", "borough", version=3, new_value=None),
    change("2", "disappeared", None),
    change("3", "corrected", "borough", filed_date=date(2021, 1, 5)),
)


def test_revisions_count_records_not_fields(tmp_path: Path) -> None:
    store = held(tmp_path, silver__crash_revisions=CHANGES)
    assert rows_of(QUALITY, "revisions", store, **YEAR) == [
        {"filed_month": "2022-01", "change": "corrected", "record_count": 2, "last_seen_at": NOW},
        {"filed_month": "2022-01", "change": "disappeared", "record_count": 1, "last_seen_at": NOW},
    ]


def test_fields_are_counted_change_by_change(tmp_path: Path) -> None:
    store = held(tmp_path, silver__crash_revisions=CHANGES)
    rows = rows_of(QUALITY, "revised_fields", store, **YEAR)
    assert [tuple(row.values()) for row in rows] == [
        ("borough", 2, 1, 0, 1),
        ("latitude", 1, 1, 1, 0),
    ]


def test_freshness_leaves_out_what_has_no_rows(tmp_path: Path) -> None:
    landed = {"event_date": date(2026, 3, 4), "enqueued_date": date(2026, 3, 5), "landed_at": NOW}
    store = held(tmp_path, gold__crash_coverage=[day(1, 30)], bronze__crash_events=[landed])
    rows = rows_of(QUALITY, "freshness", store)
    assert [tuple(row.values())[1:] for row in rows] == [
        ("gold/crash_coverage", date(2022, 1, 30), NOW),
        ("bronze/crash_events", date(2026, 3, 4), NOW),
    ]


def test_an_empty_lake_gives_empty_figures(tmp_path: Path) -> None:
    store = held(tmp_path)
    asked = asked_by_default(QUALITY, store)
    shown = {each.name: table_of(QUALITY, each.name, store, **asked) for each in QUALITY.figures}
    assert {name: rows.num_rows for name, rows in shown.items() if rows.num_rows} == {}
    assert {each.note(shown[each.name]) for each in QUALITY.figures} == {
        "",
        "No record of these days was refused.",
        "No change of a record of these days was seen.",
    }


def evaluation(*, passed: bool, hour: int = 12, offending: int | None = None) -> Evaluation:
    at = datetime(2026, 3, 5, hour, tzinfo=UTC)
    sample = [{"latitude": "secret"}]
    return Evaluation(at, passed, True, "secret", "2022-01-01", offending, sample)


HISTORIES = (
    CheckHistory("silver/crashes", "it_holds", "It holds.", (evaluation(passed=True),)),
    CheckHistory("gold/x", "never_run", "It was never run.", ()),
    CheckHistory(
        "gold/x",
        "it_broke",
        "It breaks.",
        (
            evaluation(passed=False, hour=13, offending=7),
            evaluation(passed=True),
            evaluation(passed=True, hour=11),
        ),
    ),
)


@dataclass
class Asked:
    """Gives histories, and counts how often."""

    times: int = 0

    def __call__(self) -> Sequence[CheckHistory]:
        self.times += 1
        return HISTORIES


def test_checks_show_outcome_and_history_but_no_rows(tmp_path: Path) -> None:
    asked = Asked()
    dashboard = quality(asked)
    store = held(tmp_path)
    rows = rows_of(dashboard, "checks", store)
    assert [(row["check"], row["outcome"], row["history"]) for row in rows] == [
        ("it broke", "BROKEN", "2 pass, 1 FAIL"),
        ("it holds", "holds", "1 pass"),
        ("never run", "not run yet", ""),
    ]
    assert (rows[0]["offending_count"], rows[0]["severity"]) == (7, "blocking")
    assert rows[0]["ran_at"] == datetime(2026, 3, 5, 13, tzinfo=UTC)
    assert "secret" not in str(rows)
    assert note_of(dashboard, "checks", store) == "1 of 2 checks hold. 1 were never run."
    assert asked.times == 1


def test_the_history_of_a_check_is_written_from_the_oldest_outcome() -> None:
    newest_first = [True, False, False, True, True, True]
    told = outcomes([evaluation(passed=passed) for passed in newest_first])
    assert told == "3 pass, 2 FAIL, 1 pass"
