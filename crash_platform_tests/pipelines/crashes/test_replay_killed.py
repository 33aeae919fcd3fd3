"""A process that lands and builds is killed at any moment; the same command again makes it good."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from crash_platform.lake.contract import Table, Window
from crash_platform.lake.store import Store
from crash_platform.pipelines.crashes.bronze import Delivery, land
from crash_platform.pipelines.crashes.tables import (
    CRASH_RECORDS,
    CRASH_REVISIONS,
    CRASHES,
    TABLES,
)
from crash_platform_tests.pipelines.crashes.built_days import (
    SILVER,
    build_days,
    content,
    lake_in,
    rows,
)
from crash_platform_tests.pipelines.crashes.raw_crashes import DAY, delivery, raw

READY = "ready"
MOMENTS = ("pulled_at", "seen_at", "first_pulled_at", "last_pulled_at", "landing")
DAYS, RECORDS = 8, 2000
KILLED = -1.0
Command = Callable[[Path], list[str]]


def told() -> list[Delivery]:
    """2,000 records of eight days, then a snapshot with some corrected, moved and missing."""
    first = [raw(n, crash_date=f"{DAY + timedelta(days=n % DAYS)}") for n in range(RECORDS)]
    second = [
        row | ({"crash_time": "9:00"} if n % 50 == 0 else {})
        for n, row in enumerate(first)
        if n % 60 != 1
    ]
    for n in range(2, len(second), 100):
        second[n] = second[n] | {"crash_date": str(DAY)}
    return [delivery(first), delivery(second, 1, complete=Window(DAY, DAY + timedelta(days=DAYS)))]


def land_and_build(folder: Path) -> None:
    store = lake_in(folder)
    for one in told():
        land(store, one)
        build_days(store, store.slice(CRASH_RECORDS).distinct_days())


def driver(folder: Path) -> list[str]:
    code = (
        f"import sys; from pathlib import Path; from {__name__} import land_and_build, READY; "
        "print(READY, flush=True); land_and_build(Path(sys.argv[1]))"
    )
    return [sys.executable, "-c", code, str(folder)]


def run(command: list[str], kill_after: float | None = None, home: Path | None = None) -> float:
    """Runs to the end, or for so many seconds after its first line; says how many it took.

    A killed process is waited for; one that was done before its moment came simply ended well.
    """
    process = subprocess.Popen(
        command,
        env=os.environ | ({"CRASH_PLATFORM_HOME": str(home)} if home else {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        assert process.stdout is not None
        first = process.stdout.readline()
        started = time.monotonic()
        if kill_after is not None:
            time.sleep(kill_after)
            process.kill()
        rest = process.stdout.read()
    seconds = time.monotonic() - started
    assert process.returncode in ((0,) if kill_after is None else (0, -9)), first + rest
    return seconds if process.returncode == 0 else KILLED


def kill(
    command: list[str], within: float, moments: random.Random, home: Path | None = None
) -> None:
    """Kills the command at a moment drawn from its first ``within`` seconds.

    A command quicker than its moment is started again and killed earlier: a machine that was busy
    when the undisturbed run was timed may be idle now.
    """
    while run(command, moments.uniform(0, within), home) != KILLED:
        within /= 2


def contents(
    store: Store, tables: tuple[Table, ...]
) -> dict[str, list[tuple[tuple[str, str], ...]]]:
    return {
        table.path: sorted(content(row, MOMENTS) for row in rows(store, table)) for table in tables
    }


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a killed process leaves behind goes with the test's own folder."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))


@pytest.mark.slow
def test_landing_and_building_survive_being_killed_at_any_moment(tmp_path: Path) -> None:
    seconds = run(driver(tmp_path / "undisturbed"))
    expected = contents(lake_in(tmp_path / "undisturbed"), (CRASH_RECORDS, *SILVER))
    assert len(expected[CRASHES.path]) == 1966
    revisions = rows(lake_in(tmp_path / "undisturbed"), CRASH_REVISIONS)
    assert {row["change"] for row in revisions} == {"corrected", "moved", "disappeared"}
    for seed, kills in ((1, 1), (2, 1), (3, 2)):
        moments, folder = random.Random(seed), tmp_path / f"killed {seed}"
        for _ in range(kills):
            kill(driver(folder), seconds, moments)
        run(driver(folder))
        found = contents(lake_in(folder), (CRASH_RECORDS, *SILVER))
        assert found == expected, f"killed with seed {seed}"


@pytest.mark.slow
@pytest.mark.real_data
def test_a_load_that_was_killed_is_finished_by_the_same_command(
    real_data: Path, tmp_path: Path
) -> None:
    csv = real_data / "crashes" / "csv" / "week_2024-06-30_exported_2024-09-16.csv"
    lines = csv.read_text(encoding="utf-8").splitlines(keepends=True)
    part = tmp_path / "two days.csv"
    part.write_text("".join(lines[:400]), encoding="utf-8")
    load = [sys.executable, "-m", "crash_platform.cli", "load", str(part)]
    homes = {name: tmp_path / name for name in ("undisturbed", "killed")}
    seconds = run(load, home=homes["undisturbed"])
    moments = random.Random(1)
    for _ in range(2):
        kill(load, seconds, moments, homes["killed"])
    run(load, home=homes["killed"])
    undisturbed, killed = (contents(lake_in(home), TABLES) for home in homes.values())
    assert killed == undisturbed
    assert len(undisturbed[CRASH_RECORDS.path]) == 399
