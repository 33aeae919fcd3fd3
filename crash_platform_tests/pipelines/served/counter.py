"""Answers, spools that die, and a table in memory with the face of ``ServedTable``."""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake.exceptions import CommitFailedError
from pydantic import BaseModel, TypeAdapter

from crash_platform.pipelines.injuries.answering import Answer
from crash_platform.pipelines.served.lines import Asked, Line, written_lines
from crash_platform.pipelines.served.moving import ServedTable
from crash_platform.pipelines.served.spool import Spool
from crash_platform.pipelines.served.tables import SERVED_PREDICTIONS

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
DAY = date(2026, 3, 4)
TOLD = '{"crash_date":"2026-03-04"}'


class Telling(BaseModel):
    """A report; as JSON it is ``TOLD``, if it says nothing but the day."""

    crash_date: date
    collision_id: int | None = None
    text: str | None = None


LINES = TypeAdapter(list[Line[Telling]])


class KilledError(BaseException):
    """The process ends here, as by kill -9: nobody catches it."""


def answer(**more: Any) -> Answer:
    """What a model says."""
    said: dict[str, Any] = {
        "feature_set": "first_report",
        "probability": 0.25,
        "is_predicted_injury": False,
        "threshold": 0.5,
        "model_version": 1,
        "model_as_of": DAY,
    }
    return Answer(**said | more)


def lines(request_id: str, places: int = 1, **more: Any) -> bytes:
    """The lines of one request."""
    told = Telling(crash_date=DAY)
    answered = [(told, answer(**more))] * places
    return written_lines(LINES, (Asked(request_id, "batch"), NOW), answered)


def served(request_id: str, **more: Any) -> dict[str, Any]:
    """A row of the table."""
    return {
        "asked_at": NOW,
        "asked_date": NOW.date(),
        "request_id": request_id,
        "place_in_request": 0,
        "channel": "predict",
        "crash_date": DAY,
        "collision_id": None,
        "feature_set": "first_report",
        "model_version": 1,
        "model_as_of_date": DAY,
        "probability": 0.25,
        "threshold": 0.5,
        "is_predicted_injury": False,
        "told": TOLD,
    } | more


@dataclass
class Disk:
    """``os.write``, but of the next writes only so many bytes are taken, and then it fails."""

    faults: list[tuple[int, BaseException] | None] = field(default_factory=list)
    _fails: BaseException | None = None

    def write(self, handle: int, data: memoryview) -> int:
        """Write, or not."""
        if self._fails is not None:
            fails, self._fails = self._fails, None
            raise fails
        fault = self.faults.pop(0) if self.faults else None
        if fault is None:
            return os.write(handle, data)
        taken, error = fault
        if taken <= 0:
            raise error
        self._fails = error if taken < len(data) else None
        return os.write(handle, data[:taken])


def numbered() -> Callable[[], str]:
    """Names that nobody has given yet."""
    numbers = count()
    return lambda: f"file-{next(numbers):06d}"


def kill(spool: Spool) -> None:
    """End the process of a spool: the kernel closes what it held, and nothing else happens."""
    if spool._file is not None:
        os.close(spool._file.handle)
    spool._file = None


class FakeTable(ServedTable):
    """The table in memory; the next appends fail as told, before the commit or after it."""

    def __init__(self) -> None:
        self.rows = SERVED_PREDICTIONS.schema.empty_table()
        self.ends: dict[str, int] = {}
        self.asked = self.commits = 0
        self.before: list[BaseException | None] = []
        self.after: list[BaseException | None] = []
        self.tidied: list[date] = []

    def held(self, files: Iterable[Path]) -> dict[Path, int]:
        """How many bytes of each file are in the table."""
        self.asked += 1
        return {path: self.ends.get(path.name, 0) for path in files}

    def append(self, rows: pa.Table, parts: Mapping[Path, tuple[int, int]]) -> None:
        """Rows and ends in one commit."""
        self.asked += 1
        _raise_next(self.before)
        if any(self.ends.get(path.name, 0) != begins for path, (begins, _) in parts.items()):
            raise CommitFailedError("moved by another")
        self.rows = pa.concat_tables([self.rows, rows.cast(SERVED_PREDICTIONS.schema)])
        self.ends |= {path.name: ends for path, (_, ends) in parts.items()}
        self.commits += 1
        _raise_next(self.after)

    def tidy(self, day: date) -> None:
        """Note the day."""
        self.tidied.append(day)

    def keys(self) -> list[tuple[str, int]]:
        """Request and place of every row, each as often as it is there."""
        both = (self.rows[name].to_pylist() for name in ("request_id", "place_in_request"))
        return sorted(zip(*both, strict=True))


def _raise_next(faults: list[BaseException | None]) -> None:
    fault = faults.pop(0) if faults else None
    if fault is not None:
        raise fault
