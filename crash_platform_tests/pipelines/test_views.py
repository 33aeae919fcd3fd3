from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crash_platform.lake.frame import Frame
from crash_platform.lake.slice import Slice
from crash_platform.lake.store import Store
from crash_platform.pipelines.crashes.tables import CRASHES, DAILY_CRASHES
from crash_platform.pipelines.tables import TABLES
from crash_platform.pipelines.views import (
    QueryError,
    add_view,
    ask,
    connect,
    named,
    open_session,
    open_views,
    stream,
)
from crash_platform.settings import Settings
from crash_platform_tests.lake.things import THINGS, days, things
from crash_platform_tests.pipelines.gold_lake import TUESDAY, WEDNESDAY, gold_lake

if TYPE_CHECKING:
    import duckdb


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("views")


@pytest.fixture(scope="module")
def store(folder: Path) -> Store:
    return gold_lake(folder / "it's a lake, größer")


@pytest.fixture(scope="module")
def gold(store: Store) -> Iterator["duckdb.DuckDBPyConnection"]:
    with connect(store, [DAILY_CRASHES, CRASHES]) as connection:
        yield connection


def test_a_view_holds_the_rows_of_its_table(gold: "duckdb.DuckDBPyConnection") -> None:
    sql = """
        SELECT crash_date, CAST(sum(crash_count) AS BIGINT) AS crashes
        FROM gold.daily_crashes GROUP BY 1 ORDER BY 1
    """
    assert ask(gold, sql).to_pylist() == [
        {"crash_date": TUESDAY, "crashes": 5},
        {"crash_date": WEDNESDAY, "crashes": 1},
    ]


def test_a_table_that_nobody_wrote_is_empty_and_has_its_columns(
    gold: "duckdb.DuckDBPyConnection",
) -> None:
    answer = ask(gold, "FROM silver.crashes")
    assert answer.num_rows == 0
    assert answer.column_names == CRASHES.schema.names


def test_a_parameter_is_a_value_and_never_sql(gold: "duckdb.DuckDBPyConnection") -> None:
    sql = "SELECT borough FROM gold.daily_crashes WHERE borough = $borough"
    assert ask(gold, sql, {"borough": "QUEENS", "unused": 1}).to_pylist() == [{"borough": "QUEENS"}]
    assert ask(gold, sql, {"borough": "' OR 1 = 1 --"}).num_rows == 0
    with pytest.raises(QueryError, match="names \\$borough, for which no value was given"):
        ask(gold, sql)


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO gold.daily_crashes SELECT * FROM gold.daily_crashes",
        "WITH t AS (DELETE FROM gold.daily_crashes RETURNING *) SELECT * FROM t",
        "WITH t AS (INSERT INTO gold.daily_crashes FROM gold.daily_crashes RETURNING *) FROM t",
        "UPDATE gold.daily_crashes SET borough = NULL",
        "DROP VIEW gold.daily_crashes",
        "CREATE TABLE mine AS SELECT 1",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP VIEW gold.daily_crashes",
        "ATTACH '{other}.duckdb'",
        "COPY (SELECT 1) TO '{other}.csv'",
        "COPY gold.daily_crashes TO '{file}'",
        "EXPORT DATABASE '{other}'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "PRAGMA database_list",
        "CALL pragma_version()",
        "SET enable_external_access = true",
        "RESET lock_configuration",
        "CHECKPOINT",
        "PREPARE p AS SELECT 1",
        "",
        "-- nothing",
        "SELEC 1",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_text('{file}/../../../../../../../../../../../etc/passwd')",
        "SELECT * FROM read_blob('{log}')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM sniff_csv('/etc/passwd')",
        "SELECT * FROM parquet_metadata('{unasked}')",
        "SELECT * FROM read_parquet('{unasked}')",
        "SELECT * FROM read_parquet('https://example.org/x.parquet')",
        "SELECT * FROM read_parquet('s3://bucket/x.parquet')",
        "SELECT * FROM duckdb_secrets()",
        "SELECT getenv('HOME')",
        "SELECT * FROM sql_auto_complete('SEL')",
        "SELECT * FROM things_of_mine",
    ],
)
def test_nothing_is_written_and_nothing_else_is_read(
    gold: "duckdb.DuckDBPyConnection", store: Store, folder: Path, sql: str
) -> None:
    things_of_mine = things((0, 1))
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    daily, unasked = store.slice(DAILY_CRASHES).files[0], next(
        path for path in files if "crashes_now" in str(path) and path.suffix == ".parquet"
    )  # fmt: skip
    before = {path: path.stat().st_mtime_ns for path in files}
    places = {
        "other": folder / "other",
        "file": daily,
        "log": files[0],
        "unasked": unasked,
    }
    text = sql.format(**{name: str(path).replace("'", "''") for name, path in places.items()})
    for answering in (ask, lambda c, q: stream(c, q).read_all()):
        with pytest.raises(QueryError) as refused:
            answering(gold, text)
        assert "\n" not in str(refused.value)
    after = sorted(path for path in folder.rglob("*") if path.is_file())
    assert {path: path.stat().st_mtime_ns for path in after} == before
    assert things_of_mine.num_rows == ask(gold, "SELECT 1").num_rows


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        (
            "FROM gold.daily_crash",
            "There is no table daily_crash, did you mean gold.daily_crashes?",
        ),
        ("FROM gold.crashes", "There is no table crashes, did you mean silver.crashes?"),
        (
            "FROM silver.weather_reading",
            "There is no table weather_reading, did you mean bronze.weather_readings or "
            "silver.weather_readings?",
        ),
        ("FROM nowhere.at_all", "There is no table nowhere.at_all."),
        (
            "SELECT crash_cont FROM gold.daily_crashes",
            'DuckDB cannot answer that: Binder Error: Referenced column "crash_cont" not found in '
            'FROM clause! Candidate bindings: "crash_count"',
        ),
    ],
)
def test_what_is_not_there_is_told_with_what_may_be_meant(
    gold: "duckdb.DuckDBPyConnection", sql: str, told: str
) -> None:
    with pytest.raises(QueryError) as refused:
        ask(gold, sql)
    assert str(refused.value).startswith(told)


