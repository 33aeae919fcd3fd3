"""The command line as people use it: what it prints, what it leaves in the lake, how it refuses."""

import csv
import json
import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from crash_platform.lake.location import Location
from crash_platform.lake.store import Store
from crash_platform.pipelines.crashes.tables import (
    CRASH_COVERAGE,
    CRASH_RECORDS,
    CRASH_REVISIONS,
    CRASHES,
    DAILY_CRASHES,
    QUARANTINED_CRASHES,
    TABLES,
)

Run = Callable[..., tuple[int, str, str]]

API_ROWS = [
    {
        "crash_date": f"2022-03-0{day}T00:00:00.000",
        "crash_time": "9:05",
        "borough": "QUEENS",
        "latitude": "40.714996",
        "longitude": "-73.81022",
        "number_of_persons_injured": str(injured),
        "number_of_persons_killed": "0",
        "number_of_pedestrians_injured": "0",
        "number_of_pedestrians_killed": "0",
        "number_of_cyclist_injured": "0",
        "number_of_cyclist_killed": "0",
        "number_of_motorist_injured": str(injured),
        "number_of_motorist_killed": "0",
        "contributing_factor_vehicle_1": "Following Too Closely",
        "collision_id": str(collision_id),
        "vehicle_type_code1": "Sedan",
    }
    for collision_id, day, injured in ((101, 1, 0), (102, 1, 2), (103, 2, 0), (104, 4, 1))
]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CRASH_PLATFORM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home" / "dagster"))
    for name in ("LAKE", "SOURCE", "ENGINE"):
        monkeypatch.delenv(f"CRASH_PLATFORM_{name}", raising=False)
    return tmp_path / "home"


@pytest.fixture
def store(home: Path) -> Store:
    return Store(Location(str(home / "lake")))


def written(rows: list[dict[str, str]], path: Path) -> Path:
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def counted(text: str) -> dict[str, str]:
    lines = [line.strip() for line in text.splitlines() if line.startswith("  ")]
    pairs = [re.split(" {2,}", line, maxsplit=1) for line in lines if "  " in line]
    return dict(pairs)


@pytest.mark.slow
def test_a_load_lands_materialises_and_accounts_for_every_record(
    run: Run, store: Store, tmp_path: Path
) -> None:
    broken = API_ROWS[0] | {"collision_id": "x1", "number_of_persons_killed": "many"}
    code, out, _ = run("load", written([*API_ROWS, broken], tmp_path / "crashes.json"))
    assert code == 0
    assert counted(out)["rows read"] == "5"
    assert counted(out)["new"] == "5"
    assert counted(out)["quarantined in these days"] == "2"
    assert counted(out)["collision id is a number"] == "1"
    assert counted(out)["counts are whole numbers"] == "1"
    crashes = store.slice(CRASHES).read(["collision_id", "is_injury_crash"]).to_pylist()
    assert sorted((row["collision_id"], row["is_injury_crash"]) for row in crashes) == [
        (101, False),
        (102, True),
        (103, False),
        (104, True),
    ]
    refused = store.slice(QUARANTINED_CRASHES).read().to_pylist()
    assert [row["collision_id"] for row in refused] == ["x1"]
    assert refused[0]["number_of_persons_killed"] == "many"
    days = store.slice(CRASH_COVERAGE).read(["crash_date", "is_current"]).to_pylist()
    found = sorted(str(row["crash_date"]) for row in days)
    assert found == ["2022-03-01", "2022-03-02", "2022-03-04"]
    assert all(row["is_current"] for row in days)


@pytest.mark.slow
def test_loading_again_changes_nothing_and_a_snapshot_tells_what_disappeared(
    run: Run, store: Store, tmp_path: Path
) -> None:
    path = written(API_ROWS, tmp_path / "crashes.json")
    run("load", path)
    versions = {table.path: store.version(table) for table in TABLES}
    code, out, _ = run("load", path)
    assert code == 0
    assert counted(out)["unchanged"] == "4"
    assert counted(out)["days re-written"].startswith("0")
    assert {table.path: store.version(table) for table in TABLES} == versions
    corrected = API_ROWS[3] | {"borough": "BRONX"}
    code, out, _ = run("load", written([*API_ROWS[:2], corrected], path), "--snapshot")
    assert code == 0
    assert counted(out)["disappeared"] == "1"
    assert counted(out)["corrected"] == "1"
    assert counted(out)["days re-written"].startswith("2 ")
    ids = store.slice(CRASHES).read(["collision_id"])["collision_id"].to_pylist()
    assert sorted(ids) == [101, 102, 104]
    revisions = store.slice(CRASH_REVISIONS).read(["change", "field", "new_value"]).to_pylist()
    assert sorted(revisions, key=str) == sorted(
        [
            {"change": "corrected", "field": "borough", "new_value": "BRONX"},
            {"change": "disappeared", "field": None, "new_value": None},
        ],
        key=str,
    )


