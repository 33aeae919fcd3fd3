"""A lake in which every text that came from elsewhere is an attack, and the server over it."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import h3
import pyarrow as pa

from crash_platform.commands.site import dashboards
from crash_platform.lake.contract import Table
from crash_platform.serving.dashboards.reading import tables_of
from crash_platform.settings import Settings
from crash_platform_tests.serving.dashboards.figures import lake

HTML: Final = (
    "</script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    "{{7*7}}${7*7}<!--]]><a href=javascript:alert(1)>"
)
FORMULAS: Final = (
    *("=cmd|' /C calc'!A0", "+1+cmd", "-2+3+cmd|' /C calc'!A0", "@SUM(1+1)*cmd"),
    *("\t=1+1", "\r=1+1", "\n=1+1", '=1+1";=1+1,"x"\r\n=2', "＝1+1"),  # noqa: RUF001
)
TEXTS: Final = (HTML, *FORMULAS)
DAY: Final = date(2023, 9, 19)
AT: Final = datetime(2023, 9, 19, 15, tzinfo=UTC)
JSON: Final = {
    **dict.fromkeys(("feature_psi", "parameters", "properties", "card"), '{"=1+1</script>": 0.5}'),
    **dict.fromkeys(("curve", "calibration"), "[]"),
    "gates": '{"</script>": {"passed": false, "is_required": true}}',
    "h3_cell": h3.latlng_to_cell(40.7, -73.95, 9),
}
"""Texts that the platform made itself, and reads again: what is in them has a form."""
BELIEVED: Final = {"feature_set": "first_report", "experiment": "models", "stream": "weather"}
"""What a figure has to find to show anything; each table has it in every second row."""
PNG: Final = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (640).to_bytes(4) + (480).to_bytes(4) + b"\0" * 8


def every_table(home: Path) -> tuple[Table, ...]:
    """All that any dashboard reads."""
    found = [each for board in dashboards(Settings(home=home)) for each in tables_of(board)]
    return tuple({table.path: table for table in found}.values())


def poison(home: Path) -> None:
    """Write the lake."""
    known = every_table(home)
    lake(home, {table.path: list(_rows(table)) for table in known}, known)


def _rows(table: Table) -> Iterator[dict[str, Any]]:
    for number, text in enumerate(TEXTS):
        row = {each.name: _value(each.type, number, text) for each in table.columns}
        row |= {name: value for name, value in JSON.items() if name in row}
        if number % 2 == 0:
            row |= {name: value for name, value in BELIEVED.items() if name in row}
        yield row
        if number == 0:
            yield row | {name: text for name in BELIEVED if name in row}


def _value(kind: pa.DataType, number: int, text: str) -> Any:
    if pa.types.is_string(kind):
        return text
    if pa.types.is_list(kind):
        return [text, "Sedan"]
    if pa.types.is_integer(kind):
        return number + 1
    values: Sequence[tuple[Any, Any]] = (
        (pa.types.is_floating, 0.5),
        (pa.types.is_boolean, True),
        (pa.types.is_date, DAY),
        (pa.types.is_binary, PNG),
    )
    zoned = AT if getattr(kind, "tz", None) else AT.replace(tzinfo=None)
    return next((value for is_it, value in values if is_it(kind)), zoned)
