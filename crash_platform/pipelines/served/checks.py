"""What is promised about predictions that were asked for, and about how right they were."""

import dagster as dg

from crash_platform.orchestration.promises import Promise, promise_check, readable_by_bi
from crash_platform.pipelines.served import tables as t

_ANSWERS = (("served_predictions", t.SERVED_PREDICTIONS, 0),)
_ACCURACY = (("served_accuracy", t.SERVED_ACCURACY, 0),)


def promises() -> tuple[Promise, ...]:
    """Every promise of the pipeline that is kept or broken by rows."""
    return _probability(), _once(), _parts()


def checks() -> list[dg.AssetChecksDefinition]:
    """Every check of the pipeline."""
    return [
        *(promise_check(promise) for promise in promises()),
        *(readable_by_bi(table) for table in t.TABLES),
    ]


def _probability() -> Promise:
    return Promise(
        "every_answer_is_a_probability",
        t.SERVED_PREDICTIONS,
        "Probability and threshold lie between 0 and 1, and the answer follows from the two.",
        "SELECT request_id, place_in_request, probability, threshold, is_predicted_injury "
        "FROM served_predictions WHERE NOT (probability BETWEEN 0 AND 1 "
        "AND threshold BETWEEN 0 AND 1 AND is_predicted_injury = (probability >= threshold))",
        _ANSWERS,
    )


def _once() -> Promise:
    return Promise(
        "every_answer_is_there_once",
        t.SERVED_PREDICTIONS,
        "An answer of a request is in the lake once, whatever happened on its way there.",
        "SELECT request_id, place_in_request, count(*) AS times FROM served_predictions "
        "GROUP BY request_id, place_in_request HAVING count(*) > 1",
        _ANSWERS,
    )


def _parts() -> Promise:
    return Promise(
        "counts_are_parts_of_one_another",
        t.SERVED_ACCURACY,
        "Hits are flagged, what is flagged is labelled, and what is labelled was predicted.",
        "SELECT * FROM served_accuracy WHERE NOT (0 <= hit_count AND hit_count <= flagged_count "
        "AND hit_count <= injury_count AND flagged_count <= labelled_count "
        "AND injury_count <= labelled_count AND labelled_count <= prediction_count)",
        _ACCURACY,
    )
