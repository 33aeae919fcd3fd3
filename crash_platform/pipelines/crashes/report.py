"""The asset-check report of the crash pipeline: what holds, what does not, and what the data cover.

Facts are gathered here; how they look is in ``report.html``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import dagster as dg
import jinja2

from crash_platform.engine.duckdb_engine import DuckDBEngine
from crash_platform.engine.plan import Step
from crash_platform.lake.contract import Table
from crash_platform.lake.store import Store
from crash_platform.orchestration.check_history import CheckHistory, histories
from crash_platform.pipelines.crashes import tables as t
from crash_platform.pipelines.crashes.rules import RULES
from crash_platform.pipelines.crashes.texts import sql

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class TableState:
    """One table as it stands."""

    path: str
    description: str
    rows: int
    version: int | None


@dataclass(frozen=True)
class Report:
    """Everything the report shows.

    ``months``, ``quarantine``, ``revisions`` and ``fields`` are rows of the SQL texts
    ``report_*.sql``.
    """

    made_at: datetime
    lake: str
    newest_day: str
    last_pulled_at: str
    tables: list[TableState]
    checks: list[CheckHistory]
    totals: dict[str, Any]
    months: Rows
    quarantine: Rows
    revisions: Rows
    fields: Rows

    @property
    def failed(self) -> list[CheckHistory]:
        """Checks whose newest outcome is a failure."""
        return [check for check in self.checks if check.newest and not check.newest.passed]

    @property
    def passed(self) -> list[CheckHistory]:
        """Checks whose newest outcome is a success."""
        return [check for check in self.checks if check.newest and check.newest.passed]


def gather(
    store: Store,
    instance: dg.DagsterInstance,
    checks: Iterable[dg.AssetCheckSpec],
    now: datetime,
) -> Report:
    """Read the tables and the check history."""
    totals = _ask(store, "report_totals")[0]
    return Report(
        made_at=now,
        lake=store.location.root,
        newest_day=str(totals["newest_day"] or "none"),
        last_pulled_at=str(totals["last_pulled_at"] or "never"),
        tables=[_state(store, table) for table in t.TABLES],
        checks=histories(instance, sorted(checks, key=_in_order)),
        totals=totals,
        months=_ask(store, "report_months"),
        quarantine=_ask(store, "report_quarantine"),
        revisions=_ask(store, "report_revisions"),
        fields=_ask(store, "report_fields"),
    )


def _in_order(spec: dg.AssetCheckSpec) -> tuple[int, str, str]:
    """The crash tables in the order of the data, then what other pipelines make of them."""
    path, paths = "/".join(spec.asset_key.path), [table.path for table in t.TABLES]
    return (paths.index(path) if path in paths else len(paths)), path, spec.name


def _ask(store: Store, name: str) -> Rows:
    inputs = {
        table.name: store.slice(table)
        for table in (t.CRASH_COVERAGE, t.QUARANTINED_CRASHES, t.CRASH_REVISIONS)
    }
    rows: Rows = DuckDBEngine().stream(inputs, [Step(name, sql(name))]).read_all().to_pylist()
    return rows


def _state(store: Store, table: Table) -> TableState:
    rows = store.slice(table)
    count = rows.dataset().count_rows()
    return TableState(table.path, table.description, count, rows.version)


def render(report: Report) -> str:
    """The report as one self-contained HTML page; every value is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    rules = {rule.name: rule.description for rule in RULES}
    return environment.get_template("report.html").render(report=report, rules=rules)


def write(report: Report, folder: Path) -> Path:
    """Write the page as ``crash_checks.html`` and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "crash_checks.html"
    path.write_text(render(report), encoding="utf-8")
    return path


def summary(report: Report) -> str:
    """The report in a few lines of Markdown, for the terminal and Dagster's UI."""
    lines = [
        f"**{len(report.passed)} of {len(report.passed) + len(report.failed)} checks passed**; "
        f"{report.totals['day_count']:,} days up to {report.newest_day}, "
        f"{report.totals['clean_count']:,} crashes, "
        f"{report.totals['quarantined_count']:,} quarantined, "
        f"{report.totals['revision_count']:,} revisions."
    ]
    lines += [
        f"- FAILED {check.table}: {check.name}: {check.newest.description if check.newest else ''}"
        for check in report.failed
    ]
    return "\n".join(lines)
