"""Asset checks as promises: one sentence, one SQL text that finds the rows that break it.

What is promised about which table is said by the pipelines.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import dagster as dg
import pyarrow as pa

from crash_platform.engine.plan import Engine, Input, Step
from crash_platform.lake.contract import Table, Window
from crash_platform.lake.store import Store
from crash_platform.orchestration.calendar import days_in, run_window
from crash_platform.orchestration.resources import EngineResource, LakeResource

SAMPLE_ROWS = 10
RUN_DAYS = "run_days"


@dataclass(frozen=True)
class Promise:
    """A sentence about a table that data can keep or break.

    Attributes:
        name: the sentence, in snake_case.
        table: the table it is about.
        description: what it protects.
        sql: rows that break the promise; no rows, promise kept.
        inputs: what the SQL reads, each as (name, table, days to widen the run's window by);
            ``None`` widens to the whole table. Besides, ``run_days`` holds each day looked at, as
            ``run_day``, whether the tables have rows of it or not.
        is_blocking: whether what lies downstream would be wrong.
        tolerated_share: offending rows allowed, as a share of the subject's rows.
        tolerated_rows: offending rows allowed however few the subject has, so that one bad record
            does not break the promise of a single day.
        steps: SQL texts that ``sql`` builds on.
        subject: the input or step whose rows are looked at, by default the first input.
    """

    name: str
    table: Table
    description: str
    sql: str
    inputs: tuple[tuple[str, Table, int | None], ...]
    is_blocking: bool = True
    tolerated_share: float = 0.0
    tolerated_rows: int = 0
    steps: tuple[Step, ...] = ()
    subject: str | None = None


@dataclass(frozen=True)
class Finding:
    """What a check found: offending rows, rows looked at, and a sample of the offenders."""

    offending: int
    looked_at: int
    sample: pa.Table
    tolerated: float = 0.0

    @property
    def is_kept(self) -> bool:
        """Whether the promise holds."""
        return self.offending <= self.tolerated


def examine(promise: Promise, engine: Engine, inputs: Mapping[str, Input]) -> Finding:
    """Look for rows that break a promise, in one query."""
    subject = promise.subject or promise.inputs[0][0]
    shown = f"SELECT *, count(*) OVER () AS offending FROM offenders LIMIT {SAMPLE_ROWS}"
    steps = (
        *promise.steps,
        Step("offenders", promise.sql),
        Step("shown", shown),
        Step("counted", f"SELECT count(*) AS looked_at FROM {subject}"),
        Step("told", "SELECT counted.looked_at, shown.* FROM counted LEFT JOIN shown ON TRUE"),
    )
    rows = engine.stream(inputs, steps).read_all()
    looked_at, offending = rows["looked_at"][0].as_py(), rows["offending"][0].as_py() or 0
    sample = rows.drop_columns(["looked_at", "offending"]).slice(0, min(offending, SAMPLE_ROWS))
    tolerated = max(promise.tolerated_share * looked_at, promise.tolerated_rows)
    return Finding(offending, looked_at, sample, tolerated)


def promise_check(promise: Promise) -> dg.AssetChecksDefinition:
    """The asset check that holds a table to a promise, in the days of the run.

    Executed on its own, without partitions, it looks at every day the table has.
    """

    @dg.asset_check(
        name=promise.name,
        asset=dg.AssetKey([promise.table.layer, promise.table.name]),
        description=promise.description,
        blocking=promise.is_blocking,
        additional_deps=_read_besides(promise),
    )
    def check(
        context: dg.AssetCheckExecutionContext, engine: EngineResource, lake: LakeResource
    ) -> dg.AssetCheckResult:
        store, run = lake.store(), context.op_execution_context
        window = run_window(run) if run.has_partitions else held_days(store, promise.table)
        if window is None:
            return dg.AssetCheckResult(passed=True, description="There are no rows to look at.")
        inputs = promise_inputs(promise, store, window)
        return result(promise, examine(promise, engine.open(), inputs), window)

    return check


def _read_besides(promise: Promise) -> list[dg.AssetKey]:
    others = {table.path: table for _, table, _ in promise.inputs if table != promise.table}
    return [dg.AssetKey([table.layer, table.name]) for table in others.values()]


def readable_by_bi(table: Table) -> dg.AssetChecksDefinition:
    """The check that a table stays readable by Delta reader version 1 (Power BI, Synapse)."""

    @dg.asset_check(
        name="it_stays_readable_by_bi_tools",
        asset=dg.AssetKey([table.layer, table.name]),
        description="Delta reader version 1: no column mapping, deletion vectors or naive times.",
        blocking=True,
    )
    def check(lake: LakeResource) -> dg.AssetCheckResult:
        delta = lake.store().delta(table)
        if delta is None:
            return dg.AssetCheckResult(passed=True, description="The table was never written.")
        version = delta.protocol().min_reader_version
        return dg.AssetCheckResult(
            passed=version == 1,
            description=f"Readers need version {version}.",
            metadata={"min_reader_version": version},
        )

    return check


def held_days(store: Store, table: Table) -> Window | None:
    """From the first to the last day a table has rows of, or ``None`` where it has none."""
    days = store.slice(table).distinct_days()
    return Window(min(days), max(days)) if days else None


def promise_inputs(promise: Promise, store: Store, window: Window) -> dict[str, Input]:
    """What a promise reads, for a window."""
    tables = {
        name: store.slice(table, None if days is None else widened(window, days))
        for name, table, days in promise.inputs
    }
    return {**tables, RUN_DAYS: run_days(days_in(window))}


def run_days(days: Sequence[date]) -> pa.Table:
    """The days looked at, as a table of one column, ``run_day``."""
    return pa.table({"run_day": pa.array(days, pa.date32())})


def widened(window: Window, days: int) -> Window:
    """The window with so many days before it."""
    return Window(window.first - timedelta(days=days), window.last)


def result(promise: Promise, finding: Finding, window: Window) -> dg.AssetCheckResult:
    """What Dagster shows of a finding."""
    severity = dg.AssetCheckSeverity.ERROR if promise.is_blocking else dg.AssetCheckSeverity.WARN
    return dg.AssetCheckResult(
        passed=finding.is_kept,
        severity=severity,
        description=sentence(promise, finding, window),
        metadata={
            "offending_rows": finding.offending,
            "rows_looked_at": finding.looked_at,
            "tolerated_share": promise.tolerated_share,
            "tolerated_rows": promise.tolerated_rows,
            "window": str(window),
            "sample": dg.MetadataValue.json(_plain(finding.sample)),
        },
    )


def sentence(promise: Promise, finding: Finding, window: Window) -> str:
    """The outcome in one sentence."""
    if not finding.offending:
        return f"Kept by all {finding.looked_at:,} rows of {window}."
    verdict = "tolerated" if finding.is_kept else "too many"
    return (
        f"Broken {finding.offending:,} times in {finding.looked_at:,} rows of {window} ({verdict})."
    )


def _plain(sample: pa.Table) -> list[dict[str, str | None]]:
    return [
        {name: None if value is None else str(value) for name, value in row.items()}
        for row in sample.to_pylist()
    ]
