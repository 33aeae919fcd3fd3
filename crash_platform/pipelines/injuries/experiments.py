"""What changes the figures of a day's models: kind, parameters, rows, months, knowledge, split.

The experiments are chosen and run here. How a candidate is fitted is in ``candidates``, how its
answer becomes figures in ``comparison``.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import TypeVar

import pyarrow as pa

from crash_platform.lake.store import Store
from crash_platform.modelling.boosting import Boosting
from crash_platform.modelling.splits import Split
from crash_platform.pipelines.injuries.candidates import (
    BASELINE,
    Answer,
    answer_of,
    answer_of_product,
    boosted,
    kinds,
    logistic,
)
from crash_platform.pipelines.injuries.comparison import Finding, comparison, test_predictions
from crash_platform.pipelines.injuries.examples import LONGEST_GAP, Rows
from crash_platform.pipelines.injuries.forbidden import forbidden_columns
from crash_platform.pipelines.injuries.lessons import (
    Lesson,
    careless_lesson,
    lesson_of,
    shuffled_lesson,
)
from crash_platform.pipelines.injuries.training import Recipe, Trained

LADDER_OF = "full_report"
"""Ladder and split are run once, on the crashes of the report that knows most."""

Say = Callable[[str], None]
T = TypeVar("T")


@dataclass(frozen=True)
class Plan:
    """What is tried.

    Attributes:
        depths: depths of the sweep.
        learning_rates: learning rates of the sweep, each with each depth.
        swept_rows: newest rows that the sweep is fitted on at most.
        row_counts: steps of the learning curve by rows, before all of them.
        months: steps of the learning curve by length of history.
        most_rows: rows that months, ladder and split are fitted on at most.
    """

    depths: tuple[int, ...] = (4, 6, 8)
    learning_rates: tuple[float, ...] = (0.03, 0.1, 0.3)
    swept_rows: int = 30_000
    row_counts: tuple[int, ...] = (2_500, 5_000, 10_000, 25_000, 50_000, 100_000)
    months: tuple[int, ...] = (1, 2, 3, 6, 12, 24)
    most_rows: int = 100_000


@dataclass(frozen=True)
class Compared:
    """Rows of ``model/comparison`` and of ``model/test_predictions``."""

    comparison: pa.Table = field(repr=False)
    predictions: pa.Table = field(repr=False)


@dataclass(frozen=True)
class Trial:
    """One fit of an experiment, not yet made: the rows are chosen when it is run."""

    feature_set: str
    experiment: str
    name: str
    choose: Callable[[], Lesson]
    how: Boosting
    recall: float
    is_calibrated: bool = True
    told: Mapping[str, object] = field(default_factory=dict)
    baseline: Answer | None = None

    def run(self) -> Finding:
        """Fit it and ask it."""
        fit = partial(boosted, how=self.how, is_calibrated=self.is_calibrated)
        answer = answer_of(self.name, fit, self.choose(), self.recall)
        answer = replace(answer, parameters={**self.told, **answer.parameters})
        return Finding(self.feature_set, self.experiment, answer, self.baseline)


@dataclass(frozen=True)
class Experiments:
    """The experiments about one model, the ``lesson`` being what it was made from."""

    rows: Rows
    trained: Trained
    recipe: Recipe
    lesson: Lesson = field(repr=False)
    plan: Plan = field(default_factory=Plan)

    @classmethod
    def about(cls, trained: Trained, rows: Rows, recipe: Recipe) -> "Experiments":
        """Those about a model of the day's rows."""
        model = trained.model
        lesson = lesson_of(rows, model.feature_set, model.split, recipe.boosting.seed)
        return cls(rows, trained, recipe, lesson)

    @property
    def feature_set(self) -> str:
        """The model's feature set."""
        return self.trained.model.feature_set

    @property
    def quick(self) -> Boosting:
        """The product's settings with fewer, longer steps: about the same in a third of the time.

        One thread, since trials run side by side.
        """
        how = self.recipe.boosting
        return replace(
            how,
            rounds=min(how.rounds, 300),
            patience=min(how.patience, 10),
            learning_rate=max(how.learning_rate, 0.2),
            threads=1,
        )

    def models(self) -> list[Finding]:
        """Every kind of model on the product's rows, and the product."""
        how, recall = self.recipe.boosting, self.recipe.recall
        jobs = [
            partial(answer_of, name, fit, self.lesson, recall) for name, fit in kinds(how).items()
        ]
        answers = [*self.side_by_side(jobs), answer_of_product(self.trained, how)]
        baseline = next(answer for answer in answers if answer.name == BASELINE)
        return [Finding(self.feature_set, "models", answer, baseline) for answer in answers]

    def parameters(self) -> Iterator[Trial]:
        """Depth and learning rate on the newest rows, judged on the calibration window.

        So nothing is calibrated: that would be judged on the rows it was fitted on.
        """
        swept = self.lesson.newest(self.plan.swept_rows).judged_on_calibration()
        for depth in self.plan.depths:
            for rate in self.plan.learning_rates:
                trial = self._trial("parameters", f"depth={depth} learning_rate={rate}", swept)
                how = replace(self.quick, depth=depth, learning_rate=rate)
                yield replace(trial, how=how, is_calibrated=False)

    def row_counts(self) -> Iterator[Trial]:
        """A learning curve over the newest rows, up to all of them."""
        held = len(self.lesson.fitted)
        for count in (*(each for each in self.plan.row_counts if each < held), held):
            yield self._trial("rows", f"{count}", partial(self.lesson.newest, count))

    def windows(self) -> Iterator[Trial]:
        """A learning curve over months of history; windows that the data does not fill are absent.

        Those with more rows than ``plan.most_rows`` are thinned at random, to differ in age only.
        """
        first, seed = self.rows.days.min().astype(date), self.recipe.boosting.seed
        longest = lesson_of(self.rows, self.feature_set, self._split(max(self.plan.months)), seed)
        for months in self.plan.months:
            start = self._split(months).train.first
            if (first - start).days < LONGEST_GAP:
                choose = partial(self._thinned, longest, start)
                yield replace(self._trial("window", f"{months}", choose), told={"months": months})

    def ladder(self, store: Store, baseline: Answer) -> Iterator[Trial]:
        """The same crashes with more and more known about them, up to what nobody may know.

        Traces of filing are learnt from as a careless modeller would: from incomplete rows too.
        """
        lesson, split = self.lesson, self.trained.model.split
        careless = careless_lesson(lesson, self.feature_set, split).newest(self.plan.most_rows)
        newest, known = lesson.newest(self.plan.most_rows), forbidden_columns(store, self.rows)
        place = lesson.columns.index("vehicle_count")
        first, every = len(self.rows.encoder_of("first_report").columns), len(lesson.columns)
        steps = {
            "time_place": partial(newest.with_columns, place),
            "first_report": partial(newest.with_columns, first),
            "full_report": partial(newest.with_columns, every),
            "artefacts": partial(careless.with_columns, first, known.traces),
            "leak": partial(newest.with_columns, every, known.outcome),
        }
        for name, choose in steps.items():
            yield replace(self._trial("ladder", name, choose), baseline=baseline)

    def split(self, by_time: Answer, baseline: Answer) -> list[Finding]:
        """A split by time, which the ladder has already, against one at random.

        The random one is judged on other crashes, so it has a logistic regression of its own.
        """
        newest, seed = self.lesson.newest(self.plan.most_rows), self.recipe.boosting.seed
        shuffled = shuffled_lesson(newest, self.feature_set, seed)
        rival = answer_of(BASELINE, logistic, shuffled, self.recipe.recall)
        random = replace(self._trial("split", "random", shuffled), baseline=rival)
        time = Finding(self.feature_set, "split", replace(by_time, name="time"), baseline)
        return [time, random.run()]

    def side_by_side(self, jobs: Iterable[Callable[[], T]]) -> list[T]:
        """As many at once as the recipe allows threads; each of them uses one."""
        with ThreadPoolExecutor(self.recipe.boosting.threads or os.cpu_count() or 1) as pool:
            return list(pool.map(_done, jobs))

    def _trial(self, experiment: str, name: str, chosen: Lesson | Callable[[], Lesson]) -> Trial:
        choose = chosen if callable(chosen) else partial(_same, chosen)
        return Trial(self.feature_set, experiment, name, choose, self.quick, self.recipe.recall)

    def _thinned(self, longest: Lesson, first: date) -> Lesson:
        return longest.since(first).sampled(self.plan.most_rows, self.recipe.boosting.seed)

    def _split(self, months: int) -> Split:
        recipe = replace(self.recipe, train_months={self.feature_set: months})
        return recipe.split(self.trained.model.as_of, self.feature_set)


