"""Whole servers to attack: over an empty lake, and over one full of attacks."""

from collections.abc import Iterator

import pytest

from crash_platform_tests.serving.asking import OpenGuard
from crash_platform_tests.serving.attacks.attacker import Attacker
from crash_platform_tests.serving.attacks.poisoned import poison
from crash_platform_tests.serving.test_who_may import whole_server


@pytest.fixture(scope="package")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacker]:
    with whole_server(tmp_path_factory.mktemp("empty"), OpenGuard()) as app:
        yield Attacker(app)


@pytest.fixture(scope="package")
def poisoned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacker]:
    home = tmp_path_factory.mktemp("poisoned")
    poison(home)
    with whole_server(home, OpenGuard()) as app:
        yield Attacker(app)
