from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from crash_platform.lake.store import Store
from crash_platform.pipelines.injuries.candidates import Answer, answer_of_product
from crash_platform.pipelines.injuries.experiments import Experiments, Plan, Trial
from crash_platform_tests.pipelines.injuries.small_lake import small_lake
from crash_platform_tests.pipelines.injuries.small_model import (
    SMALL_RECIPE,
    small_rows,
    small_trained,
)

ROWS = small_rows()
SMALL_PLAN = Plan(
    depths=(2, 3),
    learning_rates=(0.1, 0.3),
    swept_rows=400,
    row_counts=(500, 1000, 5000),
    months=(1, 2, 3, 6),
    most_rows=700,
)


@pytest.fixture(scope="module")
def baseline() -> Answer:
    return answer_of_product(small_trained("full_report"), SMALL_RECIPE.boosting)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return small_lake(tmp_path_factory.mktemp("experiments"))


def about(feature_set: str = "full_report") -> Experiments:
    experiments = Experiments.about(small_trained(feature_set), ROWS, SMALL_RECIPE)
    return replace(experiments, plan=SMALL_PLAN)


def test_the_sweep_leaves_the_test_rows_alone() -> None:
    trials = list(about().parameters())
    assert [(trial.how.depth, trial.how.learning_rate) for trial in trials] == [
        (2, 0.1), (2, 0.3), (3, 0.1), (3, 0.3)
    ]  # fmt: skip
    tested = np.flatnonzero(small_trained("full_report").tested)
    for trial in trials:
        lesson = trial.choose()
        assert len(lesson.fitted) == 400
        assert not np.isin(
            tested, np.concatenate([lesson.fitted.places, lesson.tested.places])
        ).any()
        assert not trial.is_calibrated
    finding = trials[0].run()
    assert finding.answer.name == "depth=2 learning_rate=0.1"
    assert (finding.answer.raw == finding.answer.probabilities).all()


def test_more_and_more_of_the_newest_rows_are_learnt_from() -> None:
    held = len(about().lesson.fitted)
    trials = list(about().row_counts())
    assert [trial.name for trial in trials] == ["500", "1000", f"{held}"]
    for trial in trials:
        places = trial.choose().fitted.places
        assert len(places) == int(trial.name)
        left_out = np.setdiff1d(about().lesson.fitted.places, places)
        if len(left_out):
            assert ROWS.days[places].min() >= ROWS.days[left_out].max()


def test_windows_longer_than_the_data_are_absent_and_long_ones_thinned() -> None:
    trials = {trial.name: trial.choose() for trial in about().windows()}
    assert list(trials) == ["1", "2", "3"], "six months would begin before the first crash"
    assert [len(lesson.fitted) for lesson in trials.values()] == [len(trials["1"].fitted), 700, 700]
    for name, lesson in trials.items():
        first = ROWS.days[lesson.fitted.places].min()
        assert first == np.datetime64(date(2023, 5 - int(name), 2))


def test_no_trial_learns_from_rows_it_is_judged_on(store: Store, baseline: Answer) -> None:
    split = small_trained("full_report").model.split
    for experiments in (about("first_report"), about("full_report")):
        for trial in every_trial(experiments, store, baseline):
            lesson = trial.choose()
            assert ROWS.within(split.train)[lesson.fitted.places].all(), trial.name
            assert not np.isin(lesson.calibrated.places, lesson.fitted.places).any()
            assert not np.isin(lesson.tested.places, lesson.fitted.places).any()


def every_trial(experiments: Experiments, store: Store, baseline: Answer) -> Iterator[Trial]:
    yield from experiments.parameters()
    yield from experiments.row_counts()
    yield from experiments.windows()
    if experiments.feature_set == "full_report":
        yield from experiments.ladder(store, baseline)


def test_the_steps_of_the_ladder_know_more_and_more(store: Store, baseline: Answer) -> None:
    experiments = about()
    steps = {t.name: t.choose() for t in experiments.ladder(store, baseline)}
    assert all(len(lesson.fitted) <= 700 for lesson in steps.values())
    columns = {name: set(lesson.columns) for name, lesson in steps.items()}
    assert columns["time_place"] < columns["first_report"] < columns["full_report"]
    assert columns["artefacts"] - columns["first_report"] == {
        "minute",
        "cross_street_filled",
        "off_street_filled",
        "vehicles_missing",
        "coordinates_missing",
    }
    assert columns["leak"] - columns["full_report"] == {
        "any_pedestrians_injured",
        "any_cyclists_injured",
    }
    for lesson in steps.values():
        assert lesson.fitted.examples.matrix.shape[1] == len(lesson.columns)
