"""What became of a report, as the lake tells it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from crash_platform.lake.contract import Table
from crash_platform.lake.frame import Frame
from crash_platform.pipelines.crashes.tables import CRASH_COVERAGE
from crash_platform.pipelines.reports.tables import (
    CRASH_EVENTS,
    CRASHES_NOW,
    LIVE_PREDICTIONS,
    QUARANTINED_REPORTS,
)
from crash_platform.serving.reporting.fate import Step
from crash_platform.serving.reporting.visitor import Visitor
from crash_platform_tests.serving.reporting.office import NOW, Browser, Office

LATER = NOW + timedelta(seconds=9)
SAMPLES: dict[pa.DataType, Any] = {
    pa.string(): "x",
    pa.int64(): 1,
    pa.float64(): 0.5,
    pa.bool_(): False,
    pa.date32(): date(2023, 9, 20),
    pa.timestamp("us", tz="UTC"): datetime(2023, 9, 20, 16, 30, 9, tzinfo=UTC),
    pa.binary(): b"x",
}


def write(office: Office, table: Table, **said: Any) -> None:
    """One row; of what is not said, anything that fits the contract."""
    row = {each.name: SAMPLES.get(each.type) for each in table.schema} | said
    rows = pa.Table.from_pylist([row], schema=table.schema)
    number = office.store.last_number(table, "test") + 1
    office.store.append_once(table, Frame.of(rows), "test", number)


@dataclass(frozen=True)
class Sent:
    """A report that the hub has taken."""

    office: Office
    visitor: Visitor
    event_id: str

    def fate(self) -> tuple[dict[str, Step], bool]:
        """Its steps by key, and whether that is all."""
        entry = self.office.desk.entry(self.event_id, self.visitor)
        steps, is_settled = self.office.desk.fate(entry)
        return {step.key: step for step in steps}, is_settled

    def progress(self) -> dict[str, str]:
        """How far each step is."""
        return {key: step.progress for key, step in self.fate()[0].items()}


@pytest.fixture
def report(office: Office, somebody: Browser) -> Sent:
    event_id = somebody.report().split("/")[-1]
    office.sender.send_waiting()
    return Sent(office, Visitor(somebody.cookies["crash_platform_visitor"]), event_id)


def test_a_lake_without_tables_has_nothing_yet(report: Sent) -> None:
    steps, is_settled = report.fate()
    assert {step.progress for step in list(steps.values())[2:]} == {"waiting"}
    assert not is_settled


def test_the_way_is_followed_step_by_step(office: Office, report: Sent) -> None:
    write(office, CRASH_EVENTS, event_id="somebody else's")
    write(office, CRASH_EVENTS, event_id=report.event_id, landed_at=LATER)
    assert report.progress()["landed"] == "done"
    write(office, LIVE_PREDICTIONS, event_id=report.event_id, probability=0.618, model_version=12)
    steps, is_settled = report.fate()
    assert steps["landed"].at == LATER
    assert steps["scored"].text == "62 of 100, by version 12."
    assert not is_settled
    write(office, CRASHES_NOW, crash_key=f"report:{report.event_id}")
    steps, is_settled = report.fate()
    assert (steps["shown"].progress, steps["shown"].text) == ("done", "As a preliminary report.")
    assert is_settled


def test_the_rules_that_a_report_breaks_are_said(office: Office, report: Sent) -> None:
    write(
        office, QUARANTINED_REPORTS, event_id=report.event_id, broken_rules="is_of_these_days,new"
    )
    shown = report.fate()[0]["shown"]
    assert shown.progress == "failed"
    assert "not longer ago than 30 days" in shown.text
    assert shown.text.endswith("new")


def test_official_records_take_the_place_of_a_report(office: Office, report: Sent) -> None:
    write(office, CRASH_EVENTS, event_id=report.event_id)
    write(office, LIVE_PREDICTIONS, event_id=report.event_id)
    write(office, CRASH_COVERAGE, crash_date=date(2023, 9, 20))
    steps, is_settled = report.fate()
    assert "official records stand in its place" in steps["shown"].text
    assert steps["official"].progress == "done"
    assert "cannot be shown" in steps["official"].text
    assert is_settled


def test_a_report_that_is_taken_back_leaves_the_view(
    office: Office, somebody: Browser, report: Sent
) -> None:
    write(office, CRASHES_NOW, crash_key=f"report:{report.event_id}")
    somebody.post(f"/reports/{report.event_id}/withdraw", b"")
    steps, is_settled = report.fate()
    assert steps["withdrawn"].progress == "waiting"
    assert "once the taking back has arrived" in steps["shown"].text
    office.sender.send_waiting()
    assert report.progress()["withdrawn"] == "done"
    assert not is_settled


def test_a_lake_that_cannot_be_read_is_told_and_the_rest_is_shown(
    office: Office, somebody: Browser, report: Sent
) -> None:
    (office.folder / "lake").write_text("no folder")
    page = somebody.get(f"/reports/{report.event_id}")
    assert page.status_code == 200
    assert "The lake cannot be read at the moment" in page.text
    assert str(office.folder) not in page.text
    assert "set CRASH_PLATFORM_LAKE to a folder" in office.lines[-1]


def test_the_page_shows_the_steps_with_their_times(
    office: Office, somebody: Browser, report: Sent
) -> None:
    write(office, CRASH_EVENTS, event_id=report.event_id, landed_at=LATER)
    page = somebody.get(f"/reports/{report.event_id}").text
    assert '<time datetime="2023-09-20T16:30:09+00:00">2023-09-20 12:30:09 EDT</time>' in page
