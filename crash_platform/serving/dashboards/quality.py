"""The dashboard of data quality: what was promised of the records, and what they cover.

Raw values of refused records are not shown, only how many there are: they may hold anything.
"""

from typing import TYPE_CHECKING

import pyarrow as pa

from crash_platform.pipelines.crashes import tables as t
from crash_platform.pipelines.crashes.rules import RULES
from crash_platform.pipelines.injuries import tables as injuries
from crash_platform.pipelines.reports.tables import CRASH_EVENTS, LIVE_PREDICTIONS
from crash_platform.pipelines.weather.tables import LANDED_READINGS
from crash_platform.serving.dashboards.check_rows import Histories, check_rows, how_many_hold
from crash_platform.serving.dashboards.controls import days
from crash_platform.serving.dashboards.figure import Asked, Chart, Dashboard, Field, Figure
from crash_platform.serving.dashboards.keeping import Kept
from crash_platform.serving.dashboards.rule_words import with_meanings
from crash_platform.serving.dashboards.texts import from_sql

if TYPE_CHECKING:
    import duckdb

KEPT_SECONDS = 30.0
"""For which the history of checks is kept: reading it takes a while, and it changes with runs."""
REACHED = (
    t.CRASH_COVERAGE,
    t.DAILY_CRASHES,
    injuries.INJURY_MODEL,
    injuries.INJURY_PREDICTIONS,
    injuries.MONITORING,
    CRASH_EVENTS,
    LIVE_PREDICTIONS,
    LANDED_READINGS,
)


def quality(histories: Histories) -> Dashboard:
    """The dashboard.

    Args:
        histories: gives the history of every check, each newest first; it may take a while.
    """
    return Dashboard(
        path="/data-quality",
        label="Data",
        group="Quality",
        title="Can the data be trusted?",
        lead=(
            "What was promised of the tables and whether it holds, and what the official records "
            "cover. Refused records are counted, not shown. Coverage says what was recorded, not "
            "what happened: crashes nobody reported are in none of it."
        ),
        controls=days(),
        figures=(
            totals(),
            checks(histories),
            coverage(),
            quarantine(),
            revisions(),
            fields(),
            reach(),
        ),
        tables=(*REACHED, t.QUARANTINED_CRASHES, t.CRASH_REVISIONS),
    )


def totals() -> Figure:
    """The state of the official records in a few numbers."""
    return Figure(
        name="totals",
        title="The official records",
        definition=(
            "All days held, whatever the filter. Current: silver and gold hold exactly what bronze "
            "says of the day. Quarantined: newest versions of records that a rule refused, of all "
            "newest versions. A revision is a field or a record that changed after its day was "
            "first landed."
        ),
        fields=(
            Field("last_pulled_at", "Data as of", "moment"),
            Field("newest_day", "Newest day", "day"),
            Field("day_count", "Days with records", "count"),
            Field("current_count", "current", "count", beside="day_count"),
            Field("missing_count", "missing between", "count", beside="day_count"),
            Field("clean_count", "Crashes", "count"),
            Field("quarantined_count", "Records quarantined", "count"),
            Field("quarantined_share", "of all", "share", beside="quarantined_count"),
            Field("revision_count", "Revisions", "count"),
        ),
        rows=from_sql("quality_totals"),
        chart=Chart("tiles"),
        sources=(t.CRASH_COVERAGE,),
        filled_by="a first load of official records",
    )


def checks(histories: Histories) -> Figure:
    """Newest outcome and history of every check."""
    kept = Kept(histories, KEPT_SECONDS)
    return Figure(
        name="checks",
        title="What is promised, and whether it holds",
        definition=(
            "Every asset check with its newest outcome, broken ones first. Offending rows: how "
            "many broke the promise in the days looked at, where the check counts rows; a few may "
            "be tolerated. History: the last 20 outcomes, oldest first. A blocking check stops "
            "what lies downstream."
        ),
        fields=(
            Field("table", "Table"),
            Field("check", "Check"),
            Field("promise", "What it protects"),
            Field("outcome", "Newest outcome"),
            Field("ran_at", "When", "moment"),
            Field("offending_count", "Offending rows", "count"),
            Field("window", "Days looked at"),
            Field("severity", "Severity"),
            Field("history", "History"),
        ),
        rows=lambda *_: check_rows(kept.answer().result()),
        note=how_many_hold,
        is_kept=False,
        filled_by="a first run of the checks",
    )


