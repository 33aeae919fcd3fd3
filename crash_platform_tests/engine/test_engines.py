"""What every engine keeps: rows and types as they were, nothing left behind, clear errors."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from crash_platform.engine.duckdb_engine import DuckDBEngine
from crash_platform.engine.plan import Engine, EngineError, Step
from crash_platform.lake.frame import conform
from crash_platform_tests.engine.rows import SCHEMA, Files, some_rows, stored
from crash_platform_tests.engine.spark import spark_or_skip

MakeEngine = Callable[[Path], Engine]
FIRST = date(2024, 2, 27)
DAYS = [FIRST + timedelta(days=number) for number in range(6)]


@pytest.fixture
def spill(tmp_path: Path) -> Path:
    folder = tmp_path / "spill"
    folder.mkdir()
    return folder


@pytest.fixture(params=["duckdb", pytest.param("spark", marks=pytest.mark.spark)])
def engine(request: pytest.FixtureRequest, spill: Path) -> Engine:
    if request.param == "duckdb":
        return DuckDBEngine(spill_folder=spill)
    return type(spark_or_skip())(spill_folder=spill)


def conformed(reader: pa.RecordBatchReader, schema: pa.Schema) -> pa.Table:
    batches = [conform(batch, schema, "a table") for batch in reader]
    return pa.Table.from_batches(batches, schema)


def everything(name: str = "rows") -> list[Step]:
    return [Step("answer", f"SELECT * FROM {name} ORDER BY day, id")]


def test_every_type_of_a_table_in_memory_comes_back_as_it_went_in(engine: Engine) -> None:
    table = some_rows([date(1, 1, 1), date(1582, 10, 10), FIRST, date(9999, 12, 31)])
    reader = engine.stream({"rows": table}, everything(), SCHEMA.names)
    assert reader.schema.field("local_at").type == pa.timestamp("us")
    assert reader.schema.field("utc_at").type == pa.timestamp("us", tz="UTC")
    assert conformed(reader, SCHEMA) == table


def test_every_type_in_files_comes_back_as_it_went_in(engine: Engine, tmp_path: Path) -> None:
    table = some_rows([date(1, 1, 1), date(1582, 10, 10), FIRST, date(9999, 12, 31)])
    files = stored(table, tmp_path / "lake" / "day_month=2024-02")
    reader = engine.stream({"rows": Files(files, table)}, everything(), SCHEMA.names)
    assert conformed(reader, SCHEMA) == table


def test_only_the_days_of_the_range_are_seen(engine: Engine, tmp_path: Path) -> None:
    table = some_rows(DAYS)
    files = Files(stored(table, tmp_path / "lake"), table, ("day", DAYS[1], DAYS[3]))
    answer = engine.stream({"rows": files}, everything(), ["day"]).read_all()
    assert answer["day"].to_pylist() == DAYS[1:4]


def test_rows_that_no_engine_can_open_are_read_through_their_dataset(engine: Engine) -> None:
    table = some_rows(DAYS)
    remote = Files(("abfss://lake/part-0.parquet",), table, ("day", DAYS[2], DAYS[2]))
    reader = engine.stream({"rows": remote}, everything(), SCHEMA.names)
    assert conformed(reader, SCHEMA) == table.slice(2, 1)


def test_no_row_behind_an_empty_piece_of_a_table_is_lost(engine: Engine) -> None:
    rows, nothing = some_rows(DAYS), some_rows([])
    table = pa.concat_tables([nothing, rows, nothing, nothing, rows, nothing])
    answer = engine.stream({"rows": table}, everything(), ["day"]).read_all()
    assert answer["day"].to_pylist() == sorted(DAYS * 2)


def test_a_table_without_any_piece_is_empty(engine: Engine) -> None:
    nothing = pa.Table.from_batches([], SCHEMA)
    reader = engine.stream({"rows": nothing}, everything(), SCHEMA.names)
    assert conformed(reader, SCHEMA).num_rows == 0


def test_rows_without_files_are_empty_but_have_their_columns(engine: Engine) -> None:
    nothing = Files((), some_rows([]), ("day", FIRST, FIRST))
    reader = engine.stream({"rows": nothing}, everything(), SCHEMA.names)
    assert reader.schema.names == SCHEMA.names
    assert conformed(reader, SCHEMA).num_rows == 0


def test_a_folder_may_have_any_name(engine: Engine, tmp_path: Path) -> None:
    table = some_rows(DAYS)
    files = Files(stored(table, tmp_path / "l[a]k{e} 100% *ü?=1"), table)
    answer = engine.stream({"rows": files}, everything(), ["day"]).read_all()
    assert answer["day"].to_pylist() == DAYS


def test_steps_build_on_each_other_and_columns_come_as_named(engine: Engine) -> None:
    steps = [
        Step("late", f"SELECT * FROM rows WHERE day >= DATE '{DAYS[4]}'"),
        Step("counted", "SELECT count(*) AS row_count, max(day) AS newest FROM late", is_kept=True),
        Step("answer", "SELECT late.day, counted.* FROM late CROSS JOIN counted ORDER BY day"),
    ]
    answer = engine.stream({"rows": some_rows(DAYS)}, steps, ["newest", "day", "row_count"])
    assert answer.read_all().to_pylist() == [
        {"newest": DAYS[5], "day": day, "row_count": 2} for day in DAYS[4:]
    ]


def test_nothing_of_one_answer_is_known_to_the_next(engine: Engine) -> None:
    steps = [Step("left_over", "SELECT 1 AS one", is_kept=True), *everything()]
    engine.stream({"rows": some_rows(DAYS)}, steps).read_all()
    for name in ("left_over", "rows", "answer"):
        with pytest.raises(EngineError, match=name):
            engine.stream({}, [Step("asked", f"SELECT * FROM {name}")])


def test_two_answers_can_be_read_side_by_side(engine: Engine) -> None:
    one = engine.stream({"rows": some_rows(DAYS[:2])}, everything(), ["day"])
    other = engine.stream({"rows": some_rows(DAYS[2:])}, everything(), ["day"])
    assert other.read_all()["day"].to_pylist() == DAYS[2:]
    assert one.read_all()["day"].to_pylist() == DAYS[:2]


def test_an_answer_leaves_no_file_behind_read_or_not(engine: Engine, spill: Path) -> None:
    engine.stream({"rows": some_rows(DAYS)}, everything()).read_all()
    unread = engine.stream({"rows": some_rows(DAYS)}, everything())
    del unread
    assert list(spill.iterdir()) == []


@pytest.mark.parametrize(
    "text",
    ["SELEC 1", "SELECT * FROM nowhere", "SELECT nothing FROM rows", "SELECT no_function(1)"],
)
def test_a_step_that_cannot_be_understood_is_named_in_one_sentence(
    engine: Engine, text: str
) -> None:
    with pytest.raises(EngineError) as caught:
        engine.stream({"rows": some_rows(DAYS)}, [Step("the_step", text)])
    assert "the_step" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_value_that_cannot_be_cast_is_an_error_never_a_null(engine: Engine) -> None:
    step = Step("the_step", "SELECT CAST(name AS BIGINT) AS number FROM rows")
    with pytest.raises(EngineError, match="the_step"):
        engine.stream({"rows": some_rows(DAYS)}, [step]).read_all()
