"""What a file that cannot be read whole is answered with: one sentence, whichever engine stumbled.

Only the wording lives here; what counts as unreadable is decided where files are read.
"""

import csv
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crash_platform.errors import PlatformError

_CUT = "the file is cut or damaged, fetch it again"
_LINE = re.compile(r"CSV Error on Line: (\d+)")
_CELLS = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")
_MALFORMED = re.compile(r"Malformed JSON in file .*? in (record|line)(?:/value)? (\d+): ([^.\n]+)")
_NOT_AN_OBJECT = re.compile(r"in (record|line)(?:/value)? (\d+): Expected OBJECT, but got (\w+)")
_TWICE = re.compile(r"in (record|line)(?:/value)? (\d+): Object .* has duplicate key")


class UnreadableSource(PlatformError):  # noqa: N818 - says what the person's source is
    """A file or folder that cannot be read whole: the text names it, the place, what to do."""


@contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Turn what an engine raises about the content of `path` into `UnreadableSource`."""
    import duckdb
    import pyarrow as pa

    try:
        yield
    except UnicodeError as error:
        raise UnreadableSource(f"{path.name} is not UTF-8 text: save it again as UTF-8.") from error
    except (duckdb.Error, pa.ArrowException, OSError, EOFError, zlib.error, csv.Error) as error:
        raise UnreadableSource(f"{path.name}{_told(str(error))}.") from error


def _told(text: str) -> str:
    """The engine's message as the rest of a sentence; never a value out of the file."""
    return _told_of_csv(text) or _told_of_json(text) or _told_of_file(text)


def _told_of_csv(text: str) -> str | None:
    line = _LINE.search(text)
    where = f", line {line[1]}:" if line else ""
    cells = _CELLS.search(text)
    if cells:
        return f"{where} {cells[2]} cells where the header has {cells[1]}; {_CUT}"
    if "Maximum line size" in text:
        return (
            f"{where} is longer than any record could be, as if a quote were never closed; {_CUT}"
        )
    if "not utf-8" in text:
        return f"{where} is not UTF-8 text; save the file again as UTF-8"
    if "unterminated quote" in text:
        return f"{where} a quote is opened and not closed, or closed inside a value; {_CUT}"
    if "state machine reached an invalid state" in text:
        return " mixes kinds of line ends, or breaks a line inside a row; save it again as CSV"
    return f"{where} is not a well-formed CSV row; {_CUT}" if line else None


def _told_of_json(text: str) -> str | None:
    broken = _MALFORMED.search(text)
    if broken:
        # The engine names the value it would have read next, one past the broken one.
        place = f"{broken[1]} {max(1, int(broken[2]) - 1)}"
        return f", {place}: is not well-formed JSON ({broken[3].strip()}); {_CUT}"
    other = _NOT_AN_OBJECT.search(text)
    if other:
        return f", {other[1]} {other[2]}: is not a JSON object of named values; check the file"
    twice = _TWICE.search(text)
    if twice:
        return f", {twice[1]} {twice[2]}: has the same key twice; check the file"
    return None


def _told_of_file(text: str) -> str:
    low = text.lower()
    if any(word in low for word in ("gzip", "zlib", "crc check", "compressed")):
        return f" is not a complete gzip file; {_CUT}"
    if any(word in low for word in ("magic bytes", "parquet", "too small", "thrift", "snappy")):
        return f" is not a complete Parquet file; {_CUT}"
    if "permission denied" in low:
        return " may not be read by this user: change its permissions"
    if "no such file" in low or "no files found" in low:
        return " does not exist: check the path"
    kind = " ".join(text.partition(":")[0].split())[:80] or "no reason given"
    return f" cannot be read ({kind}); {_CUT}"
