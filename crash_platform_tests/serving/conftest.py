"""The API that most tests ask."""

import pytest

from crash_platform_tests.serving.asking import Api


@pytest.fixture
def api() -> Api:
    return Api()