def compare(
    store: Store,
    rows: Rows,
    trained: Mapping[str, Trained],
    recipe: Recipe,
    say: Say = lambda _: None,
) -> Compared:
    """Every experiment about the models of a day, on the rows they were made from.

    Ladder and split, which are about the data rather than about a model, are run once and stand
    under ``LADDER_OF``; without a model of that feature set there are none.

    Raises:
        TrainingRefusedError: crashes of the rows are no longer in ``silver/crashes``.
        LakeError: a table cannot be read.
    """
    findings: list[Finding] = []
    for model in trained.values():
        found = _about(store, Experiments.about(model, rows, recipe), say)
        findings.extend(found)
    say(f"Measuring {len(findings)} answers.")
    seed = recipe.boosting.seed
    return Compared(
        comparison(findings, trained, rows, seed), test_predictions(findings, trained, rows)
    )


def _about(store: Store, experiments: Experiments, say: Say) -> list[Finding]:
    feature_set = experiments.feature_set
    say(f"{feature_set}: other kinds of model on {len(experiments.lesson.fitted):,} crashes.")
    models = experiments.models()
    say(f"{feature_set}: parameters, rows and months.")
    trials = (*experiments.parameters(), *experiments.row_counts(), *experiments.windows())
    findings = models + experiments.side_by_side(trial.run for trial in trials)
    if feature_set == LADDER_OF:
        say(f"{feature_set}: what is known, and how it is split.")
        baseline = next(each.answer for each in models if each.answer.name == BASELINE)
        ladder = experiments.ladder(store, baseline)
        steps = experiments.side_by_side(trial.run for trial in ladder)
        by_time = next(each.answer for each in steps if each.answer.name == LADDER_OF)
        findings += steps + experiments.split(by_time, baseline)
    return findings


def _done(job: Callable[[], T]) -> T:
    return job()


def _same(lesson: Lesson) -> Lesson:
    return lesson
