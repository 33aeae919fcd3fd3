"""The stream of crash reports and how its tables are made: silver, the view of now, accuracy."""

from collections.abc import Mapping, Sequence
from datetime import date
from operator import attrgetter

import pyarrow as pa
import pyarrow.dataset as ds

from crash_platform.engine.plan import Engine, Input, Step
from crash_platform.lake.store import Slice, Store
from crash_platform.orchestration.feeds.feed import Feed
from crash_platform.orchestration.tables import Family, Recipe
from crash_platform.pipelines.crashes.tables import CRASH_COVERAGE, CRASHES
from crash_platform.pipelines.reports import tables as t
from crash_platform.pipelines.reports.event import CONTRACT, CrashReportV1
from crash_platform.pipelines.reports.judging import judging
from crash_platform.pipelines.reports.texts import sql
from crash_platform.streams.tables import Stream

FAMILY = Family(
    group="reports",
    owners=("team:crash-data",),
    kinds={"bronze": frozenset({"azureeventhub"}), "silver": frozenset({"sql"})},
)
STREAM = Stream("crash_reports", attrgetter("crash_hub"), CONTRACT, t.CRASH_EVENTS)
SAID = (
    "crash_time",
    "collision_id",
    "borough",
    "zip_code",
    "latitude",
    "longitude",
    "on_street_name",
    "cross_street_name",
    "off_street_name",
    "persons_injured",
    "persons_killed",
    "vehicle_types",
    "contributing_factors",
    "is_withdrawn",
)
FIELDS = pa.schema(
    [pa.field("crash_time", pa.string())]
    + [pa.field(name, t.REPORTED_CRASHES.column(name).type) for name in SAID[1:]]
)
KEYS = "crash_date, crash_key, record_version"


def record(report: CrashReportV1) -> Mapping[str, object]:
    """The fields of a report that silver reads."""
    return {name: getattr(report, name) for name in SAID}


def report_feed() -> Feed:
    """The stream of crash reports."""
    return Feed(
        stream=STREAM,
        silver=t.REPORTED_CRASHES,
        record=record,
        fields=FIELDS,
        steps=lambda: (Step("typed", sql("silver_reported_crashes")),),
        family=FAMILY,
        recipes=(now_recipe(),),
        behind=days_not_of_now,
        watched=(CRASHES, CRASH_COVERAGE),
    )


def now_recipe() -> Recipe:
    """How ``gold/crashes_now`` is made."""
    return Recipe(
        t.CRASHES_NOW,
        (CRASHES, t.REPORTED_CRASHES, CRASH_COVERAGE),
        now_steps,
        None,
        prepared=_official_ids_of_window,
    )


def now_steps() -> tuple[Step, ...]:
    """From official records and reports to the view of now."""
    return Step("caught_up", sql("caught_up")), Step("known_now", sql("gold_known_now"))


def differing() -> tuple[Step, ...]:
    """From the same, and the view as it is, to the crashes in which it is not what it should be."""
    return (
        *now_steps(),
        Step("expected", f"SELECT {KEYS} FROM known_now"),
        Step("held", f"SELECT {KEYS} FROM crashes_now"),
        Step(
            "differing",
            "SELECT * FROM (SELECT * FROM expected EXCEPT SELECT * FROM held) missing UNION ALL "
            "SELECT * FROM (SELECT * FROM held EXCEPT SELECT * FROM expected) superfluous",
        ),
    )


def accuracy_recipe() -> Recipe:
    """How ``gold/live_accuracy`` is made."""
    return Recipe(
        t.LIVE_ACCURACY,
        (t.LIVE_PREDICTIONS, CRASHES),
        lambda: judging(sql("last_live_predictions")),
        t.LIVE_PREDICTIONS,
        prepared=_labels,
    )


def days_not_of_now(engine: Engine, store: Store) -> Sequence[date]:
    """The days in which ``gold/crashes_now`` is not what a making from scratch would give."""
    reports = store.slice(t.REPORTED_CRASHES)
    inputs: dict[str, Input] = {
        "crashes": store.slice(CRASHES),
        "reported_crashes": reports,
        "crash_coverage": store.slice(CRASH_COVERAGE),
        "crashes_now": store.slice(t.CRASHES_NOW),
        "official_ids": official_ids(store, reports),
    }
    days = Step("days", "SELECT DISTINCT crash_date FROM differing")
    found: list[date] = engine.stream(inputs, (*differing(), days)).read_all()[0].to_pylist()
    return found


def official_ids(store: Store, reports: Slice) -> pa.Table:
    """The collision ids of reports that have an official record, on whatever day."""
    return _official(store, reports, ["collision_id"])


def _official_ids_of_window(
    engine: Engine, store: Store, slices: Mapping[str, Slice]
) -> Mapping[str, pa.Table]:
    del engine
    return {"official_ids": official_ids(store, slices["reported_crashes"])}


def _labels(engine: Engine, store: Store, slices: Mapping[str, Slice]) -> Mapping[str, pa.Table]:
    del engine
    columns = ["collision_id", "is_injury_crash"]
    return {"labels": _official(store, slices["live_predictions"], columns)}


def _official(store: Store, rows: Slice, columns: list[str]) -> pa.Table:
    ids = rows.read(["collision_id"])["collision_id"].drop_null().unique()
    return store.slice(CRASHES).read(columns, ds.field("collision_id").isin(ids))
