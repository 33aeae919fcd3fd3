"""The simulate commands as people use them: what they print, what they send, how they refuse."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from typer.testing import CliRunner

from crash_platform.commands.simulate import Order, SimulateCommandError, app, in_words, simulate
from crash_platform.errors import PlatformError
from crash_platform.pipelines.reports import event as reports
from crash_platform.pipelines.weather import event as weather
from crash_platform.pipelines.weather.simulation import City, simulated_weather
from crash_platform.settings import load_settings
from crash_platform.streams.event import EventContract
from crash_platform.streams.hub import LocalHub
from crash_platform.streams.log import EventLog, LogUnreachableError, Message, Range
from crash_platform.streams.memory import MemoryLog
from crash_platform.streams.opening import open_log
from crash_platform.streams.simulating import FAULT, Rhythm, SimulationError, Wait

NOW = datetime(2024, 5, 3, 18, 0, tzinfo=UTC)
KIND = simulated_weather([City("Springfield", 12, 10, 4)])


def every_ten(rng: Random, due: datetime) -> float:
    return 10.0


class Day:
    """A clock that only sleeping moves, and that somebody interrupts after an hour."""

    def __init__(self) -> None:
        self.now = NOW

    def clock(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        if self.now >= NOW + timedelta(hours=1):
            raise KeyboardInterrupt
        self.now += timedelta(seconds=seconds)

    def rhythm(self, wait: Wait = every_ten) -> Rhythm:
        return Rhythm(wait, self.clock, self.sleep)


def held(log: EventLog) -> list[Message]:
    parts = log.describe().partitions
    return [
        each
        for part in parts
        for batch in log.read(Range(part.partition_id, -1, part.last))
        for each in batch
    ]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CRASH_PLATFORM_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def local_hub(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    monkeypatch.setenv("CRASH_PLATFORM_HUB", "local")
    with LocalHub(None, {"crash-reports": 2, "weather-readings": 2}) as hub:
        monkeypatch.setenv("CRASH_PLATFORM_HUB_PORT", str(hub.port))
        yield hub


@pytest.mark.parametrize(
    ("command", "hub", "contract"),
    [
        ("crashes", "crash-reports", reports.CONTRACT),
        ("weather", "weather-readings", weather.CONTRACT),
    ],
)
def test_the_command_sends_events_of_its_contract_to_the_configured_hub(
    local_hub: LocalHub, command: str, hub: str, contract: EventContract
) -> None:
    result = CliRunner().invoke(app, [command, "--count", "4", "--interval", "0", "--seed", "7"])
    assert result.exception is None, result.exc_info
    assert result.output.splitlines() == [
        f"Sending simulated events to {hub}; seed 7; 4 in all.",
        f"Sent 4 events to {hub}, none with a fault.",
    ]
    with closing(open_log(load_settings(), hub)) as log:
        messages = held(log)
    assert len({contract.accept(message).event_id for message in messages}) == 4
    assert [message.properties for message in messages] == [{"is_simulated": "true"}] * 4


def refusal(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert isinstance(result.exception, PlatformError), result.output
    assert len(str(result.exception).splitlines()) == 1
    return str(result.exception)


def test_what_is_sent_and_what_was_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    log = MemoryLog()
    simulate(log, "weather-readings", KIND, Order(5, 7, 0.0), Day().rhythm())
    assert capsys.readouterr().out.splitlines() == [
        "Sending simulated events to weather-readings; seed 7; 5 in all.",
        "Sent 5 events to weather-readings, none with a fault.",
    ]
    assert [weather.CONTRACT.accept(each).is_simulated for each in held(log)] == [True] * 5


def test_without_a_count_it_goes_on_until_somebody_interrupts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log = MemoryLog()
    simulate(log, "weather-readings", KIND, Order(None, 7, 0.0), Day().rhythm())
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "Sending simulated events to weather-readings; seed 7; Ctrl-C stops."
    assert out[1] == "Sent 361 events to weather-readings, none with a fault."
    assert len(held(log)) == 361


def test_the_closing_sentence_counts_what_the_log_holds(capsys: pytest.CaptureFixture[str]) -> None:
    log = MemoryLog()
    simulate(log, "h", KIND, Order(60, 7, 0.5), Day().rhythm())
    faults = Counter(each.properties[FAULT] for each in held(log) if FAULT in each.properties)
    told = ", ".join(f"{count} {fault}" for fault, count in sorted(faults.items()))
    expected = f"Sent 60 events to h, {faults.total()} of them with a fault: {told}."
    assert capsys.readouterr().out.splitlines()[-1] == expected
    assert len(faults) > 5


def test_a_seed_sends_the_same_again_and_no_seed_something_else() -> None:
    bodies = []
    for seed in (7, 7, None, None):
        log = MemoryLog()
        simulate(log, "h", KIND, Order(3, seed, 0.0), Day().rhythm())
        bodies.append({each.body for each in held(log)})
    assert bodies[0] == bodies[1]
    assert len({frozenset(each) for each in bodies}) == 3


def test_an_outage_is_said_once_and_waited_out(capsys: pytest.CaptureFixture[str]) -> None:
    log = MemoryLog()
    log.fail_next(LogUnreachableError("Nobody answers."), times=9)
    simulate(log, "h", KIND, Order(2, 7, 0.0), Day().rhythm())
    assert capsys.readouterr().out.splitlines()[1:] == [
        "Nobody answers. The event is kept and tried again every 5 s.",
        "The hub answers again; nothing was lost.",
        "Sent 2 events to h, none with a fault.",
    ]


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (Counter(), "Sent 0 events to h, none with a fault."),
        (Counter({"": 1}), "Sent 1 event to h, none with a fault."),
        (
            Counter({"": 1500, "late": 2, "duplicate": 1}),
            "Sent 1,503 events to h, 3 of them with a fault: 1 duplicate, 2 late.",
        ),
        (Counter({"late": 1}), "Sent 1 event to h, 1 of them with a fault: 1 late."),
    ],
)
def test_the_account_is_one_sentence(sent: Counter[str], told: str) -> None:
    assert in_words(sent, "h") == told


def test_a_pace_and_an_interval_exclude_each_other(home: Path) -> None:
    told = refusal("crashes", "--pace", "city", "--interval", "5")
    assert told == "--pace city needs no --interval: give one of the two."


@pytest.mark.parametrize("interval", ["-1", "nan", "inf", "100000"])
def test_an_interval_that_is_none_is_refused(home: Path, interval: str) -> None:
    told = refusal("weather", "--interval", interval)
    assert told.endswith("s: give seconds from 0 to 86,400.")


def test_no_events_cannot_be_ordered(home: Path) -> None:
    assert refusal("weather", "--count", "0") == "0 events cannot be sent: give 1 or more."
    with pytest.raises(SimulateCommandError):
        Order(-3, None, 0.0)


def test_a_share_of_faults_above_one_is_refused() -> None:
    with pytest.raises(SimulationError, match=r"share of faults is 1\.5: give a number from 0"):
        simulate(MemoryLog(), "h", KIND, Order(1, None, 1.5), Day().rhythm())


def test_help_names_every_option_of_both_commands() -> None:
    for command, own in (("crashes", "--pace"), ("weather", "--random-past")):
        out = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"}).output
        for option in ("--interval", "--count", "--seed", "--faults", own):
            assert option in out
