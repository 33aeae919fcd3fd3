"""Dagster sees live predictions as materialisations without a run, one per day."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy.exc import OperationalError

from crash_platform.orchestration.runs import instance_at
from crash_platform.orchestration.tables import key_of
from crash_platform.pipelines.reports.live.account import Figures, TellingError
from crash_platform.pipelines.reports.live.telling import teller
from crash_platform.pipelines.reports.tables import LIVE_PREDICTIONS
from crash_platform_tests.pipelines.reports.live.newsroom import TODAY

YESTERDAY = date(2023, 9, 19)
FIGURES = Figures(
    rows_of_days={TODAY: 5, YESTERDAY: 1},
    scored_total=20,
    duplicates=2,
    withdrawn=1,
    poison={"not_json": 3, "empty": 1},
    latency_ms=(12.34, 99.96),
    lag=7,
    model_versions={"first_report": 3},
)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with instance_at(tmp_path / "dagster") as held:
        yield held


def test_every_day_that_got_rows_is_materialised_with_the_figures(
    instance: dg.DagsterInstance,
) -> None:
    teller(instance)(FIGURES)
    records = instance.fetch_materializations(key_of(LIVE_PREDICTIONS), limit=10).records
    told = {each.partition_key: each.asset_materialization for each in records}
    assert sorted(map(str, told)) == ["2023-09-19", "2023-09-20"]
    seen = {
        day: {name: each.value for name, each in (made.metadata if made else {}).items()}
        for day, made in told.items()
    }
    assert seen["2023-09-20"] == {
        "rows": 5,
        "scored_total": 20,
        "poison": 4,
        "duplicates": 2,
        "withdrawn": 1,
        "lag": 7,
        "latency_ms_p50": 12.3,
        "latency_ms_p99": 100.0,
        "model_versions": {"first_report": 3},
        "poison_by_kind": {"not_json": 3, "empty": 1},
    }
    assert seen["2023-09-19"]["rows"] == 1


class Broken(dg.DagsterInstance):
    """An instance whose storage does not answer."""

    def __init__(self) -> None:
        """Nothing is opened."""

    def report_runless_asset_event(self, *_: object, **__: object) -> None:
        raise OperationalError("INSERT", {}, Exception("database is locked"))


def test_a_storage_that_refuses_is_told_in_a_sentence() -> None:
    with pytest.raises(TellingError, match=r"OperationalError.*scoring goes on"):
        teller(Broken())(FIGURES)
