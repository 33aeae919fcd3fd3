"""`crash-platform stream` as people use it: a real registry, a lake, a hub, and signals."""

import os
import signal
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from crash_platform.commands.stream import Asked, StopAsked, score, stopping, stream
from crash_platform.lake.location import Location
from crash_platform.lake.store import Store
from crash_platform.modelling.registry import Registry
from crash_platform.pipelines.injuries.answering import NoModelError
from crash_platform.pipelines.reports.live.account import Figures
from crash_platform.pipelines.reports.tables import LIVE_PREDICTIONS
from crash_platform.settings import Settings, load_settings
from crash_platform.streams.log import EventLog
from crash_platform.streams.memory import MemoryLog
from crash_platform_tests.modelling.registries import registry_in
from crash_platform_tests.pipelines.injuries.small_model import small_model
from crash_platform_tests.pipelines.reports.live.newsroom import event, told


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in ("LAKE", "MLFLOW_TRACKING_URI", "LIVE_CONSUMER_GROUP", "CRASH_HUB"):
        monkeypatch.delenv(f"CRASH_PLATFORM_{name}", raising=False)
    monkeypatch.setenv("CRASH_PLATFORM_HOME", str(tmp_path))
    return load_settings()


@pytest.fixture
def registry(settings: Settings) -> Registry:
    return registry_in(settings.mlflow_folder)


@pytest.fixture
def hub() -> MemoryLog:
    log = MemoryLog("crash-reports")
    today = datetime.now(UTC).date().isoformat()
    log.publish([event(told(f"{n}", crash_date=today)) for n in range(3)])
    return log


def crown(registry: Registry, feature_set: str) -> None:
    name, model = f"injury_{feature_set}", small_model(feature_set)
    run_id = registry.start_run("injuries", name, {})
    version = registry.register(name, run_id, model.to_bytes(), model.encoder.columns, {})
    registry.promote(name, version.version)


def scored(settings: Settings) -> list[str]:
    rows = Store(Location(settings.lake_root)).slice(LIVE_PREDICTIONS).read(["event_id"])
    return sorted(rows["event_id"].to_pylist())


def test_what_waits_is_scored_by_the_champion_of_the_registry(
    settings: Settings,
    registry: Registry,
    hub: MemoryLog,
    capsys: pytest.CaptureFixture[str],
) -> None:
    crown(registry, "first_report")
    opened: list[tuple[str, str]] = []
    figures: list[Figures] = []

    def open_log(_: Settings, name: str, group: str) -> EventLog:
        opened.append((name, group))
        return hub

    total = score(settings, Asked(once=True), StopAsked(), open_log, figures.append)
    assert opened == [("crash-reports", "live")]
    assert (total.scored, scored(settings)) == (3, ["0", "1", "2"])
    assert [each.scored_total for each in figures] == [3]
    first, last = capsys.readouterr().out.splitlines()
    assert first.endswith("3 reports wait; champions: first_report 1.")
    assert last.startswith("Stopped: 3 scored")


def test_without_a_champion_the_sentence_says_what_to_do(
    settings: Settings, registry: Registry, hub: MemoryLog
) -> None:
    with pytest.raises(NoModelError, match="crash-platform model promote"):
        score(settings, Asked(once=True), StopAsked(), lambda *_: hub, lambda _: None)
    assert scored(settings) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly_after_the_last_commit(
    settings: Settings, registry: Registry, hub: MemoryLog, number: signal.Signals
) -> None:
    crown(registry, "first_report")
    before, stop = signal.getsignal(number), StopAsked()

    def interrupt() -> None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and len(scored(settings)) < 3:
            time.sleep(0.02)
        os.kill(os.getpid(), number)

    sender = threading.Thread(target=interrupt)
    with stopping(stop):
        sender.start()
        total = score(settings, Asked(), stop, lambda *_: hub, lambda _: None)
    sender.join()
    assert (total.scored, scored(settings)) == (3, ["0", "1", "2"])
    assert signal.getsignal(number) == before


def test_waiting_ends_as_soon_as_somebody_asks_to_stop() -> None:
    stop = StopAsked()
    assert not stop.wait(0.0)
    threading.Timer(0.05, stop.set).start()
    assert stop.wait(30.0)
    assert stop.is_set()


def test_the_help_names_every_option() -> None:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(stream)
    told_there = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).output
    for option in ("--from-now", "--once", "--accept-loss", "--accept-new-hub"):
        assert option in told_there
