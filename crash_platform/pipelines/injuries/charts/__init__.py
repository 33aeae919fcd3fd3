"""How good the injury model of a day is, as pictures and as one page: data in, figures out.

`evaluation.py` says what is drawn from, `drawing.py` in which order, `page.py` makes the page.
"""

from crash_platform.pipelines.injuries.charts.drawing import Chart, draw
from crash_platform.pipelines.injuries.charts.evaluation import (
    Contributions,
    Evaluation,
    EvaluationError,
)
from crash_platform.pipelines.injuries.charts.page import page

__all__ = ["Chart", "Contributions", "Evaluation", "EvaluationError", "draw", "page"]
