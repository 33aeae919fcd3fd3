"""How predictions are held against official records, whichever way they were asked for.

Which of several predictions about a crash counts is the business of who has them.
"""

from crash_platform.engine.plan import Step
from crash_platform.pipelines.reports.texts import sql


def judging(last_predictions: str) -> tuple[Step, ...]:
    """From predictions and ``labels`` to how right they were: the columns of both accuracy tables.

    Args:
        last_predictions: a SQL text that yields the predictions that count: ``crash_date``,
            ``channel``, ``feature_set``, ``model_version``, ``collision_id``, ``probability`` and
            ``is_predicted_injury``. ``labels`` (``collision_id``, ``is_injury_crash``) is an input.
    """
    return Step("last_predictions", last_predictions), Step("accuracy", sql("gold_accuracy"))
