"""Live reports are scored once each, with the right numbers, and the worker says what it does."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from crash_platform.pipelines.injuries.answering import NoModelError
from crash_platform.pipelines.injuries.features import featuriser
from crash_platform.pipelines.reports.event import CrashReportV1
from crash_platform.pipelines.reports.live.reading import reader
from crash_platform.pipelines.reports.live.worker import Worker
from crash_platform.pipelines.reports.tables import LIVE_PREDICTIONS
from crash_platform_tests.pipelines.injuries.small_model import small_model, small_words
from crash_platform_tests.pipelines.reports.live.newsroom import (
    NOW,
    TODAY,
    Newsroom,
    Until,
    champions,
    ids,
    located,
    told,
)

FACTORS: dict[str, Any] = {"contributing_factors": ["Unsafe Speed"]}


@pytest.fixture
def room(tmp_path: Path) -> Newsroom:
    return Newsroom(tmp_path)


def probability(feature_set: str, **more: Any) -> float:
    report = CrashReportV1.model_validate({**told(**more), "crash_date": TODAY}, strict=False)
    features = featuriser(small_words())(reader(located())(report))
    return float(small_model(feature_set).score([features], 1)[0])


def test_a_report_becomes_a_row_of_what_the_champion_said_of_it(room: Newsroom) -> None:
    room.publish(told("a", collision_id=4_800_000, source="web", is_simulated=True, **FACTORS))
    room.follow()
    model, scored_at = small_model("full_report"), NOW + timedelta(milliseconds=40)
    (row,) = room.rows()
    said = row.pop("probability")
    assert said == pytest.approx(probability("full_report", **FACTORS), abs=1e-12)
    assert row == {
        "event_id": "a",
        "event_version": 1,
        "crash_date": TODAY,
        "collision_id": 4_800_000,
        "crash_time": "12:05",
        "borough": None,
        "latitude": 40.7,
        "longitude": -73.9,
        "on_street_name": "GRAND AVENUE",
        "vehicle_types": ["Sedan", "Bike"],
        "contributing_factors": ["Unsafe Speed"],
        "feature_set": "full_report",
        "model_version": 7,
        "model_as_of_date": model.as_of,
        "threshold": model.threshold,
        "is_predicted_injury": said >= model.threshold,
        "is_simulated": True,
        "source": "web",
        "enqueued_at": NOW,
        "scored_at": scored_at,
        "latency_ms": 40.0,
        "hub_generation": 1,
        "partition_id": row["partition_id"],
        "sequence_number": 0,
    }
    assert room.positions()[row["partition_id"]] == 1


def test_a_report_without_factors_is_for_the_first_reports_champion(room: Newsroom) -> None:
    room.publish(told("a"), told("b", **FACTORS))
    room.follow()
    assert [row["feature_set"] for row in room.rows()] == ["first_report", "full_report"]
    assert room.rows()[0]["probability"] == pytest.approx(probability("first_report"), abs=1e-12)


def test_a_delivery_repeated_in_a_batch_or_later_or_after_a_restart_is_scored_once(
    room: Newsroom,
) -> None:
    room.publish(told("a"), told("a"))
    assert room.follow().duplicates == 1
    room.publish(told("a"), key="elsewhere")
    assert room.follow().duplicates == 1
    assert room.scored() == ids("a")
    assert room.is_all_scored()


def test_a_repetition_of_a_crash_months_ago_is_still_known(room: Newsroom) -> None:
    old = told("a", crash_date="2022-11-02")
    room.publish(old, old)
    room.follow()
    room.publish(old)
    assert (room.follow().duplicates, room.scored()) == (1, ids("a"))


def test_a_correction_is_scored_as_a_version_of_its_own(room: Newsroom) -> None:
    room.publish(told("a"), told("a", 2, crash_time="02:00"), told("a", 2), told("a", 3, **FACTORS))
    assert room.follow().duplicates == 1
    first, second, third = room.rows()
    assert [first["event_version"], second["event_version"], third["event_version"]] == [1, 2, 3]
    wanted = probability("first_report", crash_time="02:00")
    assert second["probability"] == pytest.approx(wanted, abs=1e-12) != first["probability"]
    assert third["feature_set"] == "full_report"


POISON = {
    "empty": b"",
    "not_utf8": b"\xff\xfe",
    "not_json": b'{"event_id": ',
    "not_an_object": b"[1]",
    "unknown_schema": b'{"event_schema": "weather"}',
    "unknown_version": b'{"event_schema": "crash_report", "schema_version": 9}',
    "invalid": b'{"event_schema": "crash_report", "schema_version": 1}',
}


def test_poison_of_every_kind_is_passed_over_and_counted(room: Newsroom) -> None:
    outside = [told("early", crash_date="2012-06-30"), told("late", crash_date="2023-09-22")]
    room.publish(*POISON.values(), *outside, told("good"), key="one")
    total = room.follow()
    assert total.poison == {**dict.fromkeys(POISON, 1), "outside_calendar": 2}
    assert room.scored() == ids("good")
    assert "9 that are no reports (1 empty, 1 invalid, 1 not_an_object" in room.lines[-1]


def test_a_hub_of_nothing_but_poison_moves_the_positions_all_the_same(room: Newsroom) -> None:
    room.publish(*POISON.values(), key="one")
    total = room.follow()
    assert (total.commits >= 1, total.scored, room.rows()) == (True, 0, [])
    assert sum(room.positions().values()) == len(POISON)
    assert room.figures == []


def test_a_report_that_was_taken_back_is_passed_over(room: Newsroom) -> None:
    room.publish(told("a"), told("a", 2, is_withdrawn=True))
    total = room.follow()
    assert (total.withdrawn, room.scored()) == (1, ids("a"))


def test_what_a_report_told_is_kept_as_told_but_the_borough_is_one_of_five(room: Newsroom) -> None:
    nothing = dict.fromkeys(told().keys() - {"event_schema", "schema_version", "event_version"})
    room.publish(
        told("a", borough=" staten\tIsland ", on_street_name=" GRAND  AVENUE "),
        told("b", borough="Hoboken", latitude=1.5, longitude=0.0, vehicle_types=[]),
        {**told("c"), **nothing, "event_id": "c", "crash_date": TODAY.isoformat()},
    )
    room.follow()
    names = ("borough", "on_street_name", "latitude", "vehicle_types", "crash_time")
    assert [tuple(row[name] for name in names) for row in room.rows()] == [
        ("STATEN ISLAND", " GRAND  AVENUE ", 40.7, ["Sedan", "Bike"], "12:05"),
        (None, "GRAND AVENUE", 1.5, [], "12:05"),
        (None, None, None, None, None),
    ]


def test_another_champion_is_used_from_the_next_report_on(room: Newsroom) -> None:
    room.publish(told("a"))
    is_swapped = False

    def until() -> bool:
        nonlocal is_swapped
        if room.is_all_scored() and not is_swapped:
            is_swapped, room.answerer = True, champions("first_report", version=8)
            room.publish(told("b", **FACTORS))
        return is_swapped and room.is_all_scored()

    room.follow(until)
    versions = [(row["model_version"], row["feature_set"]) for row in room.rows()]
    assert versions == [(7, "first_report"), (8, "first_report")]


def test_without_a_champion_reports_wait_and_it_is_said_once(room: Newsroom) -> None:
    room.publish(told("a"))
    room.answerer, asked = None, 0

    def until() -> bool:
        nonlocal asked
        asked += 1
        if asked == 10:
            assert not room.is_all_scored()
            room.answerer = champions()
        return room.is_all_scored()

    room.follow(until)
    assert room.scored() == ids("a")
    assert sum("No injury model is champion yet" in line for line in room.lines) == 1
    assert "champions: none." in room.lines[0]


def test_a_worker_that_is_stopped_while_it_waits_for_a_champion_loses_nothing(
    room: Newsroom,
) -> None:
    room.publish(told("a"))
    room.answerer, asked = None, iter(range(100))
    assert room.follow(lambda: next(asked) > 8).scored == 0
    assert sum(room.positions().values()) == 0


def test_a_worker_that_is_to_end_does_not_wait_for_a_champion(room: Newsroom) -> None:
    room.publish(told("a"))
    room.answerer = None
    with pytest.raises(NoModelError, match="No injury model is champion yet"):
        room.once()
    assert sum(room.positions().values()) == 0


def test_under_load_everything_that_has_come_goes_into_one_commit(room: Newsroom) -> None:
    room.publish(*(told(f"{n:03}") for n in range(300)))
    assert room.follow().commits == 1


def test_many_small_commits_are_put_together_without_touching_a_row(room: Newsroom) -> None:
    def one_by_one() -> bool:
        if room.is_all_scored() and len(published) < 12:
            published.append(f"{len(published):02}")
            room.publish(told(published[-1]))
        return len(published) == 12 and room.is_all_scored()

    published: list[str] = []
    Worker(room.desk(Until(one_by_one), tidy_after=5), "live").run()
    assert room.scored() == ids(*published)
    assert len(room.store.slice(LIVE_PREDICTIONS).files) == 8
    assert sum(room.positions().values()) == 12
