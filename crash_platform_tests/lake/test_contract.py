"""What a contract refuses to be, and what follows from it."""

from dataclasses import replace
from datetime import date

import pyarrow as pa
import pytest

from crash_platform.lake.contract import Column, Table, Window
from crash_platform_tests.lake.things import DAILY, THINGS

DAY = Column("thing_date", pa.date32(), "Its day.", False)


def test_a_table_knows_its_path_and_folders() -> None:
    assert (THINGS.path, THINGS.folder_column) == ("silver/things", "thing_month")
    assert THINGS.folder_of(date(2022, 3, 9)) == "2022-03"
    assert (DAILY.folder_column, DAILY.folder_of(date(2022, 3, 9))) == ("thing_year", "2022")


def test_a_window_cannot_end_before_it_starts() -> None:
    with pytest.raises(ValueError, match="ends before it starts"):
        Window(date(2022, 1, 2), date(2022, 1, 1))


def test_a_window_holds_both_its_ends() -> None:
    window = Window(date(2022, 1, 1), date(2022, 1, 2))
    assert [date(2022, 1, n) in window for n in (1, 2, 3)] == [True, True, False]
    assert str(window) == "2022-01-01..2022-01-02"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": "thi'ngs"}, "odd"),
        ({"layer": "../silver"}, "odd"),
        ({"columns": (DAY, Column("thing id", pa.int64(), "."))}, "odd"),
        ({"columns": (DAY, DAY)}, "repeated"),
        ({"key": ("number",)}, "absent"),
        ({"day_column": "day"}, "absent"),
        ({"filtered": ("place",)}, "absent"),
        ({"columns": (replace(DAY, type=pa.string()),), "key": ()}, "must be a date"),
        ({"columns": (replace(DAY, is_nullable=True),), "key": ()}, "never null"),
        ({"columns": (DAY, Column("thing_month", pa.string(), ".")), "key": ()}, "folders"),
    ],
)
def test_a_contract_that_contradicts_itself_is_refused(
    changes: dict[str, object], reason: str
) -> None:
    values = {"filtered": (), **{n: getattr(THINGS, n) for n in ("layer", "name", "columns")}}
    values |= {"key": ("thing_date",), "day_column": "thing_date", "description": "."}
    with pytest.raises(ValueError, match=reason):
        Table(**{**values, **changes})
