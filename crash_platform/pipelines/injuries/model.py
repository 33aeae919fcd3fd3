"""The injury model in use: from features to a calibrated probability, from bytes and back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from crash_platform.errors import PlatformError
from crash_platform.modelling import boosting
from crash_platform.modelling.calibration import Calibrator
from crash_platform.modelling.splits import Span, Split
from crash_platform.pipelines.injuries.encoding import Encoder, Matrix, Vocabulary
from crash_platform.pipelines.injuries.features import Features
from crash_platform.pipelines.injuries.words import Words

if TYPE_CHECKING:
    import xgboost

FORMAT = 1
Probabilities = NDArray[np.float64]


class ModelError(PlatformError):
    """A model that this code cannot use."""


@dataclass(frozen=True)
class InjuryModel:
    """One model: trees, the words it knows, its calibration and its threshold.

    ``split`` says which days it was fitted, calibrated and tested on; ``as_of`` of which day it is.
    Safe to use from several threads.
    """

    booster: "xgboost.Booster"
    encoder: Encoder
    calibrator: Calibrator
    threshold: float
    as_of: date
    split: Split

    @property
    def feature_set(self) -> str:
        """``first_report`` or ``full_report``."""
        return self.encoder.feature_set

    def raw_probabilities(self, matrix: Matrix) -> Probabilities:
        """What the trees say of encoded rows, before calibration (0-1)."""
        return boosting.probabilities(self.booster, matrix)

    def probabilities(self, matrix: Matrix) -> Probabilities:
        """Calibrated probabilities of encoded rows (0-1)."""
        return self.calibrator.apply(self.raw_probabilities(matrix))

    def score(self, rows: Iterable[Features], count: int) -> Probabilities:
        """Calibrated probabilities of ``count`` crashes (0-1)."""
        return self.probabilities(self.encoder.matrix(rows, count))

    def has_seen(self, first: date, last: date) -> bool:
        """Whether any of these days was used to fit, calibrate or test it."""
        return first <= self.split.test.last and last >= self.split.train.first

    def to_bytes(self) -> bytes:
        """The model as one file."""
        spans = {"train": self.split.train, "calibrate": self.split.calibrate}
        described = {
            "format": FORMAT,
            "feature_set": self.feature_set,
            "as_of": self.as_of.isoformat(),
            "columns": list(self.encoder.columns),
            "vehicle_types": list(self.encoder.vocabulary.vehicle_types),
            "factors": list(self.encoder.vocabulary.factors),
            "calibration": self.calibrator.to_dict(),
            "threshold": self.threshold,
            "split": {
                name: [span.first.isoformat(), span.last.isoformat()]
                for name, span in (spans | {"test": self.split.test}).items()
            },
        }
        return boosting.to_bytes(self.booster, described)


def load_model(artefact: bytes, words: Words, sha256: str | None = None) -> InjuryModel:
    """The model in a file.

    Raises:
        ArtefactError: the bytes are not the model they should be.
        ModelError: made by other code, or with words that this code does not know.
    """
    booster, described = boosting.from_bytes(artefact, sha256)
    if described.get("format") != FORMAT:
        raise ModelError(
            f"The model has format {described.get('format')}, this code reads format {FORMAT}: "
            "train it again, or run the code that made it."
        )
    vocabulary = Vocabulary(tuple(described["vehicle_types"]), tuple(described["factors"]))
    encoder = Encoder(described["feature_set"], vocabulary, words)
    _refuse_other_words(encoder, described)
    return InjuryModel(
        booster,
        encoder,
        Calibrator.from_dict(described["calibration"]),
        float(described["threshold"]),
        date.fromisoformat(described["as_of"]),
        Split(**{name: _span(days) for name, days in described["split"].items()}),
    )


def _span(days: list[str]) -> Span:
    first, last = (date.fromisoformat(day) for day in days)
    return Span(first, last)


def _refuse_other_words(encoder: Encoder, described: Mapping[str, Any]) -> None:
    words, vocabulary = encoder.words, encoder.vocabulary
    unknown = [name for name in vocabulary.vehicle_types if name not in words.vehicle_groups]
    unknown += [name for name in vocabulary.factors if name not in words.factor_words]
    if unknown:
        raise ModelError(
            f"The model knows the words {', '.join(sorted(unknown))}, which the vocabulary no "
            "longer has: train it again."
        )
    if list(encoder.columns) != described["columns"]:
        raise ModelError(
            "The model's columns are not those this code makes of its vocabulary: train it again, "
            "or run the code that made it."
        )
