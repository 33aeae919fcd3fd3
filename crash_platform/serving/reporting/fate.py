"""What became of a report: the steps from here to the view of now, as the lake tells them.

Reading only; a report is known by the id it was sent with.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

import pyarrow.dataset as ds

from crash_platform.lake.contract import Table, Window
from crash_platform.lake.store import Store
from crash_platform.pipelines.crashes.tables import CRASH_COVERAGE
from crash_platform.pipelines.reports.tables import (
    CRASH_EVENTS,
    CRASHES_NOW,
    LIVE_PREDICTIONS,
    QUARANTINED_REPORTS,
    RULES,
)
from crash_platform.serving.reporting.outbox import Line
from crash_platform.serving.reporting.words import of_hundred

Row = Mapping[str, Any]
Progress = Literal["done", "waiting", "failed"]
_RULES: Final = {rule.name: rule.description for rule in RULES}
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Step:
    """One thing that happens to a report.

    Attributes:
        key: for programs.
        label: for people.
        at: when it happened; None before that.
        text: more about it, one sentence.
    """

    key: str
    label: str
    progress: Progress
    text: str
    at: datetime | None = None


@dataclass(frozen=True)
class Traces:
    """What the lake holds of one report, by where it was found; None: nothing yet."""

    landed: Row | None = None
    scored: Row | None = None
    refused: Row | None = None
    shown: Row | None = None
    covered: Row | None = None


def look(store: Store, line: Line, now: datetime) -> Traces:
    """Look for a report in the lake.

    Raises:
        LakeError: the lake cannot be read.
    """
    day = date.fromisoformat(line.told["crash_date"])
    arriving = Window(line.made_at.date() - _DAY, max(now, line.made_at).date() + _DAY)
    crashed = Window(day, day)
    by_id = ds.field("event_id") == line.event_id
    by_key = ds.field("crash_key") == f"report:{line.event_id}"
    return Traces(
        landed=_first(store, CRASH_EVENTS, arriving, by_id, "landed_at"),
        scored=_last(store, LIVE_PREDICTIONS, crashed, by_id, "event_version"),
        refused=_first(store, QUARANTINED_REPORTS, crashed, by_id, "enqueued_at"),
        shown=_first(store, CRASHES_NOW, crashed, by_key, "known_at"),
        covered=_first(store, CRASH_COVERAGE, crashed, None, "crash_date"),
    )


def steps(lines: Sequence[Line], traces: Traces) -> list[Step]:
    """The way of a report so far, in order.

    Args:
        lines: all versions of it.
        traces: what the lake holds of it.
    """
    first = lines[0]
    told = [_kept(first), _sent(first), _landed(traces), _scored(traces)]
    told += [_shown(lines[-1], traces), _official(traces)]
    return [*told, _withdrawn(lines[-1])] if lines[-1].is_withdrawal else told


def is_settled(lines: Sequence[Line], traces: Traces) -> bool:
    """Whether nothing more is to be expected within minutes."""
    if any(each.state == "failed" for each in lines):
        return True
    if any(each.state == "waiting" for each in lines) or not traces.landed or not traces.scored:
        return False
    is_out = lines[-1].is_withdrawal or traces.refused or traces.covered
    return (not traces.shown) if is_out else bool(traces.shown)


def unreadable(lines: Sequence[Line]) -> list[Step]:
    """The way of a report as far as it is known without the lake."""
    why = "The lake cannot be read at the moment: look again later."
    beyond = Step("lake", "What became of it in the lake", "waiting", why)
    return [_kept(lines[0]), _sent(lines[0]), beyond]


def _kept(line: Line) -> Step:
    return Step("kept", "Kept here", "done", "In the outbox of this server.", line.made_at)


def _sent(line: Line) -> Step:
    return _delivery(line, "sent", "Handed to the event hub", "report")


def _withdrawn(line: Line) -> Step:
    return _delivery(line, "withdrawn", "Taken back", "taking back")


def _delivery(line: Line, key: str, label: str, what: str) -> Step:
    if line.state == "sent":
        return Step(key, label, "done", f"The hub has taken the {what}.", line.sent_at)
    if line.state == "failed":
        return Step(key, label, "failed", f"The hub refuses it for good: {line.reason}")
    if line.reason:
        return Step(key, label, "waiting", f"The hub refused it; it is tried again: {line.reason}")
    if line.attempts:
        why = f"The hub cannot be reached right now. The {what} waits here and is sent later."
        return Step(key, label, "waiting", why)
    return Step(key, label, "waiting", "It is on its way.")


def _landed(traces: Traces) -> Step:
    label = "Arrived in the lake (bronze/crash_events)"
    if traces.landed is None:
        return Step("landed", label, "waiting", "Not yet: that takes a minute or so.")
    return Step("landed", label, "done", "As it was sent.", traces.landed["landed_at"])


def _scored(traces: Traces) -> Step:
    label = "Scored by the stream (gold/live_predictions)"
    row = traces.scored
    if row is None:
        return Step("scored", label, "waiting", "Not yet: that takes a few seconds.")
    text = f"{of_hundred(row['probability'])} of 100, by version {row['model_version']}."
    return Step("scored", label, "done", text, row["scored_at"])


def _shown(last: Line, traces: Traces) -> Step:
    label = "Among the crashes of now (gold/crashes_now)"
    if traces.shown is not None:
        # Without a time: the table says when a report was made, not when it came into view.
        soon = " It goes once the taking back has arrived." if last.is_withdrawal else ""
        return Step("shown", label, "done", f"As a preliminary report.{soon}")
    if last.is_withdrawal:
        return Step("shown", label, "done", "No longer: it was taken back.")
    if traces.refused is not None:
        broken = traces.refused["broken_rules"].split(",")
        why = " ".join(_RULES.get(name.strip(), name.strip()) for name in broken)
        return Step("shown", label, "failed", f"It was set aside, for it breaks a rule: {why}")
    if traces.covered is not None:
        return Step("shown", label, "done", "No longer: official records stand in its place.")
    return Step("shown", label, "waiting", "Not yet: that takes a few minutes.")


def _official(traces: Traces) -> Step:
    label = "Official records of that day"
    if traces.covered is None:
        return Step("official", label, "waiting", "Not yet: they come days later.")
    why = (
        "They have come. They do not say which report belongs to which record, so the official "
        "outcome of this crash cannot be shown."
    )
    return Step("official", label, "done", why, traces.covered["last_pulled_at"])


def _first(
    store: Store, table: Table, window: Window, where: ds.Expression | None, order: str
) -> Row | None:
    rows: list[Row] = store.slice(table, window).read(None, where).to_pylist()
    return min(rows, key=lambda row: row[order], default=None)


def _last(
    store: Store, table: Table, window: Window, where: ds.Expression, order: str
) -> Row | None:
    rows: list[Row] = store.slice(table, window).read(None, where).to_pylist()
    return max(rows, key=lambda row: row[order], default=None)