@pytest.mark.slow
def test_the_demo_runs_on_the_users_files_and_ends_with_what_to_look_at(
    run: Run, home: Path, tmp_path: Path
) -> None:
    code, out, _ = run("demo", "--source", written(API_ROWS, tmp_path / "crashes.json"))
    assert code == 0
    for said in ("silver/crashes", "checks passed", str(home / "lake"), "make dev"):
        assert said in out
    page = (home / "reports" / "crash_checks.html").read_text(encoding="utf-8")
    assert "every crash lives in one day" in page
    code, out, _ = run("report")
    assert code == 0
    assert "3 days up to 2022-03-04, 4 crashes" in out


@pytest.mark.slow
def test_maintenance_says_what_it_would_do_and_changes_nothing_when_dry(
    run: Run, store: Store, tmp_path: Path
) -> None:
    run("load", written(API_ROWS, tmp_path / "crashes.json"))
    versions = {table.path: store.version(table) for table in TABLES}
    code, out, _ = run("maintain", "--dry-run")
    assert code == 0
    assert all(table.path in out for table in TABLES)
    assert {table.path: store.version(table) for table in TABLES} == versions
    code, _, err = run("maintain", "--retention-days", "3")
    assert code == 1
    assert "7" in err


def refused_inputs(tmp_path: Path) -> dict[str, Path]:
    other = tmp_path / "people.csv"
    with other.open("w", newline="") as out:
        csv.writer(out).writerows([["name", "age"], ["Ada", 36]])
    truncated = tmp_path / "cut.json"
    truncated.write_text(json.dumps(API_ROWS)[:-40])
    empty = tmp_path / "nothing"
    empty.mkdir()
    return {
        "no column COLLISION_ID": other,
        "cut.json": truncated,
        "holds no file": empty,
        "does not exist": tmp_path / "absent.csv",
    }


@pytest.mark.slow
def test_bad_input_is_one_sentence_and_leaves_the_tables_untouched(
    run: Run, store: Store, tmp_path: Path
) -> None:
    run("load", written(API_ROWS, tmp_path / "crashes.json"))
    versions = {table.path: store.version(table) for table in TABLES}
    for expected, path in refused_inputs(tmp_path).items():
        code, _, err = run("load", path)
        assert code == 1, path
        assert expected in err
        assert "Traceback" not in err
        assert len(err.strip().splitlines()) == 1
    assert {table.path: store.version(table) for table in TABLES} == versions


def test_an_unreachable_portal_is_one_sentence_that_names_it(
    run: Run, monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    monkeypatch.setenv("CRASH_PLATFORM_SOCRATA_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setattr("time.sleep", lambda _: None)
    code, _, err = run("demo", "--source", "nyc")
    assert code == 1
    assert f"127.0.0.1:{port}" in err
    assert "make demo" in err.splitlines()[-1]
    assert "Traceback" not in err
    assert store.version(CRASH_RECORDS) is None


def test_a_lake_that_cannot_be_written_is_one_sentence_that_names_it(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("CRASH_PLATFORM_LAKE", str(tmp_path / "file" / "lake"))
    code, _, err = run("load", written(API_ROWS, tmp_path / "crashes.json"))
    assert code == 1
    assert str(tmp_path / "file" / "lake") in err
    assert "Traceback" not in err


@pytest.mark.slow
def test_gold_is_made_for_the_loaded_days_only(run: Run, store: Store, tmp_path: Path) -> None:
    run("load", written(API_ROWS[:2], tmp_path / "first.json"))
    before = store.version(DAILY_CRASHES)
    code, out, _ = run("load", written(API_ROWS[3:], tmp_path / "second.json"))
    assert code == 0
    assert counted(out)["days re-written"] == "1  (2022-03-04 .. 2022-03-04)"
    assert store.version(DAILY_CRASHES) == (before or 0) + 1
