"""What every shared SQL function makes of nasty values: one table of cases for all engines.

Arguments are SQL texts that DuckDB and Spark read alike, or Python texts, which go in as data.
"""

from dataclasses import dataclass
from datetime import date, datetime
from hashlib import md5
from typing import Any

import pyarrow as pa

from crash_platform.engine.functions import FUNCTIONS, Function
from crash_platform.engine.plan import Engine, Step

NASTY = (
    None, "", " ", "\t\n", "\u00a0", "\u2028", "\x00", "a\x00b", "ß", "\u0131", "İ", "é",
    "e\u0301", "漢字",
    "🚗", "\u00a0x\u00a0", "  two   blanks ", "a\tb\nc\x0bd\x0ce\rf", "0", "-0", "+5", "00", "007",
    "1.0", "1.", ".5", "40.70", "40.", "-73.900", "1e3", "0x1F", "1_000", "1,000", "٣", "12\n",
    "999999999999999999", "-999999999999999999", "1000000000000000000", "9223372036854775808",
    "999999999999999999.999999999999999999", "0.1", "0.30000000000000004", "-0.0", "NaN", "nan",
    "Infinity", "-inf", "NULL", "true", "24:00", "23:59", "0:00", "00:00", "9:7", "9:07", "09:07",
    " 9:07", "2:30", "12:30:00", "1:00 AM", "2024-02-29", "2023-02-29", "2024-13-01", "2024-00-10",
    "0001-01-01", "0000-01-01", "9999-12-31", "10000-01-01", "2024-1-5", "2024-01-05T00:00:00.000",
    "2024-01-05 23:59", "2024-01-05\n", "2024-01-05T\n", "2024-01-05x", "02/29/2023", "02/29/2024",
    "13/01/2024", "01/31/0000", "12/31/9999", "1/5/2024", "01/05/24", "'; DROP TABLE x; --", "100%",
    "\\", "\\d", "Illnes", "TAXI/Cab #2", "a__b", "{[(*?)]}",
)  # fmt: skip
"""Texts that one engine or another has been known to read its own way."""

MOMENTS = tuple(
    (day, time)
    for day in (None, date(1, 1, 1), date(2024, 3, 10), date(2024, 11, 3), date(9999, 12, 31))
    for time in (None, "", "0:00", "2:30", "02:30", "24:00", "23:59", "9:7", "9:07\n", "1:30 AM")
)
DAYS = (
    None,
    date(1, 1, 1),
    date(1582, 10, 10),
    date(2024, 3, 10),
    *(date(2024, 7, day) for day in range(1, 8)),
)
LISTS: tuple[list[str | None] | None, ...] = (None, [], ["a"], ["a", None, ""], ["ß", "🚗"])
FIVES: tuple[tuple[str | None, ...], ...] = (
    (None,) * 5,
    ("a", None, "", None, "a"),
    (None, None, None, None, "z"),
    ("NULL", " ", "ß", "🚗", "e"),
)


@dataclass(frozen=True)
class Case:
    """What a function must make of some arguments."""

    function: str
    arguments: tuple[Any, ...]
    answer: Any


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _cases(function: str, answers: dict[str | None, Any]) -> list[Case]:
    return [Case(function, (text,), answer) for text, answer in answers.items()]


