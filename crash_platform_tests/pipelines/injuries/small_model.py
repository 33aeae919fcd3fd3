"""A small injury model fitted on made-up crashes, in about a second, for tests that need one.

The made-up truth is simple: nights, bicycles and speeding hurt, and nothing else does.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from crash_platform.modelling.boosting import Boosting
from crash_platform.pipelines.crashes.tables import CRASHES
from crash_platform.pipelines.injuries.encoding import BOROUGHS, Encoder, Vocabulary
from crash_platform.pipelines.injuries.examples import Rows
from crash_platform.pipelines.injuries.features import STREET_KINDS, Features, is_holiday
from crash_platform.pipelines.injuries.model import InjuryModel
from crash_platform.pipelines.injuries.rows import as_batch
from crash_platform.pipelines.injuries.training import Recipe, Trained, train
from crash_platform.pipelines.injuries.words import Words, load_words

AS_OF = date(2023, 9, 15)
FIRST, LAST = date(2023, 1, 2), date(2023, 9, 1)
"""The days of the crashes; the last is the newest that is mature on ``AS_OF``."""
VEHICLE_TYPES = ("Bicycle", "Box truck", "Bus", "Sedan", "Taxi")
FACTORS = ("Driver Inattention/Distraction", "Other", "Unsafe Speed")
SMALL_RECIPE = Recipe(
    train_months={"first_report": 4, "full_report": 4},
    boosting=Boosting(rounds=12, patience=5, learning_rate=0.3, depth=3, threads=1),
)


def small_crashes(
    days: Iterable[date], a_day: int = 18, seed: int = 0, hurt: float = 0.0
) -> tuple[list[Features], NDArray[np.bool_]]:
    """Crashes of some days, so many a day in the order of their ids, and who was injured.

    ``hurt`` moves the log-odds of an injury without moving any feature.
    """
    each = [(day, number) for day in days for number in range(a_day)]
    chances = np.random.default_rng(seed).random((len(each), 14))
    crashes = [_crash(*one, *row) for one, row in zip(each, chances.tolist(), strict=True)]
    odds = np.array([_log_odds(crash) for crash in crashes]) + hurt
    return crashes, chances[:, -1] < _probability(odds)


def true_probabilities(crashes: Iterable[Features]) -> NDArray[np.float64]:
    """The probability of an injury that each crash is made with."""
    return _probability(np.array([_log_odds(crash) for crash in crashes]))


def _probability(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1.0 / (1.0 + np.exp(-odds))


def _crash(day: date, number: int, *chances: float) -> Features:
    is_placed = chances[0] > 0.05
    return Features(
        collision_id=day.toordinal() * 1000 + number,
        crash_date=day,
        hour=None if chances[1] < 0.01 else int(24 * chances[2]),
        weekday=day.weekday(),
        is_holiday=is_holiday(day),
        borough=_pick(BOROUGHS, chances[3]) if chances[4] > 0.1 else None,
        latitude=40.55 + 0.35 * chances[5] if is_placed else None,
        longitude=-74.2 + 0.5 * chances[6] if is_placed else None,
        street_kind=_pick(STREET_KINDS, chances[7]),
        vehicle_types=[_pick(VEHICLE_TYPES, chance) for chance in chances[8:10]],
        contributing_factors=[_pick(FACTORS, chance) for chance in chances[10:12] if chance > 0.2],
    )


def _pick(words: Sequence[str], chance: float) -> str:
    return words[int(chance * len(words))]


def _log_odds(crash: Features) -> float:
    is_night = crash.hour is not None and (crash.hour < 5 or crash.hour > 21)
    return (
        -1.6
        + 1.0 * is_night
        + 1.5 * ("Bicycle" in crash.vehicle_types)
        + 1.0 * ("Unsafe Speed" in crash.contributing_factors)
    )


def days_between(first: date, last: date) -> list[date]:
    """Every day from the first to the last."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def feature_table(crashes: Sequence[Features]) -> pa.Table:
    """Crashes as rows of ``gold/crash_features``."""
    return pa.Table.from_batches([as_batch(list(crashes))])


def crash_table(crashes: Sequence[Features], labels: Iterable[bool | None]) -> pa.Table:
    """The same crashes as rows of ``silver/crashes``: ids, days and outcome; the rest is empty."""
    rows = pa.table(
        {
            "collision_id": [crash.collision_id for crash in crashes],
            "crash_date": [crash.crash_date for crash in crashes],
            "is_injury_crash": pa.array(list(labels), pa.bool_()),
        }
    )
    columns = [_column(rows, field) for field in CRASHES.schema]
    return pa.Table.from_arrays(columns, schema=CRASHES.schema)


def _column(rows: pa.Table, field: pa.Field) -> pa.ChunkedArray | pa.Array:
    if field.name in rows.column_names:
        return rows[field.name].cast(field.type)
    if field.nullable:
        return pa.nulls(rows.num_rows, field.type)
    return pa.array([0] * rows.num_rows).cast(field.type)


@lru_cache
def small_words() -> Words:
    """The reviewed vocabularies."""
    return load_words()


@lru_cache
def small_rows() -> Rows:
    """About 4,400 labelled crashes from ``FIRST`` to ``LAST``, encoded; treat as read-only."""
    crashes, labels = small_crashes(days_between(FIRST, LAST))
    words = small_words()
    encoder = Encoder("full_report", Vocabulary(VEHICLE_TYPES, FACTORS), words)
    groups = [words.vehicle_group(crash.vehicle_types[0]) for crash in crashes]
    return Rows(
        np.array([crash.collision_id for crash in crashes]),
        np.array([crash.crash_date for crash in crashes], "datetime64[D]"),
        labels,
        encoder.matrix(crashes, len(crashes)),
        encoder,
        np.array([crash.borough for crash in crashes], np.object_),
        np.array([crash.hour for crash in crashes], np.object_),
        np.array(groups, np.object_),
    )


@lru_cache
def small_trained(feature_set: str = "first_report") -> Trained:
    """A model of ``AS_OF`` fitted, calibrated and tested on the small rows."""
    return train(small_rows(), AS_OF, feature_set, SMALL_RECIPE)


def small_model(feature_set: str = "first_report") -> InjuryModel:
    """The model alone."""
    return small_trained(feature_set).model
