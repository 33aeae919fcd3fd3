"""What is DuckDB's alone: its memory bound, its spilling, its errors while an answer is read."""

from pathlib import Path

import pyarrow as pa
import pytest

from crash_platform.engine.duckdb_engine import DuckDBEngine, declaration
from crash_platform.engine.functions import FUNCTIONS, Function
from crash_platform.engine.plan import EngineError, Step

MANY = pa.table(
    {"x": pa.array(range(200_000)), "text": ["0" * 40 + str(n) for n in range(200_000)]}
)


def test_an_answer_comes_in_batches_of_bounded_size() -> None:
    batches = list(DuckDBEngine().stream({"many": MANY}, [Step("all_rows", "SELECT * FROM many")]))
    assert sum(batch.num_rows for batch in batches) == MANY.num_rows
    assert max(batch.num_rows for batch in batches) <= 65_536 + 2_048


def test_what_does_not_fit_into_memory_goes_to_the_spill_folder(tmp_path: Path) -> None:
    wide = pa.table({"x": MANY["x"], **{f"text_{n}": MANY["text"] for n in range(8)}})
    engine = DuckDBEngine(memory_limit="64MB", spill_folder=tmp_path)
    steps = [
        Step("kept", "SELECT * FROM wide", is_kept=True),
        Step("all_rows", "SELECT * FROM kept"),
    ]
    reader = engine.stream({"wide": wide}, steps, ["x"])
    assert [path for path in tmp_path.rglob("*") if path.is_file()]
    assert reader.read_all().num_rows == MANY.num_rows
    assert list(tmp_path.iterdir()) == []


def test_an_error_far_into_an_answer_is_a_sentence_too() -> None:
    said = pa.array(["1"] * (MANY.num_rows - 1) + ["far"])
    text = "SELECT CAST(said AS BIGINT) AS number FROM many"
    with pytest.raises(EngineError, match=r"^DuckDB cannot make asked: Conversion Error"):
        DuckDBEngine().stream({"many": pa.table({"said": said})}, [Step("asked", text)]).read_all()


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_a_declaration_names_the_function_and_its_parameters(function: Function) -> None:
    text = declaration(function)
    assert text.startswith("CREATE OR REPLACE TEMP MACRO ")
