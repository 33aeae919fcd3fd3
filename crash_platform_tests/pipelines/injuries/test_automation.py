from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pytest

from crash_platform.definitions import build
from crash_platform.lake.contract import Window
from crash_platform.lake.frame import Frame
from crash_platform.orchestration.lakes import open_store
from crash_platform.orchestration.resources import LakeResource
from crash_platform.orchestration.tables import key_of
from crash_platform.pipelines.injuries import tables as t
from crash_platform.pipelines.injuries.automation import MADE, automation
from crash_platform.settings import load_settings
from crash_platform_tests.pipelines.injuries.small_model import feature_table, small_crashes

NEWEST = date(2023, 9, 10)


def scheduled(home: Path, moment: datetime) -> dg.RunRequest | str:
    """What the daily schedule asks for at a moment."""
    [schedule] = automation().schedules or []
    assert isinstance(schedule, dg.ScheduleDefinition)
    with dg.DagsterInstance.ephemeral(tempdir=str(home)) as instance:
        context = dg.build_schedule_context(
            instance=instance,
            scheduled_execution_time=moment,
            repository_def=build(load_settings()).get_repository_def(),
            resources={"lake": LakeResource(root=load_settings().lake_root)},
        )
        answer = schedule.evaluate_tick(context)
    return answer.run_requests[0] if answer.run_requests else str(answer.skip_message)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CRASH_PLATFORM_HOME", str(tmp_path))
    return tmp_path


def test_a_model_is_made_every_morning_as_of_yesterday(home: Path) -> None:
    crashes, _ = small_crashes([NEWEST])
    window = Window(NEWEST, NEWEST)
    open_store(load_settings()).replace(t.CRASH_FEATURES, window, Frame.of(feature_table(crashes)))
    request = scheduled(home, datetime(2023, 9, 15, 12, tzinfo=UTC))
    assert isinstance(request, dg.RunRequest)
    assert request.tags["dagster/partition"] == "2023-09-14"
    assert request.run_key == "model 2023-09-14"
    late = scheduled(home, datetime(2023, 10, 15, 12, tzinfo=UTC))
    assert late == (
        "The newest crash is of 2023-09-10: there is nothing to learn as of 2023-10-14. "
        "Set CRASH_PLATFORM_SOURCE=nyc to follow the city."
    )


def test_without_any_crash_nothing_is_trained(home: Path) -> None:
    told = scheduled(home, datetime(2023, 9, 15, 12, tzinfo=UTC))
    assert isinstance(told, str)
    assert told.startswith("The newest crash is of None")


def test_the_schedule_makes_the_model_and_all_that_is_said_of_it() -> None:
    assert {key_of(table).path[-1] for table in MADE} == {
        "injury_model",
        "comparison",
        "test_predictions",
        "evaluation_charts",
        "promotions",
    }
