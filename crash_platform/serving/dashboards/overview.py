"""The dashboard of the official counts: how many crashes, when, in which borough, who was hurt.

Its figures over time are in ``overview_time``; places are in ``hotspots``, factors and vehicles in
``causes``.
"""

import pyarrow as pa
import pyarrow.compute as pc

from crash_platform.pipelines.crashes.tables import (
    CRASH_COVERAGE,
    DAILY_CRASHES,
    HOURLY_CRASHES,
)
from crash_platform.pipelines.reports.tables import CRASHES_NOW
from crash_platform.serving.dashboards.controls import boroughs, days, per
from crash_platform.serving.dashboards.figure import Chart, Dashboard, Field, Figure
from crash_platform.serving.dashboards.overview_time import hours, killed, trend, years
from crash_platform.serving.dashboards.texts import from_sql

_CRASHES = Field("crash_count", "Crashes", "count")
_INJURY_SHARE = Field("injury_share", "Share with injuries", "share")
_INJURED = Field("persons_injured", "People injured", "count")
_KILLED = Field("persons_killed", "People killed", "count")


def overview() -> Dashboard:
    """The counts of the days asked for, by time, borough and kind of road user."""
    return Dashboard(
        path="/overview",
        label="Overview",
        group="Crashes",
        title="Crashes in New York City",
        lead=(
            "Official records of the NYPD. They arrive some days after the crash and are corrected "
            "for weeks, so the newest days still change. They say how many crashes were recorded, "
            "not how dangerous a trip is: nobody counts the trips."
        ),
        controls=(*days(), boroughs(), per()),
        figures=(
            headline(),
            trend(),
            killed(),
            years(),
            hours(),
            by_borough(),
            injured_kinds(),
            killed_kinds(),
            reports(),
        ),
        tables=(DAILY_CRASHES, HOURLY_CRASHES, CRASH_COVERAGE, CRASHES_NOW),
    )


def headline() -> Figure:
    """The sums of the days asked for, each beside the same days a year before."""
    before = "against a year before"
    return Figure(
        name="totals",
        title="In these days",
        definition=(
            "Sums over the days asked for. The comparison takes the covered days whose day a year "
            "before is covered too (never 29 February), on both sides. Share with injuries: "
            "crashes with anyone injured or killed; share with a place: with usable coordinates."
        ),
        fields=(
            _CRASHES,
            Field("crash_change", before, "change", beside="crash_count"),
            _INJURED,
            Field("injured_change", before, "change", beside="persons_injured"),
            _KILLED,
            Field("killed_change", before, "change", beside="persons_killed"),
            _INJURY_SHARE,
            Field("injury_share_before", "a year before", "share", beside="injury_share"),
            Field("located_share", "Share with a place", "share"),
            Field("located_share_before", "a year before", "share", beside="located_share"),
        ),
        rows=from_sql("overview_tiles"),
        chart=Chart("tiles"),
        sources=(DAILY_CRASHES, CRASH_COVERAGE),
        note=compared_days,
    )


def compared_days(rows: pa.Table) -> str:
    """How many days are covered, and how many of them have a day a year before."""
    if not rows.num_rows:
        return ""
    [row] = rows.to_pylist()
    asked, covered, pairs = row["asked_day_count"], row["day_count"], row["compared_day_count"]
    told = [f"Official records cover {covered:,} of the {asked:,} days asked for."]
    if not pairs:
        told.append("None of the same days a year before is covered, so nothing is compared.")
    elif pairs < covered:
        told.append(f"Compared are the {pairs:,} that are covered a year before as well.")
    return " ".join(told)


def by_borough() -> Figure:
    """Crashes by borough."""
    return Figure(
        name="boroughs",
        title="By borough",
        definition=(
            "The reported borough, else the one that holds the coordinates, else UNKNOWN (mostly "
            "bridges and expressways). Counts, not rates: boroughs differ in people and traffic."
        ),
        fields=(
            Field("borough", "Borough"),
            _CRASHES,
            Field("crash_share", "Share of these crashes", "share"),
            _INJURY_SHARE,
            _INJURED,
            _KILLED,
        ),
        rows=from_sql("overview_boroughs"),
        chart=Chart("bar", "borough", ("crash_count",), is_ordered_by_value=True),
        sources=(DAILY_CRASHES,),
    )


def injured_kinds() -> Figure:
    """Injured by kind of road user."""
    return _kinds("injured", "Who was injured", "Injured")


def killed_kinds() -> Figure:
    """Killed by kind of road user."""
    return _kinds("killed", "Who was killed", "Killed")


def _kinds(outcome: str, title: str, label: str) -> Figure:
    return Figure(
        name=f"{outcome}_by_kind",
        title=title,
        definition=(
            "As the police counts road users; motorists include passengers. Others are all persons "
            "minus the three kinds: mostly riders of e-bikes and scooters, whom no kind counts. "
            "The source's totals need not add up, so others can be too small, even below zero."
        ),
        fields=(
            Field("kind", "Road user"),
            Field(outcome, label, "count"),
            Field(f"{outcome}_share", f"Share of all {outcome}", "share"),
        ),
        rows=from_sql("overview_kinds"),
        chart=Chart("bar", "kind", (outcome,), is_ordered_by_value=True),
        sources=(DAILY_CRASHES,),
        is_half=True,
    )


def reports() -> Figure:
    """Preliminary reports of days that no official record covers."""
    return Figure(
        name="preliminary",
        title="Live: preliminary reports, in none of the numbers above",
        definition=(
            "Crashes reported live, of the 14 newest days that have any. Nobody has checked them. "
            "They leave this table when official records of their day arrive; the days asked for "
            "above do not apply, the boroughs do."
        ),
        fields=(
            Field("crash_date", "Day of the crash", "day"),
            Field("report_count", "Reports", "count"),
            Field("injury_report_count", "Reporting injuries", "count"),
            Field("untold_count", "Not saying", "count"),
            Field("simulated_count", "Made up by the generator", "count"),
            Field("known_at", "Newest report", "moment"),
        ),
        rows=from_sql("overview_reports"),
        sources=(CRASHES_NOW,),
        note=simulated_reports,
        filled_by="crashes that are reported on the page or sent to the hub",
    )


def simulated_reports(rows: pa.Table) -> str:
    """How many of the reports are made up."""
    simulated = pc.sum(rows["simulated_count"]).as_py() or 0
    if not simulated:
        return ""
    everything = pc.sum(rows["report_count"]).as_py()
    verb = "is" if simulated == 1 else "are"
    return f"Of these {everything:,} reports, {simulated:,} {verb} made up by a generator."
