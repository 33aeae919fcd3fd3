"""Any string that is written to a file of records comes back as the same string."""

import csv
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crash_platform.sources.files import Dialect, read_records

pytestmark = pytest.mark.slow

FIELDS = ("one", "two")
DIALECT = Dialect(
    "any",
    frozenset({"csv", "json", "parquet"}),
    {"One": "one", "Two": "two"},
    frozenset({"One"}),
)
Row = tuple[str | None, str | None, str | None]

_nasty = st.sampled_from(
    ["", " ", '"', '""', "\n", "\r\n", "\r", ",", "a,b", "\\", "null", "'", "#"]
)
_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_cell = st.none() | st.lists(_nasty | _text, max_size=4).map("".join)
_rows = st.lists(st.tuples(_cell, _cell, _cell), min_size=1, max_size=8)


def _read(path: Path) -> list[Row]:
    table = read_records(path, [DIALECT], FIELDS).reader.read_all()
    assert table["source_row"].to_pylist() == list(range(table.num_rows))
    extra = [None if text is None else json.loads(text)["X y"] for text in _texts(table)]
    return list(zip(table["one"].to_pylist(), table["two"].to_pylist(), extra, strict=True))


def _texts(table: pa.Table) -> list[str | None]:
    texts: list[str | None] = table["extra_fields"].to_pylist()
    return texts


@settings(max_examples=25, deadline=None)
@given(_rows, st.sampled_from([("\r\n", csv.QUOTE_MINIMAL), ("\n", csv.QUOTE_ALL)]))
def test_csv(rows: list[Row], style: tuple[str, Literal[0, 1]]) -> None:
    line_end, quoting = style
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        with path.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, lineterminator=line_end, quoting=quoting)
            writer.writerows([("One", "Two", "X y"), *rows])

        assert _read(path) == [tuple(cell or None for cell in row) for row in rows]


@settings(max_examples=25, deadline=None)
@given(_rows, st.booleans(), st.booleans())
def test_json(rows: list[Row], is_list: bool, is_ascii: bool) -> None:
    names = ("One", "Two", "X y")
    # a first record with every name, as a file whose records are all empty is refused
    records = [dict.fromkeys(names, "-"), *(dict(zip(names, row, strict=True)) for row in rows)]
    texts = [json.dumps(record, ensure_ascii=is_ascii) for record in records]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.json"
        text = (
            f"[{chr(10).join(texts[:1])}\n,{','.join(texts[1:])}]" if is_list else "\n".join(texts)
        )
        path.write_text(text, encoding="utf-8", newline="")

        assert _read(path) == [("-", "-", "-"), *rows]


@settings(max_examples=25, deadline=None)
@given(_rows)
def test_parquet(rows: list[Row]) -> None:
    columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.parquet"
        pq.write_table(pa.table(columns, ["One", "Two", "X y"]), path)

        assert _read(path) == rows