def test_a_fault_that_shows_while_rows_are_read_is_told_as_any_other(
    gold: "duckdb.DuckDBPyConnection",
) -> None:
    rows = stream(gold, "SELECT CAST(CASE WHEN range > 300000 THEN 'x' ELSE '1' END AS INT) AS n "
                        "FROM range(400000)")  # fmt: skip
    with pytest.raises(QueryError, match="Could not convert string 'x'"):
        rows.read_all()


def test_more_rows_than_memory_come_in_batches_and_leave_nothing_behind(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    with connect(store, [], memory_limit="40MB") as connection:
        rows = stream(connection, "SELECT md5(range::VARCHAR) AS m FROM range(1000000) ORDER BY m")
        first = next(rows)
        assert sum(batch.num_rows for batch in rows) + first.num_rows == 1_000_000
        assert first["m"][0].as_py() < first["m"][1].as_py()
    assert sorted(tmp_path.iterdir()) == before


def test_a_view_shows_its_table_as_of_the_moment_of_connecting(store: Store) -> None:
    store.replace(THINGS, days(0), Frame.of(things((0, 1))))
    with connect(store, [THINGS]) as connection:
        store.replace(THINGS, days(1), Frame.of(things((1, 2))))
        assert ask(connection, "SELECT thing_id FROM silver.things").num_rows == 1


@pytest.mark.parametrize("lacking", ["some", "all"])
def test_files_from_before_a_column_was_added_give_nulls(tmp_path: Path, lacking: str) -> None:
    old, new = tmp_path / "old.parquet", tmp_path / "new.parquet"
    rows = things((0, 1), (0, 2), note="new")
    pq.write_table(rows.slice(0, 1).drop_columns(["note", "tags"]), old)
    pq.write_table(rows.slice(1, 1), new)
    files = (str(old),) if lacking == "all" else (str(old), str(new))
    with open_session("1GB") as connection:
        add_view(connection, Slice(THINGS, None, 0, files))
        found = ask(connection, "FROM silver.things ORDER BY thing_id")
    assert found.schema.types == THINGS.schema.types
    assert [row["note"] for row in found.to_pylist()] == [None, "new"][: len(files)]
    assert [row["tags"] for row in found.to_pylist()] == [None, []][: len(files)]


def test_a_lake_that_is_read_through_arrow_gives_the_same_rows(store: Store) -> None:
    class Remote(Slice):
        """A slice whose files DuckDB cannot open itself."""

        def dataset(self) -> pa.dataset.Dataset:
            return pa.dataset.dataset(here.read())

    here = store.slice(DAILY_CRASHES)
    far = Remote(DAILY_CRASHES, None, here.version, ("abfss://lake@account/x.parquet",))
    with open_session("1GB") as connection:
        add_view(connection, far)
        found = ask(connection, "FROM gold.daily_crashes ORDER BY crash_date, borough")
    told = here.read().sort_by([("crash_date", "ascending"), ("borough", "ascending")])
    assert found.to_pylist() == told.to_pylist()


def test_only_tables_whose_names_the_text_holds_are_needed() -> None:
    sql = 'WITH daily_crashes AS (FROM "gold"."DAILY_crashes") SELECT 1 -- crash_factors?'
    assert [table.path for table in named(sql)] == ["gold/daily_crashes", "gold/crash_factors"]
    assert named("SELECT crashes_now_or_later") == ()
    for table in TABLES:
        assert table in named(f"SELECT * FROM {table.layer}.{table.name};")


def test_a_notebook_reads_frames_and_may_bring_its_own(store: Store, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, lake=store.location.root)
    with open_views(settings) as views:
        views.connection.register("mine", pa.table({"borough": ["QUEENS"], "people": [2_400_000]}))
        frame = views.sql(
            "SELECT borough, crash_count, people FROM gold.daily_crashes JOIN mine USING (borough) "
            "WHERE crash_date = $day",
            day=TUESDAY,
        ).df()
        assert frame.to_dict("records") == [
            {"borough": "QUEENS", "crash_count": 2, "people": 2_400_000}
        ]
        with pytest.raises(QueryError, match="Only one SELECT"):
            views.sql("COPY (SELECT 1) TO 'x.csv'")
