"""The files of a figure: what is in them, what they are called."""

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crash_platform.serving.dashboards.downloads import csv_file, parquet_file
from crash_platform.serving.dashboards.figure import Asked, Field, Figure
from crash_platform_tests.serving.dashboards.boards import board, by_day

BOARD = board()
ASKED: Asked = {"first_day": date(2024, 3, 1), "last_day": date(2024, 3, 31), "boroughs": ["A"]}
FIGURE = replace(
    by_day(),
    fields=(Field("day", "Day", "day"), Field("street", "Street"), Field("n", "Crashes", "count")),
)
ROWS = pa.table(
    {
        "n": [-1, None],
        "hidden": [1, 2],
        "street": ['5 "AV", NY', "=1+1"],
        "day": [date(2024, 3, 1), None],
    }
)


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(), newline="")))


def test_a_csv_has_the_fields_in_their_order_and_nothing_else() -> None:
    file = csv_file(BOARD, FIGURE, ASKED, ROWS)
    assert read(file.content) == [
        ["day", "street", "n"],
        ["2024-03-01", '5 "AV", NY', "-1"],
        ["", "'=1+1", ""],
    ]
    assert file.media_type.startswith("text/csv; charset=utf-8")


@pytest.mark.parametrize("kind", [csv_file, parquet_file])
def test_a_file_is_named_after_its_figure_and_days(kind: object) -> None:
    file = kind(BOARD, FIGURE, ASKED, ROWS)  # type: ignore[operator]
    assert file.name.rsplit(".")[0] == "board-by-day-2024-03-01-2024-03-31"


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=5))
def test_no_text_begins_like_a_formula(texts: list[str]) -> None:
    figure = replace(FIGURE, fields=(Field("street", "Street"),))
    cells = csv_file(BOARD, figure, {}, pa.table({"street": texts})).content
    for cell in (row[0] for row in read(cells)[1:] if row):
        is_number = cell.lstrip("+-").replace(".", "", 1).replace("e", "", 1)[:1].isdigit()
        assert is_number or not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


def test_parquet_keeps_types_and_says_what_the_numbers_are() -> None:
    rows = ROWS.append_column("at", pa.array([datetime(2024, 3, 1, 5, tzinfo=UTC), None]))
    figure: Figure = replace(FIGURE, fields=(*FIGURE.fields, Field("at", "At", "moment")))
    file = parquet_file(BOARD, figure, ASKED, rows)
    found = pq.read_table(pa.BufferReader(file.content))
    assert found.schema.names == ["day", "street", "n", "at"]
    assert found["street"].to_pylist() == ['5 "AV", NY', "=1+1"]
    assert found.schema.field("n").type == pa.int64()
    assert found["at"].to_pylist()[0] == datetime(2024, 3, 1, 5, tzinfo=UTC)
    said = {key.decode(): value.decode() for key, value in found.schema.metadata.items()}
    assert said["definition"] == "Crashes of a day."
    assert said["sources"] == "gold/daily_crashes"
    assert said["asked"] == (
        '{"first_day": "2024-03-01", "last_day": "2024-03-31", "boroughs": ["A"]}'
    )
    assert found.schema.field("n").metadata[b"label"] == b"Crashes"
