"""The maintenance job: every table has its turn, and people see what was done."""

from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest

from crash_platform.lake.contract import Column, Table, Window
from crash_platform.lake.frame import Frame
from crash_platform.lake.store import LakeError, Store
from crash_platform.orchestration.maintenance import maintenance_job, weekly_maintenance
from crash_platform.orchestration.resources import LakeResource

COLUMNS = (Column("thing_date", pa.date32(), "Day.", False),)
TABLES = tuple(
    Table(layer, "things", "Things.", COLUMNS, ("thing_date",), "thing_date")
    for layer in ("bronze", "silver", "gold")
)


def run(lake: Path, **config: Any) -> tuple[dg.ExecuteInProcessResult, dict[str, dict[str, Any]]]:
    """Run the job; what was observed of each table."""
    job = maintenance_job(TABLES, today=lambda: date(2022, 3, 1))
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(
            instance=instance,
            resources={"lake": LakeResource(root=str(lake))},
            run_config={"ops": {"maintain_tables": {"config": config}}},
        )
    observed = {}
    for event in result.get_asset_observation_events():
        observation = event.asset_observation_data.asset_observation
        values = {name: value.value for name, value in observation.metadata.items()}
        observed[observation.asset_key.to_user_string()] = values
    return result, observed


@pytest.fixture
def worn(tmp_path: Path) -> Store:
    """A lake with two worn tables and one that nobody wrote."""
    store = LakeResource(root=str(tmp_path)).store()
    for table in TABLES[:2]:
        for number in range(1, 4):
            day = date(2022, 1, number)
            rows = pa.table({"thing_date": [day]}, table.schema)
            store.replace(table, Window(day, day), Frame.of(rows))
    return store


def test_every_table_is_maintained_and_its_report_observed(worn: Store, tmp_path: Path) -> None:
    result, observed = run(tmp_path)
    assert result.success
    assert set(observed) == {"bronze/things", "silver/things", "gold/things"}
    for name in ("bronze/things", "silver/things"):
        found = observed[name]
        assert (found["files_before"], found["files_after"]) == (3, 1)
        assert (found["compacted_folders"], found["delta_versions"]) == ("2022-01", "3 to 4")
    assert observed["gold/things"]["delta_versions"] == "None to None"
    assert [len(worn.slice(table).files) for table in TABLES] == [1, 1, 0]


def test_a_dry_run_says_what_would_be_done(worn: Store, tmp_path: Path) -> None:
    _, observed = run(tmp_path, dry_run=True)
    assert observed["silver/things"]["is_dry_run"] is True
    assert observed["silver/things"]["compacted_files"] == 3
    assert [worn.version(table) for table in TABLES] == [3, 3, None]


def test_a_retention_below_a_week_is_refused_before_anything_is_done(
    worn: Store, tmp_path: Path
) -> None:
    with pytest.raises(LakeError, match="keeps 7 to 30 days of history, not 1"):
        run(tmp_path, retention_days=1)
    assert worn.version(TABLES[0]) == 3


def test_a_table_that_cannot_be_maintained_fails_the_run_after_the_others(
    worn: Store, tmp_path: Path
) -> None:
    log = tmp_path / "bronze" / "things" / "_delta_log" / f"{4:020}.json"
    log.write_text("{not json")
    with pytest.raises(LakeError, match=r"bronze/things at .* cannot be"):
        run(tmp_path)
    assert worn.version(TABLES[1]) == 4


def test_the_job_runs_on_sundays(tmp_path: Path) -> None:
    job = maintenance_job(TABLES)
    schedule = weekly_maintenance(job)
    defs = dg.Definitions(
        jobs=[job], schedules=[schedule], resources={"lake": LakeResource(root=str(tmp_path))}
    )
    dg.Definitions.validate_loadable(defs)
    assert (schedule.cron_schedule, schedule.job.name) == ("0 4 * * 0", "maintain_lake")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
