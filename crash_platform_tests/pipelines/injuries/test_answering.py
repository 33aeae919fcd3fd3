"""Which champion answers which report, and that nobody who asks waits for the registry."""

import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from crash_platform.modelling.registry import ModelVersion
from crash_platform.pipelines.injuries.answering import (
    Answerer,
    ChampionWatch,
    MixedUpError,
    NoModelError,
    versions_in_words,
)
from crash_platform.pipelines.injuries.features import Report, featuriser
from crash_platform.pipelines.injuries.scoring import Champion
from crash_platform_tests.pipelines.injuries.reports import report
from crash_platform_tests.pipelines.injuries.small_model import small_model, small_words
from crash_platform_tests.pipelines.reports.live.newsroom import ArtefactRegistry, champions

FULL = report(vehicle_types=("Bicycle",), contributing_factors=("Unsafe Speed",), hour=2)
FIRST = report(contributing_factors=None)


def by_itself(told: Report, feature_set: str) -> float:
    features = featuriser(small_words())(told)
    return float(small_model(feature_set).score([features], 1)[0])


def test_an_answer_says_what_its_champion_says_and_which_it_is() -> None:
    (answer,) = champions(version=9).answer([FULL])
    model = small_model("full_report")
    assert answer.feature_set == "full_report"
    assert answer.probability == by_itself(FULL, "full_report")
    assert (answer.threshold, answer.model_version, answer.model_as_of) == (
        model.threshold,
        9,
        model.as_of,
    )
    assert answer.is_predicted_injury is (answer.probability >= model.threshold)


def test_many_reports_get_their_answers_in_order_each_from_its_own_model() -> None:
    told = [replace_hour(each, hour) for hour in range(24) for each in (FULL, FIRST)]
    answers = champions().answer(told)
    sets = ["full_report", "first_report"] * 24
    assert [answer.feature_set for answer in answers] == sets
    alone = [by_itself(each, name) for each, name in zip(told, sets, strict=True)]
    np.testing.assert_allclose([answer.probability for answer in answers], alone, atol=1e-12)


def replace_hour(told: Report, hour: int) -> Report:
    return told._replace(hour=hour)


def test_no_reports_need_no_model() -> None:
    assert Answerer({}, small_words()).answer([]) == []


@pytest.mark.parametrize("factors", [None, (), (" ", "--")])
def test_a_report_that_names_no_factor_is_a_first_report(factors: tuple[str, ...] | None) -> None:
    (answer,) = champions().answer([report(contributing_factors=factors)])
    assert answer.feature_set == "first_report"


def test_a_factor_that_says_there_was_a_victim_chooses_no_model() -> None:
    told = report(contributing_factors=("Pedestrian/Bicyclist/Other Pedestrian Error/Confusion",))
    assert champions().answer([told])[0].feature_set == "first_report"


def test_a_full_report_is_answered_by_the_first_reports_champion_where_it_is_the_only_one() -> None:
    (answer,) = champions("first_report").answer([FULL])
    assert (answer.feature_set, answer.probability) == (
        "first_report",
        by_itself(FULL, "first_report"),
    )


@pytest.mark.parametrize(("has", "told"), [((), FULL), ((), FIRST), (("full_report",), FIRST)])
def test_without_the_model_that_is_needed_there_is_no_answer(
    has: tuple[str, ...], told: Report
) -> None:
    held = {name: Champion(small_model(name), 1) for name in has}
    with pytest.raises(NoModelError, match="No first_report model is champion yet: promote one"):
        Answerer(held, small_words()).answer([told])


def test_a_champion_of_another_feature_set_is_refused() -> None:
    mixed = {"full_report": Champion(small_model("first_report"), 3)}
    with pytest.raises(MixedUpError, match="Version 3 is a model for first_report"):
        Answerer(mixed, small_words())


@pytest.fixture
def registry() -> ArtefactRegistry:
    return ArtefactRegistry()


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def watch(registry: ArtefactRegistry, lines: list[str]) -> ChampionWatch:
    return ChampionWatch(registry, small_words(), lines.append)


def test_before_the_first_champion_there_is_no_model(
    watch: ChampionWatch, registry: ArtefactRegistry, lines: list[str]
) -> None:
    with pytest.raises(NoModelError, match="No injury model is champion yet"):
        watch.answerer()
    watch.look()
    with pytest.raises(NoModelError, match="promote it with crash-platform model promote"):
        watch.answerer()
    registry.crown("first_report")
    watch.look()
    assert watch.answerer().versions == {"first_report": 1}
    assert lines == ["The champions changed: first_report 1."]


