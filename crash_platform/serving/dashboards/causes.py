"""The dashboard of contributing factors and vehicles, as the police reported them.

A crash has several of both, so each figure says how it counts one: once per row.
"""

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from crash_platform.pipelines.crashes.tables import CRASH_FACTORS, CRASHES
from crash_platform.pipelines.crashes.vocabulary import load_vehicle_types
from crash_platform.serving.dashboards.controls import choice, days, per
from crash_platform.serving.dashboards.figure import Asked, Chart, Dashboard, Field, Figure
from crash_platform.serving.dashboards.texts import from_sql

if TYPE_CHECKING:
    import duckdb

FACTORS: Final = """
SELECT contributing_factor AS value, contributing_factor AS label
FROM gold.crash_factors
GROUP BY contributing_factor
ORDER BY
    contributing_factor IN ('Unspecified', 'NONE REPORTED'),
    sum(crash_count) DESC,
    contributing_factor
"""
"""Every factor there is, the most frequent first; those that name nothing last."""

_FACTOR = Field("contributing_factor", "Contributing factor")
_GROUP = Field("vehicle_group", "Vehicle group")
_CRASHES = Field("crash_count", "Crashes", "count")
_SHARE = Field("crash_share", "Share of all crashes", "share")
_INJURY_SHARE = Field("injury_share", "Share with injuries", "share")
_INJURED = Field("persons_injured", "People injured", "count")
_KILLED = Field("persons_killed", "People killed", "count")


def causes() -> Dashboard:
    """Factors, vehicles, both together, and one factor over time."""
    return Dashboard(
        path="/causes",
        label="Causes",
        group="Crashes",
        title="Contributing factors and vehicles",
        lead=(
            "What the police wrote down for each vehicle of a crash: an opinion formed on the "
            "spot, not the finding of an inquiry, and often left unspecified."
        ),
        controls=(*days(), choice("factor", "Factor over time", FACTORS), per()),
        figures=(factors(), over_time(), vehicles(), pairs()),
        tables=(CRASHES, CRASH_FACTORS),
    )


def factors() -> Figure:
    """The most frequent factors."""
    return Figure(
        name="factors",
        title="The 15 most frequent contributing factors",
        definition=(
            "Crashes with the factor on any of their vehicles, each once per factor: a crash with "
            "two factors is in two rows, so rows do not add up to the crashes, nor to the injured. "
            "Unspecified is what the police wrote; NONE REPORTED is a report without any factor."
        ),
        fields=(_FACTOR, _CRASHES, _SHARE, _INJURY_SHARE, _INJURED, _KILLED),
        rows=from_sql("causes_factors"),
        chart=Chart("bar", "contributing_factor", ("crash_count",), is_ordered_by_value=True),
        sources=(CRASHES,),
        note=unnamed,
    )


def unnamed(rows: pa.Table) -> str:
    """How many crashes name no factor at all."""
    if not rows.num_rows:
        return ""
    first = rows.slice(0, 1).to_pylist()[0]
    share = first["unnamed_crashes"] / first["all_crashes"]
    return (
        f"{first['unnamed_crashes']:,} of {first['all_crashes']:,} crashes ({share:.1%}) name no "
        "factor at all: all of their vehicles are unspecified, or none is reported."
    )


def over_time() -> Figure:
    """The chosen factor over time."""
    return Figure(
        name="factor",
        title="One factor over time",
        definition=(
            "Of the crashes of each period, the share that has the chosen factor on any vehicle. "
            "Shares do not fall because a period has just begun. A factor can rise because it is "
            "written down more often."
        ),
        fields=(
            Field("period", "From"),
            Field("crash_share", "Share of crashes with the factor", "share"),
            Field("crash_count", "Crashes with the factor", "count"),
            Field("injury_share", "Of these, with injuries", "share"),
            Field("all_crashes", "All crashes", "count"),
        ),
        rows=from_sql("causes_trend"),
        chart=Chart("line", "period", ("crash_share",)),
        sources=(CRASHES,),
        note=chosen,
    )


def chosen(rows: pa.Table) -> str:
    """Which factor is shown."""
    return f"Shown: {rows['factor'][0].as_py()}." if rows.num_rows else ""


def vehicles() -> Figure:
    """Vehicle groups."""
    return Figure(
        name="vehicles",
        title="Vehicles",
        definition=(
            "Crashes with a vehicle of the group, each once per group: two cars count once, a car "
            "and a truck in both rows, so rows do not add up. People are those of the crash, in "
            "whatever vehicle or on foot. The groups are the platform's own reading of free text."
        ),
        fields=(_GROUP, _CRASHES, _SHARE, _INJURY_SHARE, _INJURED, _KILLED),
        rows=vehicle_rows,
        chart=Chart("bar", "vehicle_group", ("crash_count",), is_ordered_by_value=True),
        sources=(CRASHES,),
    )


def vehicle_rows(connection: "duckdb.DuckDBPyConnection", asked: Asked) -> pa.Table:
    """Crashes by vehicle group; the vocabulary says which type belongs to which."""
    words = load_vehicle_types().group_by(["vehicle_type", "vehicle_group"]).aggregate([])
    vocabulary = {
        "types": words["vehicle_type"].to_pylist(),
        "groups": words["vehicle_group"].to_pylist(),
    }
    return from_sql("causes_vehicles")(connection, {**asked, **vocabulary})


def pairs() -> Figure:
    """How often people are hurt, by factor and vehicle group together."""
    return Figure(
        name="pairs",
        title="How often people are hurt, by factor and vehicle",
        definition=(
            "Share of crashes with anyone injured or killed, among those with the factor and a "
            "vehicle of the group, not necessarily on the same vehicle; empty below 20 crashes. A "
            "crash counts once in every combination it has, so rows do not add up."
        ),
        fields=(
            _GROUP,
            _FACTOR,
            _INJURY_SHARE,
            _CRASHES,
            Field("injury_crash_count", "Crashes with injuries", "count"),
            _INJURED,
            _KILLED,
        ),
        rows=from_sql("causes_pairs"),
        chart=Chart("heatmap", "vehicle_group", ("injury_share",), by="contributing_factor"),
        sources=(CRASH_FACTORS,),
    )
