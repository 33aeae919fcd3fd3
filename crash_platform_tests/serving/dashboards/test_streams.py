"""The dashboard of the streams: what came, what waits, what was refused, and how quickly."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crash_platform.lake.store import Store
from crash_platform.pipelines.catalogue import feeds
from crash_platform.serving.dashboards.hub_lag import PartitionState, StreamState
from crash_platform.serving.dashboards.streams import streams
from crash_platform_tests.pipelines.reports.worlds import World, report
from crash_platform_tests.serving.dashboards.figures import (
    NOW,
    asked_by_default,
    lake,
    note_of,
    rows_of,
    table_of,
)

STREAMS = streams(lambda: ())
TODAY = NOW.date()


def held(folder: Path, **tables: Sequence[dict[str, Any]]) -> Store:
    names = {name.replace("__", "/"): rows for name, rows in tables.items()}
    return lake(folder, names, STREAMS.tables)


def event(sequence: int, **more: Any) -> dict[str, Any]:
    at = NOW - timedelta(hours=10 - sequence)
    where = {"hub_generation": 5, "partition_id": "0", "sequence_number": sequence}
    when = {"enqueued_at": at, "enqueued_date": at.date(), "event_date": at.date()}
    return {
        **where,
        **when,
        "event_id": f"e{sequence}",
        "event_version": 1,
        "landed_at": NOW,
        **more,
    }


def dead(sequence: int, error_class: str = "not_json", **more: Any) -> dict[str, Any]:
    told = {"stream": "crash_reports", "error_class": error_class, "body": b"<secret>"}
    came = {name: value for name, value in event(sequence).items() if not name.startswith("event_")}
    return {**came, **told, **more}


def score(hour: int, latency_ms: float, **more: Any) -> dict[str, Any]:
    at = datetime(2026, 3, 5, hour, 30, tzinfo=UTC)
    named = {"event_id": f"{hour}/{latency_ms}", "event_version": 1, "crash_date": TODAY}
    return {**named, "scored_at": at, "enqueued_at": at, "latency_ms": latency_ms, **more}


DEAD = (
    dead(3),
    dead(4, replayed_at=NOW),
    dead(5, "invalid"),
    dead(6, "lost", lost_count=20, body=None),
)
LATENCIES = [score(9, float(n)) for n in range(1, 101)]
SCORES = [*LATENCIES, score(11, 5.0, is_simulated=True), score(11, 7.0)]


def test_totals_count_events_letters_and_scores(tmp_path: Path) -> None:
    tables = {
        "bronze__crash_events": [event(1), event(2)],
        "bronze__weather_readings": [event(1, landed_at=NOW + timedelta(hours=1))],
        "bronze__dead_letters": DEAD,
        "gold__live_predictions": SCORES[99:],
    }
    assert rows_of(STREAMS, "totals", held(tmp_path, **tables)) == [
        {
            "event_count": 3,
            "landed_at": NOW + timedelta(hours=1),
            "dead_count": 3,
            "replayed_count": 1,
            "lost_count": 20,
            "scored_count": 3,
            "median_ms": 7.0,
            "simulated_share": pytest.approx(1 / 3),
        }
    ]


def test_dead_letters_are_counted_by_what_is_wrong_and_not_shown(tmp_path: Path) -> None:
    store = held(tmp_path, bronze__dead_letters=DEAD)
    rows = table_of(STREAMS, "dead_letters", store)
    assert "secret" not in str(rows.to_pydict())
    told = [tuple(row.values()) for row in rows_of(STREAMS, "dead_letters", store)]
    assert told == [
        (TODAY, "crash_reports: invalid", 1, 0, 0),
        (TODAY, "crash_reports: lost", 0, 0, 20),
        (TODAY, "crash_reports: not_json", 2, 1, 0),
    ]


def test_arrivals_fill_hours_without_events_with_zero(tmp_path: Path) -> None:
    events = [event(4), event(4, sequence_number=40), event(6), event(-60)]
    readings = [event(5, event_id="w")]
    store = held(tmp_path, bronze__crash_events=events, bronze__weather_readings=readings)
    rows = rows_of(STREAMS, "arrivals", store, period="48")
    assert [(row["moment"].hour, row["stream"], row["event_count"]) for row in rows] == [
        (6, "crash reports", 2),
        (6, "weather", 0),
        (7, "crash reports", 0),
        (7, "weather", 1),
        (8, "crash reports", 1),
        (8, "weather", 0),
    ]
    by_day = rows_of(STREAMS, "arrivals", store, period="720")
    assert sum(row["event_count"] for row in by_day) == 5
    by_minute = rows_of(STREAMS, "arrivals", store, period="6")
    assert len(by_minute) == 2 * 121


def test_latency_is_told_by_its_median_and_its_slowest(tmp_path: Path) -> None:
    store = held(tmp_path, gold__live_predictions=SCORES)
    assert rows_of(STREAMS, "latency", store, period="48") == [
        {
            "moment": datetime(2026, 3, 5, 9, tzinfo=UTC),
            "median_ms": 50.5,
            "slowest_ms": pytest.approx(99.01),
            "longest_ms": 100.0,
            "scored_count": 100,
        },
        {
            "moment": datetime(2026, 3, 5, 11, tzinfo=UTC),
            "median_ms": 6.0,
            "slowest_ms": pytest.approx(6.98),
            "longest_ms": 7.0,
            "scored_count": 2,
        },
    ]
    made_up = rows_of(STREAMS, "scored", store, period="48")
    assert [(row["real_count"], row["simulated_count"]) for row in made_up] == [(100, 0), (1, 1)]
    assert len(rows_of(STREAMS, "scored", store, period="6")) == 2


def test_refused_events_count_under_every_rule(tmp_path: Path) -> None:
    rules = "happened_before_it_was_reported,is_of_these_days"
    reports = [{"event_id": "a", "crash_date": TODAY, "broken_rules": rules, "enqueued_at": NOW}]
    readings = [{"event_id": "a", "observed_date": TODAY, "broken_rules": "city_is_given"}]
    store = held(
        tmp_path,
        silver__quarantined_reported_crashes=reports,
        silver__quarantined_weather_readings=readings,
    )
    rows = rows_of(STREAMS, "refused", store)
    assert [(row["stream"], row["rule"], row["event_count"]) for row in rows] == [
        ("crash_reports", "happened before it was reported", 1),
        ("crash_reports", "is of these days", 1),
        ("weather", "city is given", 1),
    ]
    assert all(row["meaning"] for row in rows)


def test_days_are_behind_exactly_while_the_sensor_would_make_them_anew(tmp_path: Path) -> None:
    world = World(held(tmp_path))
    world.report(report("a"), report("b"))
    assert rows_of(STREAMS, "behind", world.store) == []
    assert note_of(STREAMS, "behind", world.store) == "No day is behind."
    moved = report("a", event_version=2, crash_date="2026-03-03")
    world.publish(moved, report("c"))
    world.land()
    rows = rows_of(STREAMS, "behind", world.store)
    assert [tuple(row.values()) for row in rows] == [
        ("crash_reports", date(2026, 3, 4), 1, 1),
        ("crash_reports", date(2026, 3, 3), 1, 0),
    ]
    assert sorted(row["event_date"] for row in rows) == world.behind()


def test_the_names_of_streams_are_those_of_the_feeds(tmp_path: Path) -> None:
    tables = {feed.stream.table.path.replace("/", "__"): [event(1)] for feed in feeds().values()}
    store = held(tmp_path, **tables)
    shown = {row["stream"] for row in table_of(STREAMS, "lag", store).to_pylist()}
    assert shown == {feed.stream.name for feed in feeds().values()}


def test_lag_is_shown_beside_what_was_landed(tmp_path: Path) -> None:
    parts = (PartitionState("0", 9, 4, 5, 2), PartitionState("1", -1, -1, 0, 0))
    states = (StreamState("crash_reports", parts), StreamState("weather", (), "No hub."))
    dashboard = streams(lambda: states)
    landed = [event(1), event(3), event(99, hub_generation=4, landed_at=NOW - timedelta(days=1))]
    store = held(tmp_path, bronze__crash_events=landed, bronze__dead_letters=[dead(4)])
    rows = rows_of(dashboard, "lag", store)
    assert rows[0] == {
        "partition": "crash_reports 0",
        "to_land": 5,
        "to_score": 2,
        "newest": 9,
        "landed": 4,
        "messages": 3,
        "enqueued_at": NOW - timedelta(hours=6),
        "landed_at": NOW,
    }
    assert [(row["partition"], row["newest"], row["to_land"]) for row in rows[1:]] == [
        ("crash_reports 1", None, 0),
        ("weather", None, None),
    ]
    assert note_of(dashboard, "lag", store) == "weather: No hub."


def test_what_was_landed_is_shown_while_the_hub_is_away(tmp_path: Path) -> None:
    dashboard = streams(lambda: (StreamState("crash_reports", (), "Nobody answers."),))
    store = held(tmp_path, bronze__crash_events=[event(1), event(3, partition_id="1")])
    rows = rows_of(dashboard, "lag", store)
    assert [(row["partition"], row["landed"], row["to_land"]) for row in rows] == [
        ("crash_reports 0", 1, None),
        ("crash_reports 1", 3, None),
    ]
    assert note_of(dashboard, "lag", store) == "crash_reports: Nobody answers."


def test_an_empty_lake_gives_empty_figures(tmp_path: Path) -> None:
    store = held(tmp_path)
    asked = asked_by_default(STREAMS, store)
    assert asked == {"period": "48"}
    shown = {each.name: table_of(STREAMS, each.name, store, **asked) for each in STREAMS.figures}
    assert {name: rows.num_rows for name, rows in shown.items() if rows.num_rows} == {}
    assert {each.note(shown[each.name]) for each in STREAMS.figures} == {
        "",
        "None came so far.",
        "No rule has refused an event so far.",
        "No day is behind.",
    }
