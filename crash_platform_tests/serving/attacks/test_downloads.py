"""Files of texts that are formulas: a spreadsheet runs none, programs read what was said."""

import csv
import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crash_platform.commands.site import dashboards
from crash_platform.settings import Settings
from crash_platform_tests.serving.attacks.attacker import Attacker
from crash_platform_tests.serving.attacks.poisoned import FORMULAS, HTML

FIGURES = [
    f"{board.path}/{figure.name}"
    for board in dashboards(Settings(home=Path("none")))
    for figure in board.figures
    if any(each.format == "text" for each in figure.fields)
]
"""Those that show texts."""
STARTS = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001


def is_number(cell: str) -> bool:
    """Whether a cell is a number, which a spreadsheet does not run."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


@pytest.fixture(scope="module")
def files(poisoned: Attacker) -> dict[str, tuple[list[list[str]], pa.Table]]:
    """Every download that there is: its CSV, its Parquet."""
    found = {}
    for path in FIGURES:
        text, binary = poisoned.get(f"{path}.csv"), poisoned.get(f"{path}.parquet")
        assert text.status == binary.status
        if text.status == 200:
            rows = list(csv.reader(io.StringIO(text.text, newline=""), strict=True))
            found[path] = (rows, pq.read_table(pa.BufferReader(binary.content)))
    return found


def test_no_cell_of_any_download_is_a_formula(files: dict[str, Any]) -> None:
    assert len(files) > 12
    cells = [cell for rows, _ in files.values() for row in rows for cell in row]
    assert [each for each in cells if each.startswith(STARTS) and not is_number(each)] == []
    neutral = {f"'{each}" for each in FORMULAS}
    assert neutral <= set(cells)


def test_quotes_and_newlines_in_a_text_break_no_row(files: dict[str, Any]) -> None:
    for path, (rows, table) in files.items():
        assert {len(row) for row in rows} == {table.num_columns}, path
        assert len(rows) == table.num_rows + 1, path


def test_parquet_holds_the_texts_as_they_were_said(files: dict[str, Any]) -> None:
    texts = set[str]()
    for path, (rows, table) in files.items():
        for number, name in enumerate(table.schema.names):
            if pa.types.is_string(table.schema.field(name).type):
                said = [each or "" for each in table[name].to_pylist()]
                shown = [row[number] for row in rows[1:]]
                assert shown == [f"'{s}" if c != s else s for s, c in zip(said, shown, strict=True)]
                texts |= set(said)
            assert table[name].validate(full=True) is None, path
    assert {HTML, *FORMULAS} <= texts


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_the_name_of_a_file_is_plain_whatever_was_asked(poisoned: Attacker, kind: str) -> None:
    query = {"first_day": "2023-09-19", "x": 'a"\r\nX-Evil: 1'}
    answer = poisoned.get(f"/causes/factors.{kind}", query)
    assert answer.headers["content-disposition"] == (
        f'attachment; filename="causes-factors-2023-09-19-2023-09-19.{kind}"'
    )
    assert answer.headers["cache-control"] == "no-store"
    assert "x-evil" not in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        *("/causes/..%2f..%2fetc%2fpasswd.csv", "/causes/%00.csv", "/causes/factors.csv%00.png"),
        *("/causes/factors.html", "/causes/factors.csv/", "/causes/factors..csv", "/causes/.csv"),
        *("/causes/" + "a" * 5_000 + ".csv", "/overview/factors.csv", "/causes/factors.CSV"),
    ],
)
def test_what_is_no_download_of_a_dashboard_is_not_found(poisoned: Attacker, path: str) -> None:
    assert poisoned.get(path).status == 404
