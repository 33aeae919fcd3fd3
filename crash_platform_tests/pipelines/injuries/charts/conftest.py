"""The made-up evaluation that the tests of this room share; it is never changed."""

import pytest

from crash_platform.pipelines.injuries.charts.evaluation import Evaluation
from crash_platform_tests.pipelines.injuries.evaluations import evaluation


@pytest.fixture(scope="session")
def made() -> Evaluation:
    return evaluation()
