"""Any sequence of deliveries against an oracle: the same rules in plain Python."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crash_platform.engine.duckdb_engine import prepare
from crash_platform.lake.contract import Window
from crash_platform.pipelines.crashes.bronze import VERDICTS, land
from crash_platform.pipelines.crashes.tables import CRASH_RECORDS
from crash_platform_tests.pipelines.crashes.built_days import lake_in, live, rows
from crash_platform_tests.pipelines.crashes.raw_crashes import PULLED_AT, delivery

HALF_DAY = 12
KEYS = tuple(str(number) for number in range(1, 9))
DATES = ("2024-03-05", "2024-03-06", "2024-12-02", "soon")
WINDOWS = (
    "spanned",
    Window(date(2024, 3, 5), date(2024, 3, 5)),
    Window(date(2024, 3, 1), date(2024, 12, 5)),
)
MOMENTS = (None, "2024-06-01T00:00:00.000Z", "2024-06-02T00:00:00.000")


@dataclass(frozen=True)
class Word:
    """What one row of a delivery says."""

    key: str
    date_text: str
    time: str
    updated: str | None

    @property
    def content(self) -> tuple[str, str, str]:
        return self.key, self.date_text, self.time

    @property
    def raw(self) -> dict[str, str]:
        fields = {"collision_id": self.key, "crash_date": self.date_text, "crash_time": self.time}
        return fields | ({"source_updated_at": self.updated} if self.updated else {})


@dataclass(frozen=True)
class Told:
    """A delivery: ``moment`` counts half days, deliveries may come out of order."""

    moment: int
    words: tuple[Word, ...]
    complete: Window | str | None

    @property
    def pulled(self) -> datetime:
        return PULLED_AT + timedelta(hours=HALF_DAY * self.moment)

    def day(self, word: Word) -> date | None:
        day = None if word.date_text == "soon" else date.fromisoformat(word.date_text)
        return day if day and day <= self.pulled.date() else None

    def claimed(self) -> Window | None:
        if self.complete != "spanned":
            assert self.complete is None or isinstance(self.complete, Window)
            return self.complete
        days = [day for word in self.words if (day := self.day(word))]
        return Window(min(days), max(days)) if days else None


@dataclass
class Held:
    """What the oracle takes for true of one record."""

    word: Word
    day: date
    pulled: datetime
    is_live: bool = True


@dataclass
class Oracle:
    held: dict[str, Held] = field(default_factory=dict)
    heard: dict[tuple[str, str, str], datetime] = field(default_factory=dict)

    def land(self, told: Told) -> dict[str, int]:
        counts = dict.fromkeys((*VERDICTS, "repeated", "disappeared"), 0)
        by_key: dict[str, list[Word]] = {}
        for word in told.words:
            by_key.setdefault(word.key, []).append(word)
        for key, words in by_key.items():
            # sorted() is stable: of equal moments the later row is the later word
            ordered = sorted(words, key=lambda word: (word.updated or "")[:19])
            counts[self._hear(told, key, ordered)] += 1
            counts["repeated"] += len(words) - 1
        counts["disappeared"] = self._miss(told, by_key)
        return counts

    def _hear(self, told: Told, key: str, words: Sequence[Word]) -> str:
        last, held = words[-1], self.held.get(key)
        stated = [day for word in _distinct(words) if (day := told.day(word))]
        day = told.day(last) or (stated[-1] if stated else held.day if held else told.pulled.date())
        verdict = self._verdict(told, last, day)
        for word in words:
            self.heard.setdefault(word.content, told.pulled)
        if verdict not in ("unchanged", "older"):
            self.held[key] = Held(last, day, told.pulled)
            self.heard[last.content] = max(told.pulled, self.heard[last.content])
        return verdict

    def _verdict(self, told: Told, said: Word, day: date) -> str:
        held = self.held.get(said.key)
        if held is None:
            return "inserted"
        late = self._is_late(told, said, held)
        if held.is_live and held.word.content == said.content and (late or held.day == day):
            return "unchanged"
        if late:
            return "older"
        if not held.is_live:
            return "reappeared"
        return "corrected" if held.day == day else "moved"

    def _is_late(self, told: Told, said: Word, held: Held) -> bool:
        heard = self.heard.get(said.content)
        if heard and heard >= told.pulled:
            return True
        mine, theirs = (said.updated or "")[:19], (held.word.updated or "")[:19]
        if held.is_live and mine and theirs and mine != theirs:
            return mine < theirs
        return told.pulled < held.pulled

    def _miss(self, told: Told, named: dict[str, list[Word]]) -> int:
        window, missing = told.claimed(), 0
        for key, held in self.held.items():
            is_dated = held.word.date_text == held.day.isoformat()
            if not (window and held.is_live and is_dated and held.day in window):
                continue
            if key not in named and held.pulled < told.pulled:
                held.is_live, held.pulled, missing = False, told.pulled, missing + 1
        return missing


def _distinct(words: Sequence[Word]) -> list[Word]:
    last = {word.content: number for number, word in enumerate(words)}
    return [words[number] for number in sorted(last.values())]


words = st.builds(
    Word,
    st.sampled_from(KEYS),
    st.sampled_from(DATES),
    st.sampled_from(("8:00", "9:00")),
    st.sampled_from((None, None, *MOMENTS)),
)
tellings = st.builds(
    Told,
    st.integers(0, 6),
    st.lists(words, max_size=12).map(tuple),
    st.sampled_from((None, None, *WINDOWS)),
)


@pytest.mark.slow
@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.lists(tellings, min_size=4, max_size=8))
def test_any_deliveries_in_any_order_come_to_what_the_oracle_says(tellings: list[Told]) -> None:
    oracle, seen = Oracle(), set[tuple[str, str, str]]()
    with TemporaryDirectory() as folder:
        store = lake_in(Path(folder))
        for told in tellings:
            sent = delivery(
                [word.raw for word in told.words], HALF_DAY * told.moment, complete=told.complete
            )
            landing = land(store, sent)
            seen |= {word.content for word in told.words}
            assert dict(landing.counts) == oracle.land(told)
            assert sum(landing.counts[name] for name in (*VERDICTS, "repeated")) == landing.read
            assert landing.read == len(told.words)
            version = store.version(CRASH_RECORDS)
            assert land(store, sent).number is None
            assert store.version(CRASH_RECORDS) == version
        found = rows(store, CRASH_RECORDS)
        assert {
            key: (row["filed_date"], row["crash_date"], row["crash_time"])
            for key, row in live(store).items()
        } == {
            key: (held.day, *held.word.content[1:])
            for key, held in oracle.held.items()
            if held.is_live
        }
    assert seen == {
        (row["record_key"], row["crash_date"], row["crash_time"])
        for row in found
        if row["crash_date"] is not None
    }
    keys = [tuple(row[name] for name in CRASH_RECORDS.key) for row in found]
    assert len(set(keys)) == len(keys)
    assert all(row["pulled_at"].astimezone(UTC) >= PULLED_AT for row in found)


@pytest.mark.slow
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(tellings, min_size=2, max_size=4, unique_by=lambda told: told.moment))
def test_a_history_that_came_in_order_may_be_told_again_without_any_news(
    tellings: list[Told],
) -> None:
    history = sorted(tellings, key=lambda told: told.moment)
    with TemporaryDirectory() as folder:
        store = lake_in(Path(folder))
        for again in (False, True):
            for told in history:
                sent = delivery(
                    [word.raw for word in told.words],
                    HALF_DAY * told.moment,
                    complete=told.complete,
                )
                assert not (again and land(store, sent).number)
                land(store, sent)


texts = st.text(st.sampled_from(" \t\n\x0b\f\r\u00a0aé"), max_size=8) | st.text(max_size=8)


@cache
def engine() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    prepare(connection)
    return connection


def cleaned(text: str | None) -> str | None:
    return None if text is None else re.sub(r"[ \t\n\x0b\f\r]+", " ", text).strip(" ") or None


@settings(max_examples=50, deadline=None)
@given(st.lists(st.none() | texts.filter(lambda text: "\x00" not in text), max_size=50))
def test_cleaned_text_has_single_blanks_inside_and_none_around(values: list[str | None]) -> None:
    query = "SELECT [clean_text(x) FOR x IN ?::VARCHAR[]]"
    assert engine().execute(query, [values]).fetchall() == [([cleaned(v) for v in values],)]