def test_a_champion_is_loaded_only_when_it_changes(
    watch: ChampionWatch, registry: ArtefactRegistry, lines: list[str]
) -> None:
    registry.crown("first_report")
    registry.crown("full_report")
    for _ in range(3):
        watch.look()
    before = watch.answerer()
    assert (registry.loads, before.versions) == (2, {"first_report": 1, "full_report": 1})
    registry.crown("full_report")
    watch.look()
    assert (registry.loads, watch.answerer().versions) == (3, {"first_report": 1, "full_report": 2})
    assert before.versions == {"first_report": 1, "full_report": 1}, "it changed under its user"
    assert lines == ["The champions changed: first_report 1, full_report 2."]


def test_what_is_loaded_answers_as_the_model_that_was_registered(
    watch: ChampionWatch, registry: ArtefactRegistry
) -> None:
    registry.crown("full_report")
    watch.look()
    assert watch.answerer().answer([FULL])[0].probability == by_itself(FULL, "full_report")


def test_while_the_registry_is_away_the_last_champions_answer_and_it_is_told_once(
    watch: ChampionWatch, registry: ArtefactRegistry, lines: list[str]
) -> None:
    registry.crown("first_report")
    watch.look()
    registry.is_away = True
    for _ in range(3):
        watch.look()
    assert watch.answerer().versions == {"first_report": 1}
    registry.is_away = False
    watch.look()
    watch.look()
    assert lines == [
        "MLflow does not answer. Until that is mended, the champions so far answer.",
        "The registry gives out its champions again.",
    ]


def test_a_registry_that_is_away_from_the_start_is_named_as_the_reason(
    watch: ChampionWatch, registry: ArtefactRegistry
) -> None:
    registry.is_away = True
    watch.look()
    with pytest.raises(NoModelError, match=r"\(MLflow does not answer\)\.$"):
        watch.answerer()


def test_a_broken_artefact_leaves_the_champion_before_it_in_use(
    watch: ChampionWatch, registry: ArtefactRegistry, lines: list[str]
) -> None:
    registry.crown("first_report")
    registry.crown("full_report")
    watch.look()
    registry.crown("first_report", b"no model at all")
    registry.crown("full_report")
    watch.look()
    assert watch.answerer().versions == {"first_report": 1, "full_report": 2}
    assert len(lines) == 2
    assert lines[1].endswith("Until that is mended, the champions so far answer.")


def test_a_model_of_another_feature_set_never_becomes_champion(
    watch: ChampionWatch, registry: ArtefactRegistry, lines: list[str]
) -> None:
    registry.crown("full_report", small_model("first_report").to_bytes())
    watch.look()
    assert "stands as champion of full_report" in lines[0]
    with pytest.raises(NoModelError):
        watch.answerer()


def test_a_champion_that_was_withdrawn_answers_no_more(
    watch: ChampionWatch, registry: ArtefactRegistry
) -> None:
    registry.crown("first_report")
    watch.look()
    del registry.aliases["injury_first_report"]["champion"]
    watch.look()
    with pytest.raises(NoModelError):
        watch.answerer()


def test_asking_never_waits_for_a_registry_that_hangs(lines: list[str]) -> None:
    registry = HangingRegistry()
    registry.crown("first_report")
    watch = ChampionWatch(registry, small_words(), lines.append, every=0.001)
    with watch:
        registry.is_hanging = True
        assert registry.reached.wait(10), "the watch did not look again"
        assert watch.answerer().versions == {"first_report": 1}
        registry.crown("first_report")
        registry.go_on.set()
        await_true(lambda: watch.answerer().versions == {"first_report": 2})


class HangingRegistry(ArtefactRegistry):
    """Hangs in a look until it may go on."""

    def __init__(self) -> None:
        super().__init__()
        self.is_hanging = False
        self.reached, self.go_on = threading.Event(), threading.Event()

    def holder(self, name: str, alias: str) -> ModelVersion | None:
        if self.is_hanging and threading.current_thread() is not threading.main_thread():
            self.reached.set()
            self.go_on.wait(10)
        return super().holder(name, alias)


def await_true(is_so: Callable[[], bool]) -> None:
    pause = threading.Event()
    assert any(is_so() or pause.wait(0.005) for _ in range(2_000)), "it never came"


def test_a_watch_that_is_closed_looks_no_more(registry: ArtefactRegistry, lines: list[str]) -> None:
    with ChampionWatch(registry, small_words(), lines.append, every=0.001) as watch:
        pass
    registry.crown("first_report")
    threading.Event().wait(0.02)
    with pytest.raises(NoModelError):
        watch.answerer()


def test_versions_are_told_in_words() -> None:
    assert versions_in_words({"first_report": 3, "full_report": 2}) == (
        "first_report 3, full_report 2"
    )
    assert versions_in_words({}) == "none"


def test_the_threshold_itself_is_an_injury() -> None:
    model = small_model("first_report")
    lowest = by_itself(FIRST, "first_report")
    held = {"first_report": Champion(replace(model, threshold=lowest), 1)}
    assert Answerer(held, small_words()).answer([FIRST])[0].is_predicted_injury
