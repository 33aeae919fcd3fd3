import csv
import io
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crash_platform.lake.csv_text import as_csv, safe_cell, safe_column, write_csv


def read_back(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("BROADWAY", "BROADWAY"),
        ("", ""),
        ('=HYPERLINK("http://x","y")', '\'=HYPERLINK("http://x","y")'),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+1 555", "'+1 555"),
        ("-2+3+cmd|' /C calc'!A0", "'-2+3+cmd|' /C calc'!A0"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("＝1+1", "'＝1+1"),  # noqa: RUF001
        ("-73.98", "-73.98"),
        ("+1e-5", "+1e-5"),
        ("-1\n", "'-1\n"),
        ("-", "'-"),
        ("a=1", "a=1"),
    ],
)
def test_a_text_that_a_spreadsheet_would_run_gets_an_apostrophe(text: str, told: str) -> None:
    assert safe_cell(text) == told


@given(st.lists(st.none() | st.text() | st.from_regex(r"\A[=+\-@\t\r][-+0-9.eE=\n]*\Z")))
def test_a_column_is_made_safe_as_its_cells_are(texts: list[str | None]) -> None:
    told = safe_column(pa.array(texts, pa.string())).to_pylist()
    assert told == [None if text is None else safe_cell(text) for text in texts]


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00")), min_size=1))
def test_every_text_comes_back_from_the_file_as_it_was_made_safe(texts: list[str]) -> None:
    rows = read_back(as_csv(pa.table({"said": texts})))
    assert rows == [["said"], *([safe_cell(text)] for text in texts)]


def test_numbers_days_moments_lists_and_what_is_missing_stay_what_they_are() -> None:
    table = pa.table(
        {
            "count": [-3, None],
            "share": [0.25, None],
            "is_final": [True, None],
            "crash_date": pa.array([date(2022, 3, 1), None]),
            "known_at": pa.array([datetime(2022, 3, 1, 9, 5, tzinfo=UTC), None]),
            "types": pa.array([["Bus", '=1"'], None]),
            "body": pa.array([b"\x00\xff", None]),
            "word": pa.array(["=1", None]).dictionary_encode(),
            "=name": ["a,b", None],
        }
    )
    first, *rows = read_back(as_csv(table))
    assert first == [*table.column_names[:-1], "'=name"]
    assert rows == [
        [
            *("-3", "0.25", "true", "2022-03-01", "2022-03-01 09:05:00.000000Z"),
            *('["Bus", "=1\\""]', "AP8=", "'=1", "a,b"),
        ],
        [""] * 9,
    ]


def test_no_rows_are_a_line_of_names() -> None:
    out = io.BytesIO()
    table = pa.table({"a": pa.array([], pa.int64()), "b": pa.array([], pa.list_(pa.string()))})
    assert write_csv(table.schema, table.to_batches(), out) == 0
    assert out.getvalue() == b'"a","b"\n'


def test_batches_are_written_one_after_the_other() -> None:
    out = io.BytesIO()
    batches = [pa.record_batch({"a": [1, 2]}), pa.record_batch({"a": [3]})]
    assert write_csv(batches[0].schema, batches, out) == 3
    assert out.getvalue() == b'"a"\n1\n2\n3\n'
