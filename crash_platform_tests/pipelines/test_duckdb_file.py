from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from crash_platform.lake.contract import Table
from crash_platform.pipelines.crashes.tables import CRASHES, DAILY_CRASHES
from crash_platform.pipelines.duckdb_file import ExportError, is_export, write_duckdb
from crash_platform.pipelines.injuries.tables import EVALUATION_CHARTS
from crash_platform.pipelines.reports.tables import CRASHES_NOW
from crash_platform_tests.pipelines.gold_lake import FORMULA, KNOWN_AT, gold_lake

NOW = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
COPIED = (DAILY_CRASHES, CRASHES_NOW, EVALUATION_CHARTS, CRASHES)
READABLE_SINCE_1_0 = 64


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exported") / "it's a lake"


@pytest.fixture(scope="module")
def path(lake: Path) -> Path:
    path = lake.parent / "it's gold.duckdb"
    write_duckdb(gold_lake(lake), COPIED, path, NOW)
    return path


def test_every_row_and_column_of_a_table_is_copied(path: Path) -> None:
    with duckdb.connect(str(path), read_only=True) as file:
        file.execute("SET TimeZone = 'UTC'")
        days = file.execute("FROM gold.daily_crashes ORDER BY crash_date, borough").fetchall()
        now = file.execute(
            "SELECT on_street_name, vehicle_types, known_at FROM gold.crashes_now "
            "WHERE NOT is_final"
        ).fetchall()
        kinds = {
            table: [row[0] for row in file.execute(f"DESCRIBE {table}").fetchall()]
            for table in ("gold.daily_crashes", "gold.crashes_now", "silver.crashes")
        }
    assert [row[:4] for row in days] == [
        (date(2022, 3, 1), "BRONX", 3, 1),
        (date(2022, 3, 1), "QUEENS", 2, 0),
        (date(2022, 3, 2), "BRONX", 1, 1),
    ]
    assert now == [(FORMULA, ["Sedan", "Bus"], KNOWN_AT)]
    for table in (DAILY_CRASHES, CRASHES_NOW, CRASHES):
        assert kinds[f"{table.layer}.{table.name}"] == table.schema.names


def test_columns_of_bytes_are_left_out(path: Path) -> None:
    with duckdb.connect(str(path), read_only=True) as file:
        columns = [row[0] for row in file.execute("DESCRIBE model.evaluation_charts").fetchall()]
    assert columns == [name for name in EVALUATION_CHARTS.schema.names if name != "png"]


@pytest.mark.parametrize("table", COPIED, ids=lambda table: table.path)
def test_tables_and_columns_say_what_they_mean(path: Path, table: Table) -> None:
    with duckdb.connect(str(path), read_only=True) as file:
        said = file.execute(
            "SELECT comment FROM duckdb_tables() WHERE schema_name = ? AND table_name = ?",
            [table.layer, table.name],
        ).fetchall()
        columns = dict(
            file.execute(
                "SELECT column_name, comment FROM duckdb_columns() "
                "WHERE schema_name = ? AND table_name = ?",
                [table.layer, table.name],
            ).fetchall()
        )
    assert said == [(table.description,)]
    assert columns == {c.name: c.description for c in table.columns if c.name != "png"}


def test_the_file_says_what_it_was_made_of_and_when(path: Path, lake: Path) -> None:
    with duckdb.connect(str(path), read_only=True) as file:
        about = {row[0]: row[1:] for row in file.execute("FROM about").fetchall()}
    said = (str(lake), datetime(2026, 3, 4, 5, 6), "crash_platform")  # noqa: DTZ001
    newest = date(2022, 3, 2)
    assert about == {
        "gold.daily_crashes": (DAILY_CRASHES.description, 3, newest, 2, *said),
        "gold.crashes_now": (CRASHES_NOW.description, 2, newest, 1, *said),
        "model.evaluation_charts": (EVALUATION_CHARTS.description, 1, newest, 1, *said),
        "silver.crashes": (CRASHES.description, 0, None, None, *said),
    }


def test_drivers_since_duckdb_1_0_can_read_the_file(path: Path) -> None:
    header = path.read_bytes()[:20]
    assert header[8:12] == b"DUCK"
    assert int.from_bytes(header[12:20], "little") == READABLE_SINCE_1_0


def test_only_such_a_file_is_known_as_one(path: Path, tmp_path: Path) -> None:
    assert is_export(path)
    text, other = tmp_path / "text.duckdb", tmp_path / "other.duckdb"
    text.write_text("no database")
    with duckdb.connect(str(other)) as file:
        file.execute("CREATE TABLE about (lake VARCHAR, made_at TIMESTAMP)")
    assert not is_export(text)
    assert not is_export(other)


def test_a_file_that_cannot_be_written_is_one_sentence(lake: Path, tmp_path: Path) -> None:
    store = gold_lake(tmp_path / "lake")
    with pytest.raises(ExportError, match=r"DuckDB cannot write x.duckdb: IO Error"):
        write_duckdb(store, [DAILY_CRASHES], tmp_path / "absent" / "x.duckdb", NOW)
