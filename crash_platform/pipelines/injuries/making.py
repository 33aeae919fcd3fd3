"""The models of a day made one after the other: trained, judged, tracked, registered, written down.

The parts are pure and live next door; here they meet the lake and the registry.
"""

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from crash_platform.lake.contract import Window
from crash_platform.lake.store import Store
from crash_platform.modelling.boosting import digest
from crash_platform.modelling.registry import CHAMPION, ModelVersion, Registry
from crash_platform.pipelines.crashes.tables import CRASHES
from crash_platform.pipelines.injuries.card import card
from crash_platform.pipelines.injuries.examples import (
    Rows,
    TrainingRefusedError,
    check,
    load_rows,
    missing_days,
)
from crash_platform.pipelines.injuries.features import FEATURE_SETS
from crash_platform.pipelines.injuries.gate import Rival, judge
from crash_platform.pipelines.injuries.model import InjuryModel, load_model
from crash_platform.pipelines.injuries.promotion import (
    GATES,
    Verdict,
    registered_name,
    verdict_tags,
)
from crash_platform.pipelines.injuries.rows import features_of
from crash_platform.pipelines.injuries.scoring import Champion
from crash_platform.pipelines.injuries.tables import CRASH_FEATURES, INJURY_MODEL
from crash_platform.pipelines.injuries.training import Made, Recipe, Trained, judged, train
from crash_platform.pipelines.injuries.words import Words

METRICS = (
    "base_rate",
    "auc",
    "average_precision",
    "brier",
    "brier_skill",
    "log_loss",
    "ece",
    "f1",
    "precision",
    "recall",
    "flagged_share",
    "threshold",
)
Row = dict[str, Any]
Run = Callable[[str, Mapping[str, str]], AbstractContextManager[str]]


@dataclass(frozen=True)
class Workshop:
    """What models are made with.

    Attributes:
        store: the lake.
        registry: where versions are registered.
        run: opens the MLflow run of a model (name, tags) and yields its id.
        words: the reviewed vocabularies.
        recipe: windows and parameters.
        revision: of the code, where it is known.
        now: the moment of the making (UTC).
    """

    store: Store
    registry: Registry
    run: Run
    words: Words
    recipe: Recipe
    revision: str | None
    now: datetime

    def make(self, as_of: date) -> pa.Table:
        """The models of a day, one row of ``model/injury_model`` per feature set.

        Raises:
            TrainingRefusedError: the crashes at hand do not carry an honest model of that day.
            RegistryError: MLflow does not answer; nothing is changed then.
        """
        rows = day_rows(self.store, as_of, self.recipe, self.words)
        # One thread each: two threads within one fit wait for each other, the more the busier the
        # machine is (38 s of processor time against 6 were seen).
        alone = replace(self.recipe, boosting=replace(self.recipe.boosting, threads=1))
        with ThreadPoolExecutor(len(FEATURE_SETS)) as pool:
            trained = pool.map(lambda name: train(rows, as_of, name, alone), FEATURE_SETS)
            made = [self._registered(rows, each) for each in trained]
        return pa.Table.from_pylist(made, schema=INJURY_MODEL.schema)

    def _registered(self, rows: Rows, trained: Trained) -> Row:
        feature_set, as_of = trained.model.feature_set, trained.model.as_of
        verdicts = judge(trained, rows, self._rival(trained, rows))
        told = card(trained, rows, self.recipe, verdicts)
        artefact = trained.model.to_bytes()
        with self.run(f"{feature_set} {as_of}", {"feature_set": feature_set}) as run_id:
            described = self._described(trained, rows)
            self.registry.log(
                run_id,
                params=described | asdict(self.recipe.boosting),
                metrics={name: getattr(trained.metrics, name) for name in METRICS},
                files={"model_card.md": told.encode()},
            )
            version = self._register(run_id, trained, artefact, verdicts)
        return described | {
            "model_version": version.version,
            **{name: getattr(trained.metrics, name) for name in METRICS},
            "run_id": run_id,
            "trained_at": self.now,
            "curve": json.dumps(trained.made.curve),
            "gates": verdict_tags(verdicts)[GATES],
            "card": told,
            "artefact_sha256": digest(artefact),
            "artefact": artefact,
        }

    def _register(
        self, run_id: str, trained: Trained, artefact: bytes, verdicts: list[Verdict]
    ) -> ModelVersion:
        model, metrics = trained.model, trained.metrics
        tags = {
            "as_of_date": model.as_of.isoformat(),
            "tested_from": model.split.test.first.isoformat(),
            "tested_to": model.split.test.last.isoformat(),
            **{name: f"{getattr(metrics, name):.6f}" for name in METRICS},
            **verdict_tags(verdicts),
        }
        name = registered_name(model.feature_set)
        return self.registry.register(name, run_id, artefact, model.encoder.columns, tags)

    def _described(self, trained: Trained, rows: Rows) -> Row:
        model, split = trained.model, trained.model.split
        return {
            "as_of_date": model.as_of,
            "feature_set": model.feature_set,
            "test_count": trained.metrics.rows,
            "trained_from": split.train.first,
            "trained_to": split.train.last,
            "calibrated_from": split.calibrate.first,
            "calibrated_to": split.calibrate.last,
            "tested_from": split.test.first,
            "tested_to": split.test.last,
            "train_count": trained.made.train_count,
            "calibrate_count": trained.made.calibrate_count,
            "train_base_rate": trained.made.train_base_rate,
            "missing_days": len(missing_days(rows, split.train)),
            "tree_count": trained.trees,
            "calibration": model.calibrator.kind,
            "features_version": self.store.version(CRASH_FEATURES) or 0,
            "crashes_version": self.store.version(CRASHES) or 0,
            "git_revision": self.revision,
            "fit_seconds": trained.made.fit_seconds,
        }

    def _rival(self, trained: Trained, rows: Rows) -> Rival | None:
        held = champion(self.registry, trained.model.feature_set, self.words)
        if held is None:
            return None
        said = probabilities_of(self.store, held.model, rows, trained.tested)
        return Rival(held.model, held.version, said)