def coverage() -> Figure:
    """What is covered, month by month."""
    return Figure(
        name="coverage",
        title="What the records cover",
        definition=(
            "By month of the crash, within the days asked for and no further than there are "
            "records: days with any record of all days; crashes with coordinates inside the city; "
            "crashes whose borough was reported or follows from the coordinates. A day without "
            "records is missing, it is not a day without crashes."
        ),
        fields=(
            Field("crash_month", "Month"),
            Field("day_share", "Days with records", "share"),
            Field("located_share", "Crashes with coordinates", "share"),
            Field("borough_share", "Crashes with a borough", "share"),
            Field("day_count", "Days with records", "count"),
            Field("asked_count", "Days", "count"),
            Field("current_count", "Days that are current", "count"),
            Field("clean_count", "Crashes", "count"),
            Field("quarantined_share", "Share quarantined", "share"),
        ),
        rows=from_sql("quality_coverage"),
        chart=Chart("line", "crash_month", ("day_share", "located_share", "borough_share")),
        sources=(t.CRASH_COVERAGE, t.DAILY_CRASHES),
        note=missing_days,
        filled_by="a first load of official records",
    )


def missing_days(rows: pa.Table) -> str:
    """How many days are missing, and how much of them is not current."""
    asked = sum(rows["asked_count"].to_pylist())
    held = sum(rows["day_count"].to_pylist())
    stale = held - sum(rows["current_count"].to_pylist())
    said = [f"{asked - held:,} of {asked:,} days have no records."] if held < asked else []
    said += [f"{stale:,} days are not current: silver or gold is behind bronze."] if stale else []
    return " ".join(said)


def quarantine() -> Figure:
    """What was refused, and why."""
    return Figure(
        name="quarantine",
        title="What was refused",
        definition=(
            "Newest versions of records that a rule refused, by the month they are filed under and "
            "the rule. A record that broke two rules counts under both, so the bars can add up to "
            "more than the records."
        ),
        fields=(
            Field("filed_month", "Month"),
            Field("rule", "Broken rule"),
            Field("record_count", "Records", "count"),
            Field("meaning", "What the rule says"),
        ),
        rows=_refused,
        chart=Chart("bar", "filed_month", ("record_count",), by="rule", is_stacked=True),
        sources=(t.QUARANTINED_CRASHES,),
        is_half=True,
        note=lambda rows: "" if rows.num_rows else "No record of these days was refused.",
        filled_by="a record that breaks a rule",
    )


def _refused(connection: "duckdb.DuckDBPyConnection", asked: Asked) -> pa.Table:
    rows = from_sql("quality_quarantine")(connection, asked)
    return with_meanings(rows, {rule.name: rule.description for rule in RULES})


def revisions() -> Figure:
    """What changed later, by kind."""
    return Figure(
        name="revisions",
        title="What the city changed later",
        definition=(
            "Records that changed after their day was first landed, by the month they are filed "
            "under: added late, corrected, moved to another day, disappeared, reappeared. A record "
            "that was changed twice counts twice, however many of its fields changed."
        ),
        fields=(
            Field("filed_month", "Month"),
            Field("change", "Kind"),
            Field("record_count", "Changes of records", "count"),
            Field("last_seen_at", "Last seen", "moment"),
        ),
        rows=from_sql("quality_revisions"),
        chart=Chart("bar", "filed_month", ("record_count",), by="change", is_stacked=True),
        sources=(t.CRASH_REVISIONS,),
        is_half=True,
        note=_unchanged,
        filled_by="a second pull of days that have changed since",
    )


def _unchanged(rows: pa.Table) -> str:
    return "" if rows.num_rows else "No change of a record of these days was seen."


def fields() -> Figure:
    """Which fields were changed."""
    return Figure(
        name="revised_fields",
        title="Which fields were changed",
        definition=(
            "Changes of single fields in records that were corrected or moved, formatting apart. "
            "Filled in: there was nothing before. Emptied: there is nothing any more."
        ),
        fields=(
            Field("field", "Field"),
            Field("change_count", "Changes", "count"),
            Field("record_count", "Records", "count"),
            Field("filled_count", "Filled in", "count"),
            Field("emptied_count", "Emptied", "count"),
        ),
        rows=from_sql("quality_fields"),
        chart=Chart("bar", "field", ("change_count",), is_ordered_by_value=True),
        sources=(t.CRASH_REVISIONS,),
        is_half=True,
        note=_unchanged,
        filled_by="a second pull of days that have changed since",
    )


def reach() -> Figure:
    """How far the tables reach."""
    return Figure(
        name="freshness",
        title="How far everything reaches",
        definition=(
            "The newest day of each table and, where rows say so, when the newest of them was made "
            "or came. Tables without rows are left out. The city publishes a crash three to five "
            "days later and corrects it for weeks."
        ),
        fields=(
            Field("what", "What"),
            Field("in_table", "Table"),
            Field("newest_day", "Newest day", "day"),
            Field("made_at", "Newest row made or come", "moment"),
        ),
        rows=from_sql("quality_reach"),
        sources=REACHED,
        is_half=True,
        filled_by="a first load of official records",
    )
