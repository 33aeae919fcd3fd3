import json
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from crash_platform.modelling.boosting import (
    DESCRIPTION,
    LARGEST,
    ArtefactError,
    digest,
    from_bytes,
    to_bytes,
)
from crash_platform.pipelines.injuries.encoding import Vocabulary
from crash_platform.pipelines.injuries.model import ModelError, load_model
from crash_platform_tests.pipelines.injuries.small_model import (
    FIRST,
    days_between,
    small_crashes,
    small_model,
    small_words,
)

WORDS = small_words()


def test_a_model_comes_back_from_its_file_as_it_went() -> None:
    model = small_model("full_report")
    artefact = model.to_bytes()
    found = load_model(artefact, WORDS, digest(artefact))
    assert (found.as_of, found.split, found.threshold) == (
        model.as_of,
        model.split,
        model.threshold,
    )
    assert (found.encoder, found.calibrator) == (model.encoder, model.calibrator)
    assert found.to_bytes() == artefact


def test_a_crash_is_scored_alike_alone_in_a_batch_and_after_a_reload() -> None:
    model = small_model()
    again = load_model(model.to_bytes(), WORDS)
    crashes, _ = small_crashes(days_between(FIRST, date(2023, 3, 1)))
    crashes = crashes[:1000]
    together = model.score(crashes, len(crashes))
    alone = np.array([again.score([crash], 1)[0] for crash in crashes])
    assert np.abs(together - alone).max() < 1e-6
    assert together.min() >= 0
    assert together.max() <= 1


def test_a_model_has_seen_the_days_from_its_first_training_to_its_last_test_day() -> None:
    model = small_model()
    first, last = model.split.train.first, model.split.test.last
    assert model.has_seen(last, date(2030, 1, 1))
    assert model.has_seen(date(2000, 1, 1), first)
    assert not model.has_seen(date(2030, 1, 1), date(2030, 1, 2))


def test_a_file_that_is_not_the_one_recorded_is_refused() -> None:
    artefact = small_model().to_bytes()
    with pytest.raises(ArtefactError, match="was recorded"):
        load_model(artefact, WORDS, digest(artefact + b"x"))
    with pytest.raises(ArtefactError, match="not an XGBoost file"):
        load_model(b"no model at all", WORDS)
    with pytest.raises(ArtefactError, match="too large"):
        load_model(bytes(LARGEST + 1), WORDS)


def test_a_booster_from_elsewhere_is_refused() -> None:
    booster = small_model().booster.copy()
    booster.set_attr(**{DESCRIPTION: None})
    with pytest.raises(ArtefactError, match="does not describe itself"):
        load_model(bytes(booster.save_raw("ubj")), WORDS)


def test_a_file_of_another_format_is_refused() -> None:
    booster, described = from_bytes(small_model().to_bytes())
    with pytest.raises(ModelError, match="has format 2, this code reads format 1"):
        load_model(to_bytes(booster, described | {"format": 2}), WORDS)


def test_words_the_vocabulary_no_longer_has_are_refused() -> None:
    model = small_model()
    vocabulary = Vocabulary((*model.encoder.vocabulary.vehicle_types, "Zeppelin"), ())
    stranger = replace(model, encoder=replace(model.encoder, vocabulary=vocabulary))
    with pytest.raises(ModelError, match="knows the words Zeppelin"):
        load_model(stranger.to_bytes(), WORDS)


def test_columns_that_this_code_does_not_make_are_refused() -> None:
    booster, described = from_bytes(small_model().to_bytes())
    columns = ["minute", *described["columns"][1:]]
    with pytest.raises(ModelError, match="columns are not those"):
        load_model(to_bytes(booster, described | {"columns": columns}), WORDS)


def test_the_file_is_readable_by_xgboost_alone() -> None:
    import xgboost

    booster = xgboost.Booster(model_file=bytearray(small_model().to_bytes()))
    described = json.loads(booster.attr(DESCRIPTION) or "")
    assert described["feature_set"] == "first_report"
    assert booster.feature_names == described["columns"]