CASES = [
    *_cases("clean_text", {
        None: None, "": None, " \t\r\n": None, "\u00a0": "\u00a0", "  two   blanks ": "two blanks",
        "a\tb\nc\x0bd\x0ce\rf": "a b c d e f", "\u00a0x\u00a0": "\u00a0x\u00a0", "ß": "ß",
        "'; DROP TABLE x; --": "'; DROP TABLE x; --", "🚗 ": "🚗",
    }),
    *_cases("capitals", {
        None: None, "": "", "queens": "QUEENS", "Staten Island": "STATEN ISLAND", "ß": "ß",
        "éa": "éA", "\u0131": "\u0131", "漢z": "漢Z",
    }),
    *_cases("vocabulary_key", {
        None: None, "": "", "TAXI/Cab #2": "taxi cab 2", "a__b": "a b", "ß": "",
        "İstanbul": "stanbul", " Illnes ": "illnes", "🚗car": "car", "80": "80",
    }),
    *_cases("plain_number", {
        None: None, "": "", "40.70": "40.7", "40.00": "40", "40.": "40", "400": "400", "0.0": "0",
        "-73.900": "-73.9", ".0": "", "1e3": "1e3", "a.b0": "a.b", "1.0 ": "1.0 ",
    }),
    *_cases("strict_bigint", {
        None: None, "": None, "0": 0, "-0": 0, "+5": None, "007": 7, "1.0": None, "1e3": None,
        " 1": None, "12\n": None, "1,000": None, "٣": None, "NaN": None, "true": None,
        "999999999999999999": 10**18 - 1, "-999999999999999999": 1 - 10**18,
        "1000000000000000000": None, "9223372036854775808": None, "--1": None, "0x1F": None,
    }),
    *_cases("strict_double", {
        None: None, "": None, "0": 0.0, "1.0": 1.0, "-73.900": -73.9, "1.": None, ".5": None,
        "1e3": None, "NaN": None, "Infinity": None, "-inf": None, "0.1\n": None, "40,7": None,
        "0.30000000000000004": 0.30000000000000004, "999999999999999999": 1e18,
        "1000000000000000000": None, "0.1234567890123456789": None, "+1": None,
    }),
    *_cases("day_of", {
        None: None, "": None, "2024-02-29": date(2024, 2, 29), "2023-02-29": None,
        "2024-13-01": None, "2024-00-10": None, "0001-01-01": date(1, 1, 1), "0000-01-01": None,
        "9999-12-31": date(9999, 12, 31), "10000-01-01": None, "2024-1-5": None,
        "2024-01-05T00:00:00.000": date(2024, 1, 5), "2024-01-05 25:99": date(2024, 1, 5),
        "2024-01-05\n": None, "2024-01-05T\n": date(2024, 1, 5), "2024-01-05x": None,
        "02/29/2023": None, "02/29/2024": date(2024, 2, 29), "13/01/2024": None,
        "01/31/0000": None, "12/31/9999": date(9999, 12, 31), "1/5/2024": None, "01/05/24": None,
        "02/29/2024 ": None, "2020-01-01": date(2020, 1, 1), "1900-02-29": None,
    }),
    *(Case("moment_of", (date(2024, 3, 10), time), answer) for time, answer in {
        "2:30": _moment("2024-03-10T02:30"), "02:30": _moment("2024-03-10T02:30"),
        "0:00": _moment("2024-03-10T00:00"), "23:59": _moment("2024-03-10T23:59"),
        "24:00": None, "9:7": None, "12:60": None, "12:30:00": None, "9:07\n": None, "": None,
        None: None, " 9:07": None, "-1:00": None,
    }.items()),
    Case("moment_of", (None, "9:07"), None),
    Case("moment_of", (date(1, 1, 1), "0:00"), _moment("0001-01-01T00:00")),
    Case("moment_of", (date(9999, 12, 31), "23:59"), _moment("9999-12-31T23:59")),
    *(Case("iso_weekday", (day,), None if day is None else day.isoweekday()) for day in DAYS),
    Case("compact_list", FIVES[0], []),
    Case("compact_list", FIVES[1], ["a", "", "a"]),
    Case("compact_list", FIVES[2], ["z"]),
    Case("compact_list", FIVES[3], ["NULL", " ", "ß", "🚗", "e"]),
    *(Case("item_of", (["a", None, "c"], position), answer) for position, answer in {
        1: "a", 2: None, 3: "c", 4: None, 0: None, -1: None, None: None,
    }.items()),
    Case("item_of", (None, 1), None),
    Case("item_of", ([], 1), None),
    *_cases("digest", {
        None: None, "": "d41d8cd98f00b204", "a": "0cc175b9c0f1b6a8",
        "ß": md5("ß".encode()).hexdigest()[:16],
    }),
]  # fmt: skip

SUITS: dict[str, tuple[tuple[Any, ...], ...]] = {
    "moment_of": MOMENTS,
    "iso_weekday": tuple((day,) for day in DAYS),
    "compact_list": FIVES,
    "item_of": tuple((items, place) for items in LISTS for place in (None, -1, 0, 1, 2, 3, 9)),
}
"""Arguments of the functions that take anything but one text; the others get ``NASTY``."""

_ARROW = {
    "STRING": pa.string(),
    "DATE": pa.date32(),
    "INT": pa.int32(),
    "ARRAY<STRING>": pa.list_(pa.string()),
}


def function_named(name: str) -> Function:
    return next(function for function in FUNCTIONS if function.name == name)


def suite(function: Function) -> tuple[tuple[Any, ...], ...]:
    """Many arguments of a function, none of which an engine may stumble over."""
    return SUITS.get(function.name, tuple((text,) for text in NASTY))


def answers(engine: Engine, function: Function, rows: list[tuple[Any, ...]]) -> list[Any]:
    """What an engine's function makes of rows of arguments, in order."""
    names = [name for name, _ in function.parameters]
    columns = {
        name: pa.array([row[place] for row in rows], _ARROW[kind])
        for place, (name, kind) in enumerate(function.parameters)
    }
    data = pa.table({"number": pa.array(range(len(rows))), **columns})
    call = f"SELECT number, {function.name}({', '.join(names)}) AS answer FROM data ORDER BY number"
    answer: list[Any] = engine.stream({"data": data}, [Step("asked", call)]).read_all()["answer"]
    return [value.as_py() for value in answer]