def day_rows(store: Store, as_of: date, recipe: Recipe, words: Words) -> Rows:
    """The labelled crashes that the models of a day learn from and are judged on.

    Raises:
        TrainingRefusedError: they do not carry an honest model of that day.
    """
    rows = load_rows(store, recipe.widest_split(as_of), words)
    for feature_set in FEATURE_SETS:
        check(rows, recipe.split(as_of, feature_set))
    return rows


def refusal(store: Store, as_of: date, recipe: Recipe, words: Words) -> str | None:
    """Why no model of a day can be made, or ``None`` if one can."""
    try:
        day_rows(store, as_of, recipe, words)
    except TrainingRefusedError as error:
        return str(error)
    return None


def champion(registry: Registry, feature_set: str, words: Words) -> Champion | None:
    """The champion of a feature set, or ``None``.

    Raises:
        RegistryError: MLflow does not answer, or its artefact is not the one registered.
        ModelError: the champion cannot be used by this code.
    """
    held = registry.holder(registered_name(feature_set), CHAMPION)
    if held is None:
        return None
    return Champion(load_model(registry.artefact(held), words, held.sha256), held.version)


def probabilities_of(
    store: Store, model: InjuryModel, rows: Rows, mask: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """What another model, with words of its own, says of some of these rows, in their order."""
    days, ids = rows.days[mask], pa.array(rows.collision_ids[mask])
    window = Window(days.min().astype(date), days.max().astype(date))
    features = store.slice(CRASH_FEATURES, window).read()
    wanted = features.take(pc.index_in(ids, features["collision_id"]))
    return model.score(features_of(wanted), wanted.num_rows)


def models_of(store: Store, as_of: date, words: Words) -> dict[str, tuple[Row, InjuryModel]]:
    """The models of a day in the lake, by feature set: their rows and the models themselves."""
    rows = store.slice(INJURY_MODEL, Window(as_of, as_of)).read().to_pylist()
    found = {}
    for row in rows:
        artefact = row.pop("artefact")
        found[row["feature_set"]] = (row, load_model(artefact, words, row["artefact_sha256"]))
    return found


def trained_of(models: Mapping[str, tuple[Row, InjuryModel]], rows: Rows) -> dict[str, Trained]:
    """Models of the lake as they came out of training, without training them again."""
    return {
        feature_set: judged(model, rows, _made(row)) for feature_set, (row, model) in models.items()
    }


def _made(row: Row) -> Made:
    return Made(
        row["train_count"],
        row["calibrate_count"],
        row["train_base_rate"],
        row["fit_seconds"],
        json.loads(row["curve"]),
    )
