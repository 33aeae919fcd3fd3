"""The commands about live events as people use them, against the local hub with the real client."""

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from crash_platform.lake.location import Location
from crash_platform.lake.store import Store
from crash_platform.pipelines.reports import tables as t
from crash_platform.settings import load_settings
from crash_platform.streams.hub import LocalHub
from crash_platform.streams.log import Event
from crash_platform.streams.opening import open_log
from crash_platform.streams.tables import DEAD_LETTERS

Run = Callable[..., tuple[int, str, str]]
NOBODY = (
    "Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=k;SharedAccessKey=cGxhbnRlZA==;"
    "UseDevelopmentEmulator=true"
)
HUBS = {"crash-reports": 2, "weather-readings": 2}


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    """The local hub, and an environment that leads to it and to an empty home."""
    for name in [name for name in os.environ if name.startswith("CRASH_PLATFORM_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CRASH_PLATFORM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home" / "dagster"))
    with LocalHub(None, HUBS) as hub:
        monkeypatch.setenv("CRASH_PLATFORM_HUB_PORT", str(hub.port))
        yield hub


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(Location(str(tmp_path / "home" / "lake")))


def publish(*bodies: bytes, key: str | None = "k") -> None:
    log = open_log(load_settings(), "crash-reports")
    try:
        log.publish([Event(body, key) for body in bodies])
    finally:
        log.close()


def report(event_id: str, **more: Any) -> bytes:
    fields = {"event_schema": "crash_report", "schema_version": 1, "event_id": event_id}
    return json.dumps({**fields, "crash_date": str(datetime.now(UTC).date()), **more}).encode()


def ids(store: Store) -> list[str]:
    rows = store.slice(t.CRASH_EVENTS).read(["event_id"])
    return sorted(rows["event_id"].to_pylist())


@pytest.mark.slow
def test_reports_land_and_come_to_the_view_of_now(hub: LocalHub, run: Run, store: Store) -> None:
    publish(report("a", borough="QUEENS"), b"poison", report("b"), report("b", event_version=2))
    code, out, _ = run("land", "--stream", "crashes")
    assert code == 0
    assert "gold/crashes_now" in out
    assert ids(store) == ["a", "b", "b"]
    now = store.slice(t.CRASHES_NOW).read().sort_by("crash_key").to_pylist()
    assert [(row["crash_key"], row["record_version"]) for row in now] == [
        ("report:a", 1),
        ("report:b", 2),
    ]
    _, out, _ = run("dead-letters", "list")
    assert "tried 1x  not_json: the body is not JSON" in out
    assert "1 dead letters wait: 1 not_json." in out
    before = store.version(t.CRASH_EVENTS)
    _, out, _ = run("land", "--stream", "crashes")
    assert "crash_reports: every table is up to date." in out
    assert store.version(t.CRASH_EVENTS) == before


@pytest.mark.slow
def test_dead_letters_are_tried_again_and_the_hub_is_read_again(
    hub: LocalHub, run: Run, store: Store
) -> None:
    publish(report("a"), report("b", schema_version=2))
    run("land", "--stream", "crashes")
    _, out, _ = run("dead-letters", "replay", "--stream", "crashes")
    assert "1 dead letters tried, 0 taken over, 1 still refused" in out
    assert store.slice(DEAD_LETTERS).read()["attempts"].to_pylist() == [2]
    _, out, _ = run("replay", "--from", date(2020, 1, 1), "--stream", "crashes")
    assert "2 messages since 2020-01-01 00:00:00 read again, 0 of them were missing" in out


@pytest.mark.slow
def test_lost_events_stop_the_landing_until_the_loss_is_accepted(
    hub: LocalHub, run: Run, store: Store
) -> None:
    publish(*(report(str(number)) for number in range(3)))
    run("land", "--stream", "crashes")
    publish(*(report(str(number)) for number in range(3, 6)))
    (partition,) = store.slice(t.CRASH_EVENTS).read()["partition_id"].unique().to_pylist()
    hub.remove_before("crash-reports", int(partition), 5)
    code, _, err = run("land", "--stream", "crashes")
    assert code == 1
    assert f"3 to 4 of partition {partition}" in err
    assert "Traceback" not in err
    code, _, _ = run("land", "--stream", "crashes", "--accept-loss")
    assert (code, ids(store)) == (0, ["0", "1", "2", "5"])
    _, out, _ = run("dead-letters", "list")
    assert "2 lost" in out


@pytest.mark.slow
def test_a_hub_made_anew_stops_the_landing_until_it_is_accepted(
    hub: LocalHub, run: Run, store: Store
) -> None:
    publish(report("a"))
    run("land", "--stream", "crashes")
    hub.recreate("crash-reports")
    publish(report("b"))
    code, _, err = run("land", "--stream", "crashes")
    assert (code, "deleted and made anew" in err) == (1, True)
    run("land", "--stream", "crashes", "--accept-new-hub")
    assert ids(store) == ["a", "b"]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"HUB": "event_hubs", "HUB_CONNECTION": NOBODY}, "127.0.0.1:1"),
        ({"HUB": "event_hubs"}, "CRASH_PLATFORM_HUB_CONNECTION"),
        ({"HUB": "event_hubs", "HUB_CONNECTION": "Endpoint=planted"}, "CRASH_PLATFORM_HUB_CONN"),
        ({"HUB": "kafka"}, "CRASH_PLATFORM_KAFKA_SERVERS"),
        ({"HUB": "kafka", "KAFKA_SERVERS": "x:1", "KAFKA_OPTIONS": "planted"}, "KAFKA_OPTIONS"),
        ({"CRASH_HUB": "nobody-made-this"}, "nobody-made-this"),
        ({"HUB_PORT": "planted"}, "CRASH_PLATFORM_HUB_PORT"),
    ],
)
def test_a_hub_that_cannot_be_reached_is_told_in_one_sentence(
    hub: LocalHub,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, str],
    told: str,
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"CRASH_PLATFORM_{name}", value)
    code, _, err = run("land", "--stream", "crashes")
    assert code == 1
    assert told in err
    assert "Traceback" not in err
    assert "planted" not in err


@pytest.mark.slow
def test_without_a_hub_that_runs_the_local_one_is_served_meanwhile(
    hub: LocalHub, run: Run, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRASH_PLATFORM_HUB_PORT", "1")
    assert run("simulate", "crashes", "--count", 3, "--interval", 0, "--seed", 1)[0] == 0
    assert run("land", "--stream", "crashes")[0] == 0
    assert len(ids(store)) == 3


def test_the_command_that_serves_the_local_hub_says_where_it_is_and_that_a_port_is_taken(
    hub: LocalHub, run: Run
) -> None:
    code, _, err = run("hub")
    assert code == 1
    assert str(hub.port) in err
    assert "Traceback" not in err
