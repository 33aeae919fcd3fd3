"""The same week as the portal exported it in September 2024 and five months later."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from crash_platform.lake.store import Store
from crash_platform.pipelines.crashes.bronze import Landing, land
from crash_platform.pipelines.crashes.deliveries import file_delivery
from crash_platform.pipelines.crashes.tables import CRASH_RECORDS, CRASH_REVISIONS, CRASHES
from crash_platform_tests.pipelines.crashes.built_days import build_days, content, lake_in, rows

pytestmark = pytest.mark.real_data

EXPORTED = (date(2024, 9, 16), date(2025, 2, 12))
ORIGIN = ("source", "pulled_at", "version", "landing")


def export(real_data: Path, exported: date) -> Path:
    name = f"week_2024-06-30_exported_{exported}.csv"
    return real_data / "crashes" / "csv" / name


def load(store: Store, real_data: Path, exported: date) -> Landing:
    moment = datetime(exported.year, exported.month, exported.day, 12, tzinfo=UTC)
    landing = land(store, file_delivery([export(real_data, exported)], moment, is_snapshot=True))
    build_days(store, landing.days)
    return landing


def crashes(store: Store) -> dict[int, Any]:
    return {row["collision_id"]: row for row in rows(store, CRASHES)}


def changed(before: dict[int, Any], after: dict[int, Any], names: Iterable[str]) -> set[int]:
    names = tuple(names)
    return {key for key in before if content(before[key], names) != content(after[key], names)}


@pytest.mark.slow
def test_one_came_one_moved_twenty_were_corrected_and_nothing_else_changed(
    real_data: Path, tmp_path: Path
) -> None:
    store = lake_in(tmp_path)
    assert load(store, real_data, EXPORTED[0]).counts["inserted"] == 1875
    before = crashes(store)
    landing = load(store, real_data, EXPORTED[1])
    counts = {name: count for name, count in landing.counts.items() if count}
    assert counts == {"inserted": 1, "moved": 1, "corrected": 20, "unchanged": 1854}
    after = crashes(store)
    assert after.keys() - before.keys() == {4765601}
    assert before.keys() <= after.keys()
    assert len(changed(before, after, ORIGIN)) == 21
    assert changed(before, after, (*ORIGIN, "latitude", "longitude", "coordinates_issue",
        "borough_located")) == {4741736, 4737422}  # fmt: skip

    by_id: dict[int, list[Any]] = {}
    for row in rows(store, CRASH_REVISIONS):
        by_id.setdefault(row["collision_id"], []).append(row)
    assert by_id.keys() == changed(before, after, ORIGIN) | {4765601}
    assert revision(by_id.pop(4765601)) == [("added", None, None, None)]
    [moved] = by_id.pop(4741736)
    assert revision([moved]) == [("moved", "crash_date", "2024-07-03", "2024-07-02")]
    assert (moved["filed_date"], moved["version"]) == (date(2024, 7, 2), 2)
    assert revision(by_id.pop(4737422)) == [("corrected", "crash_time", "0:00", "20:47")]
    assert len(by_id) == 19
    for collision_id, fields in by_id.items():
        places = {row["field"]: row for row in fields}
        assert places.keys() == {"latitude", "longitude"}
        assert {row["change"] for row in fields} == {"corrected"}
        for name, row in places.items():
            assert before[collision_id][name] is None
            assert float(row["new_value"]) == after[collision_id][name]
            assert row["seen_at"] == datetime(2025, 2, 12, 12, tzinfo=UTC)


def revision(found: list[Any]) -> list[tuple[Any, ...]]:
    return [(row["change"], row["field"], row["old_value"], row["new_value"]) for row in found]


@pytest.mark.slow
def test_the_exports_in_the_wrong_order_come_to_the_same_silver(
    real_data: Path, tmp_path: Path
) -> None:
    right, wrong = lake_in(tmp_path / "right"), lake_in(tmp_path / "wrong")
    for exported in EXPORTED:
        load(right, real_data, exported)
    newer = load(wrong, real_data, EXPORTED[1])
    older = load(wrong, real_data, EXPORTED[0])
    assert (newer.counts["inserted"], older.counts["older"]) == (1876, 21)
    assert older.counts["disappeared"] == 0
    assert not changed(crashes(right), crashes(wrong), ORIGIN)
    assert crashes(right).keys() == crashes(wrong).keys()
    said = [{row["content_hash"] for row in rows(store, CRASH_RECORDS)} for store in (right, wrong)]
    assert said[0] == said[1]
    assert rows(wrong, CRASH_REVISIONS) == []
