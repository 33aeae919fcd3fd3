"""How every crash table below bronze is made: the tables it reads and its SQL texts, in order."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.dataset as ds

from crash_platform.engine.plan import Engine, Step
from crash_platform.lake.contract import broken_rules
from crash_platform.lake.store import Slice, Store
from crash_platform.orchestration.tables import Recipe
from crash_platform.pipelines.crashes import tables
from crash_platform.pipelines.crashes.rules import RULES
from crash_platform.pipelines.crashes.texts import sql

H3_RESOLUTION = 9


def step(name: str, text: str | None = None, *, is_kept: bool = False) -> Step:
    """A step of this pipeline, by default from the file of the same name."""
    return Step(name, sql(text or name), is_kept)


def judged() -> tuple[Step, ...]:
    """From bronze to the newest records, typed, each with the rules it broke."""
    reported = ("days", "areas", "points", "counts")
    return (
        *(step(f"reported_{what}", f"silver_reported_{what}", is_kept=True) for what in reported),
        step("latest", "silver_latest"),
        step("typed", "silver_typed"),
        Step("judged", broken_rules(RULES, "typed")),
    )


def crashes_steps() -> tuple[Step, ...]:
    """From bronze to ``silver/crashes``."""
    points = (
        "SELECT DISTINCT point AS record_key, latitude, longitude FROM reported_points "
        "WHERE coordinates_issue IS NULL"
    )
    return (
        *judged(),
        Step("crash_points", points, is_kept=True),
        step("places", "silver_places", is_kept=True),
        step("spelling_lists", "silver_spelling_lists", is_kept=True),
        step("words", "silver_words", is_kept=True),
        step("word_lists", "silver_word_lists", is_kept=True),
        step("crashes_clean", "silver_crashes"),
    )


def quarantined_steps() -> tuple[Step, ...]:
    """From bronze to ``silver/quarantined_crashes``."""
    refused = "SELECT record_key, filed_date, broken_rules FROM judged WHERE broken_rules <> ''"
    return (
        *judged(),
        Step("refused", refused, is_kept=True),
        step("quarantined_crashes", "silver_quarantined_crashes"),
    )


def crashes_lookups() -> Mapping[str, pa.Table]:
    """Vocabularies and the borough grid."""
    from crash_platform.pipelines.crashes.places import load_borough_edges, load_borough_grid
    from crash_platform.pipelines.crashes.vocabulary import (
        load_contributing_factors,
        load_vehicle_types,
    )

    return {
        "contributing_factor_words": load_contributing_factors(),
        "vehicle_type_words": load_vehicle_types(),
        "borough_grid": load_borough_grid(),
        "borough_edges": load_borough_edges(),
    }


def revisions_steps() -> tuple[Step, ...]:
    """From versions that changed to ``silver/crash_revisions``."""
    return (
        Step(
            "raw_records",
            "SELECT *, concat(record_key, '@', CAST(version AS STRING)) AS record_number "
            "FROM changed_versions",
        ),
        step("canonical", "bronze_canonical"),
        step("crash_revisions", "silver_crash_revisions"),
    )


def changed_versions(
    engine: Engine, store: Store, slices: Mapping[str, Slice]
) -> Mapping[str, pa.Table]:
    """The versions of the window that changed a record, and the versions before them."""
    del engine
    window = slices["crash_records"]
    changed = window.read(
        ["record_key", "filed_date", "previous_filed_date"],
        ds.field("change").isin(["corrected", "moved"]),
    )
    if not changed.num_rows:
        return {"changed_versions": window.schema.empty_table()}
    days = set(changed["filed_date"].to_pylist()) | set(changed["previous_filed_date"].to_pylist())
    where = (
        ds.field("record_key").isin(changed["record_key"].unique())
        & ds.field("filed_date").isin(pa.array(sorted(days), pa.date32()))
        & ~ds.field("change").isin(["moved_away", "disappeared"])
    )
    return {"changed_versions": store.slice(tables.CRASH_RECORDS).read(where=where)}


def h3_cells(engine: Engine, store: Store, slices: Mapping[str, Slice]) -> Mapping[str, pa.Table]:
    """The H3 cell, and its centre, of every distinct pair of coordinates."""
    import h3

    del store
    distinct = (
        "SELECT DISTINCT latitude, longitude FROM crashes WHERE latitude IS NOT NULL "
        "AND longitude IS NOT NULL"
    )
    points = engine.stream(slices, [Step("points", distinct)]).read_all()
    pairs = zip(points["latitude"].to_pylist(), points["longitude"].to_pylist(), strict=True)
    cells = [h3.latlng_to_cell(*pair, H3_RESOLUTION) for pair in pairs]
    centres = {cell: h3.cell_to_latlng(cell) for cell in set(cells)}
    columns = {
        "latitude": points["latitude"],
        "longitude": points["longitude"],
        "h3_cell": pa.array(cells, pa.string()),
        "cell_latitude": pa.array([centres[cell][0] for cell in cells], pa.float64()),
        "cell_longitude": pa.array([centres[cell][1] for cell in cells], pa.float64()),
    }
    return {"h3_cells": pa.table(columns)}


def vehicle_groups() -> Mapping[str, pa.Table]:
    """The group of every normalised vehicle type."""
    from crash_platform.pipelines.crashes.vocabulary import load_vehicle_types

    words = load_vehicle_types()
    return {"vehicle_groups": words.group_by(["vehicle_type", "vehicle_group"]).aggregate([])}


def recipes() -> tuple[Recipe, ...]:
    """Every table below bronze, in the order of their making."""
    return (
        _crashes(),
        _quarantined(),
        _revisions(),
        _daily(),
        _hourly(),
        _hotspots(),
        _factors(),
        _coverage(),
    )


def _crashes() -> Recipe:
    bronze = tables.CRASH_RECORDS
    return Recipe(tables.CRASHES, (bronze,), crashes_steps, bronze, crashes_lookups)


def _quarantined() -> Recipe:
    return Recipe(
        tables.QUARANTINED_CRASHES,
        (tables.CRASH_RECORDS,),
        quarantined_steps,
        tables.CRASH_RECORDS,
    )


def _revisions() -> Recipe:
    bronze = tables.CRASH_RECORDS
    return Recipe(
        tables.CRASH_REVISIONS, (bronze,), revisions_steps, bronze, prepared=changed_versions
    )


def _daily() -> Recipe:
    return Recipe(
        tables.DAILY_CRASHES,
        (tables.CRASHES,),
        lambda: (step("daily_crashes", "gold_daily_crashes"),),
        tables.CRASH_RECORDS,
    )


def _hourly() -> Recipe:
    return Recipe(
        tables.HOURLY_CRASHES,
        (tables.CRASHES,),
        lambda: (step("hourly_crashes", "gold_hourly_crashes"),),
        tables.CRASH_RECORDS,
    )


def _hotspots() -> Recipe:
    return Recipe(
        tables.CRASH_HOTSPOTS,
        (tables.CRASHES,),
        lambda: (step("crash_hotspots", "gold_crash_hotspots"),),
        tables.CRASH_RECORDS,
        prepared=h3_cells,
    )


def _factors() -> Recipe:
    return Recipe(
        tables.CRASH_FACTORS,
        (tables.CRASHES,),
        lambda: (step("crash_factors", "gold_crash_factors"),),
        tables.CRASH_RECORDS,
        vehicle_groups,
    )


def _coverage() -> Recipe:
    return Recipe(
        tables.CRASH_COVERAGE,
        (
            tables.CRASH_RECORDS,
            tables.CRASHES,
            tables.QUARANTINED_CRASHES,
            tables.CRASH_REVISIONS,
            tables.DAILY_CRASHES,
        ),
        lambda: (step("latest", "silver_latest"), step("crash_coverage", "gold_crash_coverage")),
        tables.CRASH_RECORDS,
        after=(tables.HOURLY_CRASHES, tables.CRASH_HOTSPOTS, tables.CRASH_FACTORS),
    )
