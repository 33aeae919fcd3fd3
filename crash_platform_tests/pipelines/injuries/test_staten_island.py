"""The natural experiment: in March 2019 the police of Staten Island stop attending mere damage.

The crashes that remain on record halve, and far more of them have injuries, while what can be known
of each stays the same.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from crash_platform.lake.contract import Window
from crash_platform.lake.frame import Frame
from crash_platform.lake.store import Store
from crash_platform.modelling.boosting import Boosting
from crash_platform.modelling.drift import psi, quantile_edges
from crash_platform.modelling.metrics import Metrics, measure
from crash_platform.pipelines.crashes.tables import CRASHES
from crash_platform.pipelines.injuries.alerts import alerts
from crash_platform.pipelines.injuries.examples import load_rows
from crash_platform.pipelines.injuries.features import Features, Report, featuriser
from crash_platform.pipelines.injuries.monitoring import Inputs, monitor
from crash_platform.pipelines.injuries.scoring import Champion, predictions
from crash_platform.pipelines.injuries.tables import CRASH_FEATURES, INJURY_PREDICTIONS
from crash_platform.pipelines.injuries.training import Recipe, train
from crash_platform_tests.lake.things import store_in
from crash_platform_tests.pipelines.injuries.small_model import (
    crash_table,
    feature_table,
    small_words,
)

AS_OF = date(2019, 3, 14)
YEARS = Window(date(2017, 10, 1), date(2019, 6, 30))
YEAR_BEFORE = Window(date(2018, 4, 1), date(2018, 6, 30))
JUST_BEFORE = Window(date(2019, 1, 2), date(2019, 3, 17))
AFTER = Window(date(2019, 4, 1), date(2019, 6, 30))
RECIPE = Recipe({"first_report": 9}, boosting=Boosting(rounds=150, threads=1))
Row = dict[str, Any]


def raw_crashes(real_data: Path) -> list[Row]:
    file = real_data / "crashes" / "history_2012-07_2020-07.parquet"
    days = [("CRASH DATE", ">=", f"{YEARS.first}"), ("CRASH DATE", "<=", f"{YEARS.last}T24")]
    chosen = [("BOROUGH", "=", "staten island"), *days]
    rows: list[Row] = pq.read_table(file, filters=chosen).to_pylist()
    return rows


def report(row: Row) -> Report:
    def of_vehicles(name: str) -> list[str]:
        return [said for n in range(1, 6) if (said := row[f"{name} {n}"])]

    return Report(
        row["COLLISION_ID"],
        date.fromisoformat(row["CRASH DATE"][:10]),
        int(row["CRASH TIME"].split(":")[0]),
        "STATEN ISLAND",
        None,
        row["LATITUDE"],
        row["LONGITUDE"],
        (row["ON STREET NAME"], row["OFF STREET NAME"]),
        of_vehicles("VEHICLE TYPE CODE"),
        of_vehicles("CONTRIBUTING FACTOR VEHICLE"),
    )


def is_injury(row: Row) -> bool:
    return bool(row["NUMBER OF PERSONS INJURED"] or row["NUMBER OF PERSONS KILLED"])


@dataclass
class Island:
    """The borough's crashes in a lake, scored by a model that ends days before the change."""

    store: Store

    def fill(self, crashes: list[Features], labels: list[bool]) -> None:
        self.store.replace(CRASH_FEATURES, YEARS, Frame.of(feature_table(crashes)))
        self.store.replace(CRASHES, YEARS, Frame.of(crash_table(crashes, labels)))

    def score(self) -> None:
        words = small_words()
        rows = load_rows(self.store, RECIPE.split(AS_OF, "first_report"), words)
        champion = Champion(train(rows, AS_OF, "first_report", RECIPE).model, 1)
        features = self.store.slice(CRASH_FEATURES, YEARS)
        made = predictions(features, {"first_report": champion}, datetime(2019, 7, 1, tzinfo=UTC))
        self.store.replace(INJURY_PREDICTIONS, YEARS, made)

    def scored(self, window: Window) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Outcomes and probabilities of some days."""
        said = self.store.slice(INJURY_PREDICTIONS, window).read()
        crashes: pa.Table = self.store.slice(CRASHES, window).read()
        crash = pc.index_in(said["collision_id"], crashes["collision_id"])
        labels = pc.take(crashes["is_injury_crash"], crash)
        return labels.to_numpy().astype(np.bool_), said["probability"].to_numpy()

    def measured(self, window: Window) -> Metrics:
        return measure(*self.scored(window), 0.5)

    def raised(self, *days: date) -> dict[date, set[str]]:
        rows = monitor(days, Inputs.read(self.store, days), small_words()).to_pylist()
        return {
            row["monitored_date"]: {each.name for each in alerts(row) if not each.passed}
            for row in rows
        }


@pytest.fixture(scope="module")
def island(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Island:
    raw = raw_crashes(real_data)
    made = Island(store_in(tmp_path_factory.mktemp("island")))
    featurise = featuriser(small_words())
    made.fill([featurise(report(row)) for row in raw], [is_injury(row) for row in raw])
    made.score()
    return made


@pytest.mark.slow
@pytest.mark.real_data
def test_volume_tells_at_once_and_base_rate_and_mean_score_as_soon_as_outcomes_are_mature(
    island: Island,
) -> None:
    weeks = [date(2019, 3, 17), date(2019, 3, 24), date(2019, 3, 31), date(2019, 4, 14)]
    raised = island.raised(*weeks)
    volume, late = "volume_is_usual", {"base_rate_in_band", "mean_score_matches_base_rate"}
    assert raised[weeks[0]] == set()
    assert [volume in raised[week] for week in weeks[1:3]] == [True, True]
    assert [raised[week] & late for week in weeks[1:]] == [set(), set(), late]
    assert not any("scores_have_not_shifted" in each for each in raised.values())


@pytest.mark.real_data
def test_calibration_breaks_while_the_distribution_of_scores_says_no_change(island: Island) -> None:
    year_before, just_before, after = map(island.measured, (YEAR_BEFORE, JUST_BEFORE, AFTER))
    assert (year_before.rows, round(year_before.base_rate, 3)) == (3140, 0.187)
    assert (after.rows, round(after.base_rate, 3)) == (1410, 0.344)
    assert (just_before.ece < 0.05, after.ece > 0.1) == (True, True)
    said = island.scored(YEAR_BEFORE)[1]
    assert psi(said, island.scored(AFTER)[1], quantile_edges(said)) < 0.1
